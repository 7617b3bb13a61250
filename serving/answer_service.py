"""Answer a question: screen it, ask the engine, review the answer, record it and return it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from medpipe.core.contract import ServingContract
from medpipe.core.knowledge.claim_block import WITHHELD
from medpipe.core.safety.guardrails import Guardrails
from medpipe.ports import AnswerLog, Route
from serving.answer_ids import Signer
from serving.block_follower import BlockFollower
from serving.limits import Limits
from serving.metrics import Metrics
from serving.problems import TryLater
from serving.route_follower import RouteFollower
from serving.routed_engine import Asked, RoutedEngine

_SENTENCE_END = re.compile(r"(?<!^\d)(?<!^\d\d)(?<!\n\d)(?<!\n\d\d)[.!?][\"')\]]*(?:[^\S\n]+|(?=\n))")
"""Not the number of a list's item, nor a line's end: what is sent must be whole enough to be judged."""
_NO_ROUTE = Route(
    "none",
    "none",
    0,
    ServingContract(base="none", base_digest="", precision="none", max_new_tokens=1, guardrails=""),
)
"""The route of a refusal before the first deployment: the guardrails need no model."""


class ServedAnswer(NamedTuple):
    """An answer of the model, or what replaced it."""

    answer_id: str
    text: str
    """What is recorded: the disclaimer below it is the version's, which is recorded beside it."""
    route: Route
    refused: bool
    """Whether the guardrails, or the block of withdrawn claims, replaced the model's text."""
    finish: str
    """`stop`, `length` or `content_filter`, as in OpenAI's API."""
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def shown(self) -> str:
        """The text as a client reads it: with the version's disclaimer, where the model wrote it."""
        return self.text if self.refused else self.route.contract.shown(self.text)


class AnswerPiece(NamedTuple):
    """A part of a streamed answer. The last piece has no text and carries the whole `answer`."""

    answer_id: str
    route: Route
    text: str
    answer: ServedAnswer | None = None


class ReviewedSentence(NamedTuple):
    """Text that passed the review with all text before it, or, where `refused`, the text that replaces it."""

    route: Route
    text: str
    refused: bool = False


class _Withheld(NamedTuple):
    """Why a text is not served, as metrics name it, and the reply instead."""

    reason: str
    reply: str


class AnswerService:
    """Answers questions for every API of the gateway."""

    def __init__(
        self,
        follower: RouteFollower,
        blocks: BlockFollower,
        engine: RoutedEngine,
        log: AnswerLog,
        guardrails: Guardrails,
        signer: Signer,
        metrics: Metrics,
        limits: Limits,
    ) -> None:
        self._follower, self._engine, self._log, self._guardrails = follower, engine, log, guardrails
        self._blocks = blocks
        self._signer, self._metrics, self._limits = signer, metrics, limits

    async def answer(self, asked: Asked, user_messages: Sequence[str], identity: str) -> ServedAnswer:
        """Return the whole answer, recorded.

        `user_messages`: everything that the person wrote, the question included; all of it is screened.
        `identity`: the caller's pseudonym. Raises Problem when there is no answer.
        """
        if refusal := self._screen(asked.question, user_messages):
            return await self._record(refusal, asked.question, identity)
        completion, route = await self._engine.complete(asked)
        generated = route.contract.answer_of(completion.text)
        replacement = self._replacement(asked.question, user_messages, generated)
        text, refused = replacement or generated, bool(replacement)
        answer = ServedAnswer(
            self._signer.new_id(),
            text,
            route,
            refused,
            "content_filter" if refused else completion.finish,
            completion.prompt_tokens,
            completion.completion_tokens,
        )
        return await self._record(answer, asked.question, identity)

    async def stream(self, asked: Asked, user_messages: Sequence[str], identity: str) -> AsyncIterator[AnswerPiece]:
        """Yield the answer sentence by sentence. Each is reviewed, with all text before it, before it is sent.

        Arguments as in `answer`. Errors are raised before the first piece. The recorded text is the text that was sent.
        """
        answer = self._screen(asked.question, user_messages)
        if answer:
            yield AnswerPiece(answer.answer_id, answer.route, answer.text)
        else:
            answer_id, sent, last = self._signer.new_id(), "", ReviewedSentence(_NO_ROUTE, "")
            try:
                async for last in self._sentences(asked, user_messages):
                    sent += last.text
                    yield AnswerPiece(answer_id, last.route, last.text)
                if sent.strip() and not last.refused and (closing := last.route.contract.closing):
                    yield AnswerPiece(answer_id, last.route, closing)
            except BaseException:  # the client left or the engine broke off: the sent part was read, so it is recorded
                if sent.strip():
                    part = ServedAnswer(answer_id, sent.strip(), last.route, last.refused, "length")
                    await asyncio.shield(self._record(part, asked.question, identity))
                raise
            finish = "content_filter" if last.refused else "stop"
            answer = ServedAnswer(answer_id, sent.strip(), last.route, last.refused, finish)
        await self._record(answer, asked.question, identity)
        yield AnswerPiece(answer.answer_id, answer.route, "", answer)

    async def _sentences(self, asked: Asked, user_messages: Sequence[str]) -> AsyncIterator[ReviewedSentence]:
        """Yield reviewed sentences. The last one may be a refusal; nothing follows it."""
        route, released, pending = _NO_ROUTE, "", ""
        async for route, piece in self._engine.stream(asked):
            pending = pending + piece if released else (pending + piece).lstrip()
            end = max((match.end() for match in _SENTENCE_END.finditer(pending)), default=0)
            if not end:
                continue
            if self._withheld(asked.question, user_messages, released + pending[:end]):
                pending = pending[:end]  # with the words after it, "Delayed. And" would be a label no longer
                break
            yield ReviewedSentence(route, pending[:end])
            released, pending = released + pending[:end], pending[end:]
        whole = (released + pending).rstrip()
        replacement = self._replacement(asked.question, user_messages, whole)
        if replacement:
            yield ReviewedSentence(route, f"\n{replacement}" if released else replacement, refused=True)
        else:
            yield ReviewedSentence(route, whole[len(released) :])

    def _screen(self, question: str, user_messages: Sequence[str]) -> ServedAnswer | None:
        """Return the refusal of a message of high risk, or of a question that asks for a withdrawn claim.

        Raises Problem 503 while the register of withdrawals is not known.
        """
        for text in (*user_messages, " ".join(user_messages)):
            screening = self._guardrails.screen(text)
            if screening.risk == "high":
                return self._refusal(_Withheld(screening.reason, screening.reply))
        if self._blocks.current().asks(question):
            return self._refusal(_Withheld("withdrawn-question", WITHHELD))
        return None

    def _refusal(self, withheld: _Withheld) -> ServedAnswer:
        self._metrics.refused.labels(withheld.reason).inc()
        route = self._follower.current or _NO_ROUTE
        return ServedAnswer(self._signer.new_id(), withheld.reply, route, True, "content_filter")

    def _replacement(self, question: str, user_messages: Sequence[str], generated: str) -> str:
        """Return the reply to serve instead of a generated text, and count it; empty when the text may be served."""
        withheld = self._withheld(question, user_messages, generated)
        if withheld is None:
            return ""
        self._metrics.refused.labels(withheld.reason).inc()
        return withheld.reply

    def _withheld(self, question: str, user_messages: Sequence[str], generated: str) -> _Withheld | None:
        """Return why a generated text must not be served. A withdrawal may have been opened since the question came."""
        review = self._guardrails.review(generated)
        if not review.safe:
            return _Withheld(review.reason, review.reply)
        reason = self._blocks.current().reason(question, generated, " ".join(user_messages))
        if reason:
            return _Withheld(reason, WITHHELD)
        # By line, so that a denial in one message does not reach a sign in the next one.
        label = self._guardrails.override("\n".join((question, *user_messages)), generated)
        return _Withheld("red-flag", label) if label else None

    async def _record(self, answer: ServedAnswer, question: str, identity: str) -> ServedAnswer:
        """Record an answer and return it. Raises Problem 503: an answer without a record is not given."""
        try:
            await asyncio.to_thread(
                self._log.record,
                answer.answer_id,
                identity,
                question,
                answer.text,
                answer.route.version,
                answer.route.adapter_name,
                answer.refused,
            )
        except Exception as error:
            message = "the answer could not be recorded; try again"
            raise TryLater("store_unavailable", message, self._limits.retry_after_seconds) from error
        return answer
