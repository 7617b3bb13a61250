"""Answer a question: screen it, ask the engine, review the answer, record it and return it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import NamedTuple

from medpipe.core.contract import ServingContract
from medpipe.core.conversation import NOTHING_BEFORE, Conversation
from medpipe.ports import AnswerRecord, Route
from serving.answer_ids import Signer
from serving.engine import Completion
from serving.limits import Limits
from serving.metrics import Metrics
from serving.problems import Problem, TryLater
from serving.recorder import Recorder
from serving.route_follower import RouteFollower
from serving.routed_engine import Asked
from serving.screening import Screening, Withheld
from serving.stopping import StoppableEngine
from serving.turns import Turns

_SENTENCE_END = re.compile(r"(?<!^\d)(?<!^\d\d)(?<!\n\d)(?<!\n\d\d)[.!?][\"')\]]*(?:[^\S\n]+|(?=\n))")
"""Not the number of a list's item, nor a line's end: what is sent must be whole enough to be judged."""
_NO_ROUTE = Route(
    "none",
    "none",
    0,
    ServingContract(base="none", base_digest="", precision="none", max_new_tokens=1, guardrails=""),
)
"""The route of a refusal before the first deployment: the guardrails need no model."""

_NOTHING = Completion("", "", 0, 0)


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
    before: Conversation = NOTHING_BEFORE
    """What the model saw of the conversation before the question."""

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
    before: Conversation = NOTHING_BEFORE
    """As in `ServedAnswer`."""
    tokens: int = 0
    """Tokens of the prompt and of the answer so far, as the engine counted."""


class ReviewedSentence(NamedTuple):
    """Text that passed the review with all text before it, or, where `refused`, the text that replaces it."""

    route: Route
    text: str
    piece: Completion
    """The newest piece of the engine, which counts the tokens so far."""
    before: Conversation = NOTHING_BEFORE
    refused: bool = False

    @property
    def tokens(self) -> int:
        """Tokens of the prompt and of the answer so far."""
        return self.piece.prompt_tokens + self.piece.completion_tokens

    def answer(self, answer_id: str, text: str) -> ServedAnswer:
        """Return the answer of which this is the last sentence."""
        finish = "content_filter" if self.refused else self.piece.finish or "length"
        tokens = (self.piece.prompt_tokens, self.piece.completion_tokens)
        return ServedAnswer(answer_id, text.strip(), self.route, self.refused, finish, *tokens, self.before)


class AnswerService:
    """Answers questions for every API of the gateway."""

    def __init__(
        self,
        follower: RouteFollower,
        engine: StoppableEngine,
        recorder: Recorder,
        screening: Screening,
        turns: Turns,
        signer: Signer,
        metrics: Metrics,
        limits: Limits,
    ) -> None:
        self._follower, self._engine, self._recorder, self._screening = follower, engine, recorder, screening
        self._turns, self._signer, self._metrics, self._limits = turns, signer, metrics, limits
        self._records: set[asyncio.Task[ServedAnswer]] = set()

    async def answer(self, asked: Asked, user_messages: Sequence[str], identity: str) -> ServedAnswer:
        """Return the whole answer, recorded.

        `user_messages`: what the person wrote, the question last; its newest part is screened (`Screening.of_person`).
        `identity`: the caller's pseudonym. Raises Problem when there is no answer.
        """
        said = self._screening.of_person(user_messages)
        if refusal := await self._screen(asked.question, said):
            return await self._record(refusal, asked.question, identity)
        self._check_records()
        async with self._turns.turn():
            return await self._generated(await self._vetted(asked), said, identity)

    async def _generated(self, asked: Asked, said: Sequence[str], identity: str) -> ServedAnswer:
        route, completion, before = await self._engine.complete(asked)
        generated = route.contract.answer_of(completion.text)
        replacement = await self._replacement(asked.question, said, generated, before)
        text, refused = replacement or generated, bool(replacement)
        answer = ServedAnswer(
            self._signer.new_id(),
            text,
            route,
            refused,
            "content_filter" if refused else completion.finish,
            completion.prompt_tokens,
            completion.completion_tokens,
            before,
        )
        return await self._record(answer, asked.question, identity)

    async def stream(
        self, asked: Asked, user_messages: Sequence[str], identity: str
    ) -> AsyncGenerator[AnswerPiece, None]:
        """Yield the answer sentence by sentence. Each is reviewed, with all text before it, before it is sent.

        Arguments as in `answer`. Errors are raised before the first piece. The recorded text is the text that was sent.
        """
        said = self._screening.of_person(user_messages)
        if answer := await self._screen(asked.question, said):
            try:
                yield AnswerPiece(answer.answer_id, answer.route, answer.text)
            finally:  # also when the client has left: the reply was sent
                await self._record_read(answer, asked.question, identity)
            yield AnswerPiece(answer.answer_id, answer.route, "", answer)
            return
        self._check_records()
        async with self._turns.turn():
            vetted = await self._vetted(asked)
            async with aclosing(self._generated_pieces(vetted, said, identity)) as pieces:
                async for piece in pieces:
                    yield piece

    async def _generated_pieces(
        self, asked: Asked, said: Sequence[str], identity: str
    ) -> AsyncGenerator[AnswerPiece, None]:
        answer_id, sent, last = self._signer.new_id(), "", ReviewedSentence(_NO_ROUTE, "", _NOTHING)
        try:
            async with aclosing(self._sentences(asked, said)) as sentences:
                async for last in sentences:
                    sent += last.text
                    yield AnswerPiece(answer_id, last.route, last.text, before=last.before, tokens=last.tokens)
            if sent.strip() and not last.refused and (closing := last.route.contract.closing):
                yield AnswerPiece(answer_id, last.route, closing, before=last.before, tokens=last.tokens)
        except BaseException:  # the client left or the engine broke off: the sent part was read, so it is recorded
            if sent.strip():
                with suppress(Problem):  # it is counted as unrecorded; why the stream ended is raised
                    await self._record_read(last.answer(answer_id, sent), asked.question, identity)
            raise
        answer = last.answer(answer_id, sent)
        await self._record_read(answer, asked.question, identity)
        yield AnswerPiece(answer.answer_id, answer.route, "", answer, answer.before)

    async def check_caller(self, problem: Problem | None, user_messages: Sequence[str]) -> None:
        """Raise why no model answers a caller, if so. A rule answers somebody in danger all the same."""
        if problem and not await self._screening.risk(self._screening.of_person(user_messages)):
            raise problem

    async def _sentences(self, asked: Asked, said: Sequence[str]) -> AsyncGenerator[ReviewedSentence, None]:
        """Yield reviewed sentences. The last one may be a refusal; nothing follows it."""
        route, piece, before, released, pending = _NO_ROUTE, _NOTHING, NOTHING_BEFORE, "", ""
        async with aclosing(self._engine.stream(asked)) as pieces:
            async for route, piece, before in pieces:
                pending = pending + piece.text if released else (pending + piece.text).lstrip()
                end = max((match.end() for match in _SENTENCE_END.finditer(pending)), default=0)
                if not end:
                    continue
                if await self._screening.answer(asked.question, said, released + pending[:end], before):
                    pending = pending[:end]  # with the words after it, "Delayed. And" would be a label no longer
                    break
                yield ReviewedSentence(route, pending[:end], piece, before)
                released, pending = released + pending[:end], pending[end:]
        whole = (released + pending).rstrip()
        replacement = await self._replacement(asked.question, said, whole, before)
        if replacement:
            text = f"\n{replacement}" if released else replacement
            yield ReviewedSentence(route, text, piece, before, refused=True)
        else:
            ended = piece._replace(finish=piece.finish or "stop")
            yield ReviewedSentence(route, whole[len(released) :], ended, before)

    async def _screen(self, question: str, said: Sequence[str]) -> ServedAnswer | None:
        """Return the refusal of a question that must not reach the engine. Raises as `Screening.question` does."""
        withheld = await self._screening.question(question, said)
        return self._refusal(withheld) if withheld else None

    def _refusal(self, withheld: Withheld) -> ServedAnswer:
        self._metrics.refused.labels(withheld.reason).inc()
        route = self._follower.current or _NO_ROUTE
        return ServedAnswer(self._signer.new_id(), withheld.reply, route, True, "content_filter")

    async def _vetted(self, asked: Asked) -> Asked:
        """Return the question with what the model may see of the conversation before it (`Screening.before`)."""
        route = self._follower.current
        told = route.contract.of(asked.before) if route else NOTHING_BEFORE
        return asked._replace(before=await self._screening.before(told))

    async def _replacement(self, question: str, said: Sequence[str], generated: str, before: Conversation) -> str:
        """Return the reply to serve instead of a generated text, and count it; empty when the text may be served."""
        withheld = await self._screening.answer(question, said, generated, before)
        if withheld is None:
            return ""
        self._metrics.refused.labels(withheld.reason).inc()
        return withheld.reply

    def _check_records(self) -> None:
        """Raise Problem 503 when an answer could not be recorded: the engine is not asked for it."""
        if self._recorder.problem:
            raise self._unrecorded()

    async def _record(self, answer: ServedAnswer, question: str, identity: str) -> ServedAnswer:
        """Record an answer and return it. Raises Problem 503: an answer without a record is not given.

        A refusal or an emergency reply is given all the same. It counts as unrecorded.
        """
        now = datetime.now(UTC)
        route, refused = answer.route, answer.refused
        self._metrics.answers.labels(route.version, "refused" if refused else "given").inc()
        self._metrics.tokens.labels(route.version, "prompt").inc(answer.prompt_tokens)
        self._metrics.tokens.labels(route.version, "completion").inc(answer.completion_tokens)
        record = AnswerRecord(
            answer.answer_id, now, identity, question, answer.text, route.version, route.adapter_name, refused
        )
        if not await self._recorder.record(record):
            if not refused:
                raise self._unrecorded()
            self._metrics.unrecorded.labels("refusal").inc()
        return answer

    async def _record_read(self, answer: ServedAnswer, question: str, identity: str) -> None:
        """Record a text that was sent, also when the client leaves meanwhile. Raises Problem 503 as `_record`."""
        recording = asyncio.ensure_future(self._record(answer, question, identity))
        self._records.add(recording)
        recording.add_done_callback(self._ended)
        await asyncio.shield(recording)

    def _ended(self, recording: asyncio.Task[ServedAnswer]) -> None:
        self._records.discard(recording)
        if not recording.cancelled() and recording.exception():
            self._metrics.unrecorded.labels("stream").inc()

    def _unrecorded(self) -> TryLater:
        message = "the answer could not be recorded; try again"
        return TryLater("store_unavailable", message, self._limits.retry_after_seconds)
