"""A claim: one thing that a document said and that was withdrawn since."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from medpipe.core.teaching.facts import Fact, fact_id, fact_key


class Claim(BaseModel):
    """What a withdrawn document taught, kept in full: it must be recognised after the document is gone.

    The fields are those of `core.teaching.facts.Fact`; `question_type` and `focus` give the question in every
    phrasing (`core.teaching.questions`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    document: str
    """Id of the withdrawn document."""
    revision: int
    """The revision that said it."""
    source: str
    question_type: str
    focus: str
    answer: str
    slot: str = ""
    language: str = "en"
    context: str = ""

    @classmethod
    def of(cls, fact: Fact) -> Claim:
        """Return the claim that a fact makes."""
        return cls(
            document=fact.document.id,
            revision=fact.document.revision,
            source=fact.document.source,
            question_type=fact.question_type,
            focus=fact.focus,
            answer=fact.answer,
            slot=fact.slot,
            language=fact.language,
            context=fact.context,
        )

    @property
    def key(self) -> tuple[str, ...]:
        """Equal to `Fact.key` of every fact that asks the same in the same language, of whatever document."""
        return fact_key(self.question_type, self.focus, self.language)

    @property
    def id(self) -> str:
        """Equal to `Fact.id` of the fact that made the claim. Ids of its samples begin with it."""
        return fact_id(self.document, self.key)
