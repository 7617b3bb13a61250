"""What feedback may say about an answer, and what follows from it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from medpipe.core.teaching.feedback import DOWN, MIDDLE, UP, Details
from serving.limits import LIMITS, Text

ALTERNATIVE = "alternative"
Category = Literal["wrong", "unsafe", "incomplete", "outdated", "unclear", "off-topic", "helpful", "other"]


class FeedbackRequest(BaseModel):
    """What a person says about an answer. At least one field beside `answer_id` is needed."""

    model_config = ConfigDict(extra="forbid")
    answer_id: str = Field(max_length=100, description="the answer_id of the rated answer, unchanged")
    rating: Literal["up", "down"] | None = Field(None, description="a thumb")
    stars: int | None = Field(None, ge=1, le=5, description="1 to 5; without a thumb, 4 and 5 are up, 1 and 2 down")
    correction: Text | None = Field(
        None, max_length=LIMITS.correction_chars, description="what should have been answered"
    )
    preferred: Text | None = Field(
        None,
        max_length=100,
        description="which of two is better: the id of another answer to the same question, `alternative`, or, "
        "where the answer is better than the alternative, answer_id",
    )
    alternative: Text | None = Field(
        None, max_length=LIMITS.correction_chars, description="the text that the answer was compared with"
    )
    category: Category | None = Field(None, description="why, in a word")
    reason: Text | None = Field(None, max_length=LIMITS.correction_chars, description="why, in your words")

    @model_validator(mode="after")
    def _says_something_without_contradiction(self) -> Self:
        said = self.model_dump(exclude={"answer_id"}, exclude_none=True)
        if not any(value.strip() if isinstance(value, str) else value for value in said.values()):
            raise ValueError("the feedback says nothing: give rating, stars, correction, preferred, category or reason")
        against = {UP: (1, 2), DOWN: (4, 5)}
        if self.rating and self.stars in against[self.rating]:
            raise ValueError(f"rating {self.rating} and {self.stars} stars contradict each other")
        with_text = self.preferred in (self.answer_id, ALTERNATIVE)
        if self.preferred is not None and with_text != bool((self.alternative or "").strip()):
            raise ValueError("preferred is an answer's id alone, or answer_id or `alternative` beside a text")
        if self.alternative is not None and self.preferred is None:
            raise ValueError("alternative: say which one is better (preferred)")
        if self.preferred not in (None, self.answer_id):
            if self.correction is not None:
                raise ValueError("give a correction or what you prefer, and not both")
            if self.rating == UP:
                raise ValueError("rating up, and something else preferred, contradict each other")
        elif self.preferred and self.rating == DOWN:
            raise ValueError("rating down, and the answer preferred, contradict each other")
        return self

    @property
    def names_another(self) -> bool:
        """Whether another answer is preferred."""
        return self.preferred not in (None, self.answer_id, ALTERNATIVE)

    @property
    def corrected(self) -> str | None:
        """The text that should have been answered, as far as the request has it."""
        text = self.alternative if self.preferred == ALTERNATIVE else self.correction
        return (text or "").strip() or None

    @property
    def judged(self) -> str:
        """`up`, `down` or `middle`: the thumb, else what the rest amounts to."""
        if self.rating:
            return self.rating
        if self.preferred:
            return UP if self.preferred == self.answer_id else DOWN
        if self.corrected:
            return DOWN
        return MIDDLE if self.stars in (None, 3) else UP if self.stars > 3 else DOWN

    @property
    def details(self) -> Details:
        """What is stored beside rating and correction."""
        return Details(
            stars=self.stars,
            category=self.category,
            reason=(self.reason or "").strip() or None,
            preferred=self.preferred if self.names_another else None,
            alternative=(self.alternative or "").strip() if self.preferred == self.answer_id else None,
        )
