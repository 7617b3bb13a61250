"""What comes before a question: earlier turns of a conversation, and what the calling application says."""

from __future__ import annotations

from collections.abc import Iterator
from operator import not_

from pydantic import BaseModel, ConfigDict, Field


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Exchange(_Value):
    """What a person asked earlier, and what was answered."""

    asked: str
    answered: str


class Conversation(_Value):
    """All that a prompt may have beside a question and its passage. It is empty for a single question."""

    instructions: str = Field("", exclude_if=not_)
    """What the application that asks tells the model: the text of its system messages."""
    exchanges: tuple[Exchange, ...] = Field((), exclude_if=not_)
    """Earlier turns, the oldest first."""
    unanswered: str = Field("", exclude_if=not_)
    """What the person wrote right before the question, without an answer in between."""

    def __bool__(self) -> bool:
        return bool(self.instructions or self.exchanges or self.unanswered)

    def shortened(self) -> Iterator[Conversation]:
        """Yield the conversation, then ever shorter ones, to the empty one. Parts are left out whole.

        First go the exchanges, the oldest first; then what is unanswered; then the instructions.
        """
        for first in range(len(self.exchanges)):
            yield self.model_copy(update={"exchanges": self.exchanges[first:]})
        if self.unanswered:
            yield self.model_copy(update={"exchanges": ()})
        if self.instructions:
            yield Conversation(instructions=self.instructions)
        yield NOTHING_BEFORE

    def last(self, turns: int) -> Conversation:
        """Return the conversation with the last exchanges alone, which have at most so many turns."""
        kept = self.exchanges[max(0, len(self.exchanges) - turns // 2) :]
        return self.model_copy(update={"exchanges": kept})

    def recent(self, chars: int) -> Conversation:
        """Return the longest of the shorter conversations that has at most so many characters."""
        return next((short for short in self.shortened() if short._chars <= chars), NOTHING_BEFORE)

    @property
    def _chars(self) -> int:
        turns = sum(len(past.asked) + len(past.answered) for past in self.exchanges)
        return turns + len(self.instructions) + len(self.unanswered)


NOTHING_BEFORE = Conversation()
"""A single question."""
