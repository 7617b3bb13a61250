"""Four readers of texts: for identifiers of people, near-duplicates, languages and meanings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from medpipe.core.safety.redaction import Redaction


class Redactor(Protocol):
    """Removes protected health information from texts. docs/data-quality.md measures what it misses."""

    def redact(self, texts: Sequence[str], language: str) -> list[Redaction]:
        """Return one redaction per text, in order.

        `language`: an ISO 639-1 code; any code but en, es and fr is treated as en. A second redaction changes nothing.
        Nothing is logged, and nothing is looked up on a network.
        """


class NearDuplicates(Protocol):
    """Groups texts that are almost the same."""

    def clusters(self, texts: Iterable[str], threshold: float) -> list[int]:
        """Return for each text the index of the first text of its cluster. A text without a twin is its own cluster.

        Two texts are twins when the Jaccard similarity of their sets of three-word shingles, without case and
        punctuation, is at least `threshold`, in (0, 1]. A twin of a twin is in the same cluster. Hashing finds the
        twins: a few pairs just at the threshold are missed, and no pair below it is ever joined. The same texts
        give the same clusters on every machine and in every order. The texts are read once, one after the other.
        """


class Languages(Protocol):
    """Identifies the language of a text."""

    def guess(self, text: str) -> tuple[str, float]:
        """Return an ISO 639-1 code and a confidence from 0 to 1; `("", 0.0)` for a text without letters.

        Short texts have a low confidence.
        """


class Embedder(Protocol):
    """Puts texts of any language into one space, near to others of the same meaning."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row of length 1 for each text, so that the product of two rows is their cosine.

        Raises ConfigError when no model is installed.
        """
