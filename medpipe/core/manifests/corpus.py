"""The manifest of a corpus."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from medpipe.core.corpus.watermark import Watermark
from medpipe.core.manifests.base import Inputs, Manifest, Outcome


class CorpusInputs(Inputs):
    """Sorted deliveries that were folded into `previous`, and the reviews that released rows of them."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"released", "vanished_days"})
    pulls: tuple[str, ...]
    previous: str | None
    history: str = ""
    """Digest of what the deliveries and the previous corpus hold."""
    released: tuple[str, ...] = ()
    vanished_days: dict[str, int] = {}
    """Source → days after which what its whole deliveries no longer have is on hold, for sources of the pulls."""


class CorpusOutcome(Outcome):
    """The outcome of `build_corpus`."""

    table_version: int
    """The version of the corpus table that held the documents when the corpus was built."""
    content: str = ""
    """Digest of the documents (`core.corpus.contents`): a version of the table with another one is another corpus."""
    incoming: int
    """Rows of the pulls that were folded in."""
    documents: dict[str, int]
    """Status → number of documents."""
    cut_off: date | None
    """The latest publication date of a current document; None without current documents."""
    watermarks: dict[str, Watermark] = {}
    """Source → what was taken of it up to this corpus."""


class CorpusManifest(Manifest):
    """The current revision of every document, made by `build_corpus`."""

    kind: ClassVar[str] = "corpus"
    inputs: CorpusInputs
    outcome: CorpusOutcome
