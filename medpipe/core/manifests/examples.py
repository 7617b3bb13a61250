"""The manifest of examples."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Snapshot
from medpipe.core.teaching.card_values import Card


class ExamplesInputs(Inputs):
    """`since`: the incumbent's adapter. `knows`: the adapter that the training starts from. None: the base."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"claims", "answered", "official_tests", "knowledge"})
    corpus: str
    recipe: Snapshot
    since: str | None
    knows: str | None
    withdraw: tuple[str, ...]
    """Sorted ids of the documents whose withdrawal was in force."""
    benchmarks: tuple[Snapshot, ...]
    """Benchmarks that the examples were decontaminated against; empty without decontamination."""
    claims: str = ""
    """Digest of what the withdrawn documents had claimed; "" for nothing."""
    answered: tuple[str, ...] = ()
    """Those that the start of the training was taught as withdrawn, and never as true."""
    official_tests: str = ""
    """Digest of the items of official tests that were kept out; "" for none."""
    safety: str = ""
    """Digest of the refusals that the recipe may teach."""
    knowledge: str = ""
    """The knowledge by which the share of unknown facts was kept; "" for a recipe without such a share."""


class ExamplesOutcome(Outcome):
    """How many examples and samples there are, and the dataset card."""

    corpus: str
    train: int
    """Rows of train.jsonl."""
    new_knowledge: int = 0
    """Samples of this benchmark; the other benchmarks likewise."""
    old_knowledge: int = 0
    withdrawn: int = 0
    after_cut_off: int = 0
    unseen: int = 0
    omission: int = 0
    """Samples that documents of the corpus give; the benchmark has questions of its own beside them."""
    drops: dict[str, int] = {}
    """Reason → number of facts or examples that were left out."""
    card: Card | None = None
    """None only for examples that no recipe made, such as those that `make bench` writes."""


class ExamplesManifest(Manifest):
    """Examples to teach and samples to ask, made by `build_examples`."""

    kind: ClassVar[str] = "examples"
    inputs: ExamplesInputs
    outcome: ExamplesOutcome
