"""Judge what people write and what the model answers, beside the event loop where that takes longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from medpipe.core.conversation import NOTHING_BEFORE, Conversation, Exchange
from medpipe.core.knowledge.claim_block import WITHHELD
from medpipe.core.safety.guardrails import Guardrails
from serving.block_follower import BlockFollower
from serving.limits import Limits

_Judged = TypeVar("_Judged")


class Withheld(NamedTuple):
    """Why a text is not served, as metrics name it, and the reply instead."""

    reason: str
    reply: str


class Screening:
    """The rules and the block of withdrawn claims, as the gateway applies them."""

    def __init__(self, guardrails: Guardrails, blocks: BlockFollower, limits: Limits) -> None:
        self._guardrails, self._blocks, self._limits = guardrails, blocks, limits
        self._pool = ThreadPoolExecutor(1, "screening")

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def of_person(self, user_messages: Sequence[str]) -> list[str]:
        """Return the newest of a person's messages that rules read, at most `Limits.screened_chars` in all.

        The oldest of them may be cut at its beginning. The last message is the question, which always fits.
        """
        newest: list[str] = []
        left = self._limits.screened_chars
        for message in reversed(user_messages):
            if left <= 0:
                break
            newest.append(message[-left:])
            left -= len(message)
        return newest[::-1]

    async def question(self, question: str, said: Sequence[str]) -> Withheld | None:
        """Return why a question must not reach the engine: a high risk, or a withdrawn claim that it asks for.

        `said`: what `of_person` returned. Raises Problem 503 while the register of withdrawals is not known, but not
        for a high risk: the reply to it needs no register.
        """
        if risk := await self.risk(said):
            return risk
        return Withheld("withdrawn-question", WITHHELD) if self._blocks.current().asks(question) else None

    async def risk(self, said: Sequence[str]) -> Withheld | None:
        """Return why a person's messages are of high risk, each alone or all together."""
        # As lines: they are read one by one and as one text, which holds what was split over several turns.
        text = "\n".join(said)
        screening = await self._judged(len(text), self._guardrails.screen, text)
        return Withheld(screening.reason, screening.reply) if screening.risk == "high" else None

    async def before(self, conversation: Conversation) -> Conversation:
        """Return what the model may see of a conversation.

        Anybody can write an earlier answer, or a message of the application. An earlier answer that would be withheld
        now is replaced by what would be served instead; instructions that would be refused or withheld are left out.
        Raises Problem 503 as `answer` does.
        """
        if not conversation:
            return conversation
        past = conversation.recent(self._limits.history_chars)
        size = len(past.instructions) + sum(len(said.asked) + len(said.answered) for said in past.exchanges)
        return await self._judged(size, self._vetted, past)

    async def answer(
        self, question: str, said: Sequence[str], generated: str, before: Conversation = NOTHING_BEFORE
    ) -> Withheld | None:
        """Return why a generated text must not be served. A withdrawal may have been opened since the question came.

        `before`: the conversation that the model saw.
        """
        size = len(generated) + sum(map(len, said)) + sum(len(past.answered) for past in before.exchanges)
        return await self._judged(size, self._why_not, question, said, generated, before)

    def _vetted(self, past: Conversation) -> Conversation:
        exchanges = tuple(
            Exchange(asked=said.asked, answered=withheld.reply if withheld else said.answered)
            for said, withheld in ((said, self._why_not(said.asked, (), said.answered)) for said in past.exchanges)
        )
        told = past.instructions
        barred = told and (self._guardrails.screen(told).risk == "high" or self._why_not("", (), told))
        return past.model_copy(update={"exchanges": exchanges, "instructions": "" if barred else told})

    def _why_not(
        self, question: str, said: Sequence[str], generated: str, before: Conversation = NOTHING_BEFORE
    ) -> Withheld | None:
        review = self._guardrails.review(generated)
        if not review.safe:
            return Withheld(review.reason, review.reply)
        told = (*said, *(past.answered for past in before.exchanges))
        if reason := self._blocks.current().reason(question, generated, " ".join(told)):
            return Withheld(reason, WITHHELD)
        # By line, so that a denial in one message does not reach a sign in the next one.
        label = self._guardrails.override("\n".join(said or (question,)), generated)
        return Withheld("red-flag", label) if label else None

    async def _judged(self, size: int, judge: Callable[..., _Judged], *texts: object) -> _Judged:
        """Return what `judge` says. One thread judges long texts, so that they take turns with short ones."""
        if size <= self._limits.inline_chars:
            return judge(*texts)
        return await asyncio.get_running_loop().run_in_executor(self._pool, judge, *texts)
