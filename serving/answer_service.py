"""Answer a question: screen it, ask the engine, review the answer, record it and return it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from medpipe.core.contract import ServingContract
from medpipe.core.prompt import answer_of
from medpipe.core.safety.guardrails import Guardrails
from medpipe.ports import AnswerLog, Route
from serving.answer_ids import Signer
from serving.limits import Limits
from serving.metrics import Metrics
from serving.problems import TryLater
from serving.route_follower import RouteFollower
from serving.routed_engine import Asked, RoutedEngine

_SENTENCE_END = re.compile(r"[.!?][\"')\]]*\s+")
_NO_ROUTE = Route(
    "none",
    "none",
    0,
    ServingContract(base="none", base_digest="", precision="none", max_new_tokens=1, guardrails=""),
)
"""The route of a refusal before the first deployment: the guardrails need no model."""


class ServedAnswer(NamedTuple):
    """An answer as a client got it."""

    answer_id: str
    text: str
    route: Route
    refused: bool
    """Whether the guardrails replaced the model's text."""
    finish: str
    """`stop`, `length` or `content_filter`, as in OpenAI's API."""
    prompt_tokens: int = 0
    completion_tokens: int = 0


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


class AnswerService:
    """Answers questions for every API of the gateway."""

    def __init__(
        self,
        follower: RouteFollower,
        engine: RoutedEngine,
        log: AnswerLog,
        guardrails: Guardrails,
        signer: Signer,
        metrics: Metrics,
        limits: Limits,
    ) -> None:
        self._follower, self._engine, self._log, self._guardrails = follower, engine, log, guardrails
        self._signer, self._metrics, self._limits = signer, metrics, limits

    async def answer(self, asked: Asked, user_messages: Sequence[str], identity: str) -> ServedAnswer:
        """Return the whole answer, recorded.

        `user_messages`: everything that the person wrote, the question included; all of it is screened.
        `identity`: the caller's pseudonym. Raises Problem when there is no answer.
        """
        if refusal := self._screen(user_messages):
            return await self._record(refusal, asked.question, identity)
        completion, route = await self._engine.complete(asked)
        generated = answer_of(completion.text)
        text = self._guardrails.served(asked.question, generated)
        refused = text != generated
        if refused:
            self._metrics.refused.labels(self._guardrails.review(generated).reason or "screened").inc()
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
        answer = self._screen(user_messages)
        if answer:
            yield AnswerPiece(answer.answer_id, answer.route, answer.text)
        else:
            answer_id, sent, last = self._signer.new_id(), "", ReviewedSentence(_NO_ROUTE, "")
            try:
                async for last in self._sentences(asked):
                    sent += last.text
                    yield AnswerPiece(answer_id, last.route, last.text)
            except BaseException:  # the client left or the engine broke off: the sent part was read, so it is recorded
                if sent.strip():
                    part = ServedAnswer(answer_id, sent.strip(), last.route, last.refused, "length")
                    await asyncio.shield(self._record(part, asked.question, identity))
                raise
            finish = "content_filter" if last.refused else "stop"
            answer = ServedAnswer(answer_id, sent.strip(), last.route, last.refused, finish)
        await self._record(answer, asked.question, identity)
        yield AnswerPiece(answer.answer_id, answer.route, "", answer)

    async def _sentences(self, asked: Asked) -> AsyncIterator[ReviewedSentence]:
        """Yield reviewed sentences. The last one may be a refusal; nothing follows it."""
        route, released, pending = _NO_ROUTE, "", ""
        async for route, piece in self._engine.stream(asked):
            pending = pending + piece if released else (pending + piece).lstrip()
            end = max((match.end() for match in _SENTENCE_END.finditer(pending)), default=0)
            if not end:
                continue
            if not self._guardrails.review(released + pending[:end]).safe:
                break
            yield ReviewedSentence(route, pending[:end])
            released, pending = released + pending[:end], pending[end:]
        whole = (released + pending).rstrip()
        review = self._guardrails.review(whole)
        if review.safe:
            yield ReviewedSentence(route, whole[len(released) :])
        else:
            self._metrics.refused.labels(review.reason).inc()
            replacement = self._guardrails.served(asked.question, whole)
            yield ReviewedSentence(route, f"\n{replacement}" if released else replacement, refused=True)

    def _screen(self, user_messages: Sequence[str]) -> ServedAnswer | None:
        """Return the refusal when any message, or all of them together, is of high risk."""
        for text in (*user_messages, " ".join(user_messages)):
            screening = self._guardrails.screen(text)
            if screening.risk == "high":
                self._metrics.refused.labels(screening.reason).inc()
                route = self._follower.current or _NO_ROUTE
                return ServedAnswer(self._signer.new_id(), screening.reply, route, True, "content_filter")
        return None

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
