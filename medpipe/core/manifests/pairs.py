"""The manifest of preference pairs."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Snapshot


class PairsFromFeedback(Inputs):
    """The inputs of `build_pairs`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"released", "claims", "erased", "reviewed"})
    feedback: str
    corpus: str
    """Corrections that contradict one of its documents wait for a person."""
    sets: str | None
    """The pairs whose pairs from published sets were kept."""
    policy: Snapshot
    """policies/feedback.yaml."""
    guardrails: str
    """Digest of the guardrail policy: refused questions and unsafe corrections never teach."""
    claims: str = ""
    """Digest of the withdrawn claims in force: they never teach."""
    erased: str = ""
    """Digest of what was erased."""
    reviewed: str = ""
    """Digest of people's decisions about corrections."""
    released: tuple[str, ...] = ()
    """Reviews that released quarantined feedback."""


class PairsFromCorpus(Inputs):
    """The inputs of `build_preferences`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"claims", "erased"})
    corpus: str
    previous: str | None
    max_answer_chars: int
    heldout: float
    """Share of the questions that are only asked, 0..1."""
    guardrails: str
    """Digest of the guardrail policy: refused questions and unsafe answers never teach."""
    claims: str = ""
    """Digest of the withdrawn claims in force: they never teach."""
    erased: str = ""
    """Digest of what was erased."""


class PairsFromRatings(Inputs):
    """The inputs of `build_rated_pairs`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"claims", "reviewed", "erased"})
    ratings: tuple[str, ...]
    corpus: str
    """What contradicts one of its documents is left out."""
    previous: str | None
    raters: tuple[str, ...]
    """Sorted identities that may rate: the ratings of others do not count any more."""
    policy: Snapshot
    """policies/feedback.yaml."""
    guardrails: str
    """Digest of the guardrail policy: refused questions and unsafe texts never teach."""
    judging: tuple[str, ...]
    """Benchmarks that gates ask: their questions never teach."""
    claims: str = ""
    """Digest of the withdrawn claims in force: they never teach."""
    reviewed: tuple[str, ...] = ()
    """Corrections that people let through or keep out."""
    erased: str = ""
    """Digest of what was erased."""


class PairsOutcome(Outcome):
    """The outcome of pairs."""

    train: int
    heldout: int
    waiting: int = 0
    """Corrections that contradict a document and wait for a person (`medpipe contradictions`)."""
    drops: dict[str, int] = {}
    """Reason → number of pairs that were left out."""
    identifiers: dict[str, int] = {}
    """Type of identifier → how many were taken out of the texts."""


class PairsManifest(Manifest):
    """Preference pairs for DPO, made by `build_pairs`, `build_preferences` or `build_rated_pairs`."""

    kind: ClassVar[str] = "pairs"
    inputs: PairsFromFeedback | PairsFromCorpus | PairsFromRatings
    outcome: PairsOutcome
