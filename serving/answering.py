"""From a question to the text that a client sees: screen, ask the engine, review, keep, hand out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from medpipe.core.prompt import answer_of, render
from medpipe.core.safety.guardrails import Guardrails
from medpipe.ports import AnswerLog, Route
from serving.answers import Signer
from serving.engine import AdapterMissing, Completion, EngineClient
from serving.limits import Limits
from serving.metrics import Metrics
from serving.problems import Problem
from serving.routing import Router

_SENTENCE_END = re.compile(r"[.!?][\"')\]]*\s+")
_NOBODY = Route("none", "none", 0)
"""Who answers a high-risk question before the first deployment: the guardrails need no model."""


class Answer(NamedTuple):
    """What was served. `finish` is `stop`, `length` or `content_filter`."""

    answer_id: str
    text: str
    route: Route
    refused: bool
    finish: str
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Piece(NamedTuple):
    """A part of a streamed answer; the last one carries the whole `answer`."""

    answer_id: str
    route: Route
    text: str
    answer: Answer | None = None


class Answering:
    """Answers questions for every API of the gateway."""

    def __init__(
        self,
        router: Router,
        engine: EngineClient,
        log: AnswerLog,
        guardrails: Guardrails,
        signer: Signer,
        metrics: Metrics,
        limits: Limits,
    ) -> None:
        self._guardrails = guardrails
        self._router, self._engine, self._log = router, engine, log
        self._signer, self._metrics, self._limits = signer, metrics, limits

    async def answer(self, question: str, said: Sequence[str], identity: str, max_tokens: int) -> Answer:
        """The whole answer, recorded. `said` is everything that the person said: all of it is screened."""
        if refusal := self._screen(said):
            return await self._keep(refusal, question, identity)
        completion, route = await self._complete(question, max_tokens)
        raw = answer_of(completion.text)
        text = self._guardrails.served(question, raw)
        if text != raw:
            self._metrics.refused.labels(self._guardrails.review(raw).reason or "screened").inc()
        answer = Answer(
            self._signer.new_id(),
            text,
            route,
            text != raw,
            completion.finish if text == raw else "content_filter",
            completion.prompt_tokens,
            completion.completion_tokens,
        )
        return await self._keep(answer, question, identity)

    async def stream(self, question: str, said: Sequence[str], identity: str, max_tokens: int) -> AsyncIterator[Piece]:
        """The answer sentence by sentence: each is reviewed, with all before it, before it leaves.

        Errors are raised before the first piece. What is kept is what was sent.
        """
        answer = self._screen(said)
        if answer is None:
            answer_id, route, sent, refused = self._signer.new_id(), _NOBODY, "", False
            try:
                async for found in self._sentences(question, max_tokens):
                    route, sentence, refused = found
                    sent += sentence
                    yield Piece(answer_id, route, sentence)
            except BaseException:  # the client left or the engine broke off: what was read is still accounted for
                if sent.strip():
                    left = Answer(answer_id, sent.strip(), route, refused, "length")
                    await asyncio.shield(self._keep(left, question, identity))
                raise
            answer = Answer(answer_id, sent.strip(), route, refused, "content_filter" if refused else "stop")
        else:
            yield Piece(answer.answer_id, answer.route, answer.text)
        answer = await self._keep(answer, question, identity)
        yield Piece(answer.answer_id, answer.route, "", answer)

    async def _sentences(self, question: str, max_tokens: int) -> AsyncIterator[tuple[Route, str, bool]]:
        """Reviewed sentences with the route that wrote them; the last one may be a refusal (True)."""
        route, released, waiting = _NOBODY, "", ""
        async for route, piece in self._pieces(question, max_tokens):
            waiting = waiting + piece if released else (waiting + piece).lstrip()
            end = max((found.end() for found in _SENTENCE_END.finditer(waiting)), default=0)
            if not end:
                continue
            if not self._guardrails.review(released + waiting[:end]).safe:
                break
            yield route, waiting[:end], False
            released, waiting = released + waiting[:end], waiting[end:]
        whole = (released + waiting).rstrip()
        review = self._guardrails.review(whole)
        if review.safe:
            yield route, whole[len(released) :], False
        else:
            self._metrics.refused.labels(review.reason).inc()
            withheld = self._guardrails.served(question, whole)
            yield route, f"\n{withheld}" if released else withheld, True

    def _screen(self, said: Sequence[str]) -> Answer | None:
        """The refusal, if anything that the person said is of high risk."""
        for text in (*said, " ".join(said)):
            screening = self._guardrails.screen(text)
            if screening.risk == "high":
                self._metrics.refused.labels(screening.reason).inc()
                return Answer(
                    self._signer.new_id(), screening.reply, self._router.current or _NOBODY, True, "content_filter"
                )
        return None

    async def _complete(self, question: str, max_tokens: int) -> tuple[Completion, Route]:
        """Ask the routed adapter; once more on a fresh route if the engine no longer knows it."""
        for last in (False, True):
            with self._router.hold() as route:
                try:
                    completion = await self._engine.complete(route.adapter_name, render(question), max_tokens)
                    self._router.warm = route.adapter_name
                    return completion, route
                except AdapterMissing:
                    pass
            await self._on_missing(route, last)
        raise AssertionError("unreachable: the second try returns or raises")

    async def _pieces(self, question: str, max_tokens: int) -> AsyncIterator[tuple[Route, str]]:
        for last in (False, True):
            with self._router.hold() as route:
                try:
                    async for piece in self._engine.stream(route.adapter_name, render(question), max_tokens):
                        yield route, piece
                    return
                except AdapterMissing:
                    pass
            await self._on_missing(route, last)

    async def _on_missing(self, route: Route, last: bool) -> None:
        """Go on when the route has moved; raise Problem 503 when it has not, or on the second try."""
        if last or await self._router.refresh() == route:
            raise self._router.lost()
        self._metrics.retries.inc()

    async def _keep(self, answer: Answer, question: str, identity: str) -> Answer:
        """Record an answer: one that cannot be accounted for is not given."""
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
            raise Problem(
                503,
                "store_unavailable",
                "the answer could not be recorded; try again",
                headers={"Retry-After": str(self._limits.retry_after_seconds)},
            ) from error
        return answer
