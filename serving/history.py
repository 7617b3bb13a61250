"""What a client sends beside its question, and what the header `Medpipe-History` says about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from medpipe.core.conversation import Conversation, Exchange
from serving.chat_request import Message

HISTORY = "Medpipe-History"
"""Says what the model saw of the conversation before the question."""


class Sent(NamedTuple):
    """What a client sent beside the question."""

    before: Conversation
    strays: int
    """Turns that no conversation has a place for: a greeting before anything was asked, a turn after the question."""

    @property
    def turns(self) -> int:
        """The number of turns. Several in a row of one speaker count as one."""
        return _turns(self.before) + self.strays

    def header(self, used: Conversation) -> dict[str, str]:
        """Return the header that says what the model saw of the conversation; none for a single question.

        `used`: what it saw. A turn is `replaced` where the service would not say it any more.
        """
        if not self.turns and not self.before.instructions:
            return {}
        latest = zip(reversed(self.before.exchanges), reversed(used.exchanges), strict=False)
        counts = {
            "used": _turns(used),
            "left-out": self.turns - _turns(used),
            "replaced": sum(sent != seen for sent, seen in latest),
        }
        said = [f"{name}={count}" for name, count in counts.items()]
        if self.before.instructions:
            said.append(f"instructions={'used' if used.instructions else 'left-out'}")
        return {HISTORY: ", ".join(said)}


def _turns(before: Conversation) -> int:
    return 2 * len(before.exchanges) + bool(before.unanswered)


def sent(messages: Sequence[Message]) -> Sent:
    """Return what comes before the last user message. Messages without text are passed over."""
    instructions = [message.lines() for message in messages if message.role in ("system", "developer")]
    turns = [message for message in messages if message.role in ("user", "assistant") and message.text()]
    last = max((number for number, turn in enumerate(turns) if turn.role == "user"), default=0)
    strays, exchanges, asked, answered = len(turns[last + 1 :]), list[Exchange](), list[str](), list[str]()
    for turn in turns[:last]:
        if turn.role == "user":
            if answered:
                exchanges.append(Exchange(asked=" ".join(asked), answered="\n".join(answered)))
                asked, answered = [], []
            asked.append(turn.text())
        elif asked:
            answered.append(turn.lines())
        else:
            strays += 1
    if answered:
        exchanges.append(Exchange(asked=" ".join(asked), answered="\n".join(answered)))
        asked = []
    told = "\n\n".join(text for text in instructions if text)
    return Sent(Conversation(instructions=told, exchanges=tuple(exchanges), unanswered=" ".join(asked)), strays)
