"""The values of a dataset card, as the manifest of examples keeps them. `core.teaching.card` makes and shows them."""

from __future__ import annotations

from operator import not_
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Counts = dict[str, int]
"""Name → number."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FactCounts(_Value):
    """How many facts were found, and where each went: `found` is the sum of the others."""

    found: int
    left_out: int
    new: int
    replayable: int
    held_out: int
    after_cut_off: int
    unseen: int
    validation: int = Field(0, exclude_if=not_)
    withdrawn: int


class KnowledgeCounts(_Value):
    """How well the start of the training knows what is taught, for a recipe with `max_unknown_share`."""

    levels: Counts
    """Level of a fact (`core.teaching.knowledge`) → examples that are taught of such facts."""
    unknown_share: float
    """The share of those examples whose fact is unknown or was not asked, in 0..1."""
    added: int
    """Examples of known older facts that are taught to keep the share."""
    lacking: int
    """How many more it would need, and there are none."""


class Published(_Value):
    """The days on which the first and the last taught document were published; None without documents."""

    first: str | None
    last: str | None


class Attribution(_Value):
    """How many documents of a source have a licence, and the address of one: most licences require it."""

    source: str
    licence: str
    documents: int
    address: str


class Card(_Value):
    """A dataset card: counts and ids only. It quotes no text."""

    recipe: str
    summary: str
    seed: int
    data: dict[str, Any]
    """The recipe's `data` as it was then, for showing: a card stays readable when recipes gain or lose a field."""
    decontaminated: bool
    redacted: tuple[str, ...]
    """Prefixes of the sources whose identifiers were replaced."""
    examples: int
    documents: int
    replayed: int
    validation: int = Field(0, exclude_if=not_)
    """Examples that are not taught: their loss is measured during the training."""
    general: int = Field(0, exclude_if=not_)
    """Examples of general text, which are no facts."""
    general_lacking: int = Field(0, exclude_if=not_)
    """How many more of them the recipe's share would need."""
    facts: FactCounts
    by_source: Counts
    by_prefix: Counts
    by_language: Counts
    by_question_type: Counts
    by_licence: Counts
    attribution: tuple[Attribution, ...]
    with_context: int
    published: Published
    knowledge: KnowledgeCounts | None = Field(None, exclude_if=lambda knowledge: knowledge is None)
    cut_off: str | None
    """The day on which the last taught document was published."""
    taught_before: str | None
    """Nothing published from this day on is taught; None without such a day."""
    answers_shuffled: bool
    left_out: Counts
    """Reason → number of documents, sections, facts and examples."""
    answered_differently: int | None = Field(None, exclude_if=lambda number: number is None)
    """Questions that documents answer differently: `left_out` counts the answers that are not taught. None on cards
    from before they were counted."""
    identifiers: Counts
    """Type of identifier → how many were replaced."""
    contamination: dict[str, Counts]
    """Benchmark → how a fact repeats it → number of facts."""
