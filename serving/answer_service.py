"""Answer a question: screen it, ask the engine, review the answer, record it and return it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from medpipe.core.contract import ServingContract
from medpipe.core.conversation import NOTHING_BEFORE, Conversation, Exchange
from medpipe.core.knowledge.claim_block import WITHHELD
from medpipe.core.safety.guardrails import Guardrails
from medpipe.ports import AnswerLog, Route
from serving.answer_ids import Signer
from serving.block_follower import BlockFollower
from serving.engine import Completion
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
_NOTHING = Completion("", "", 0, 0)


class ServedAnswer(NamedTuple):
    """An answer as a client got it."""

    answer_id: str
    text: str
    route: Route
    refused: bool
    """Whether the guardrails, or the block of withdrawn claims, replaced the model's text."""
    finish: str
    """`stop`, `length` or `content_filter`, as in OpenAI's API."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    before: Conversation = NOTHING_BEFORE
    """What the model saw of the conversation before the question."""


class AnswerPiece(NamedTuple):
    """A part of a streamed answer. The last piece has no text and carries the whole `answer`."""

    answer_id: str
    route: Route
    text: str
    answer: ServedAnswer | None = None
    before: Conversation = NOTHING_BEFORE
    """As in `ServedAnswer`."""


class ReviewedSentence(NamedTuple):
    """Text that passed the review with all text before it, or, where `refused`, the text that replaces it."""

    route: Route
    text: str
    piece: Completion
    """The newest piece of the engine, which counts the tokens so far."""
    before: Conversation = NOTHING_BEFORE
    refused: bool = False

    def answer(self, answer_id: str, text: str) -> ServedAnswer:
        """Return the answer of which this is the last sentence."""
        finish = "content_filter" if self.refused else self.piece.finish or "length"
        tokens = (self.piece.prompt_tokens, self.piece.completion_tokens)
        return ServedAnswer(answer_id, text.strip(), self.route, self.refused, finish, *tokens, self.before)


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
        asked = self._vetted(asked)
        route, completion, before = await self._engine.complete(asked)
        generated = route.contract.answer_of(completion.text)
        replacement = self._replacement(asked.question, user_messages, generated, before)
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

    async def stream(self, asked: Asked, user_messages: Sequence[str], identity: str) -> AsyncIterator[AnswerPiece]:
        """Yield the answer sentence by sentence. Each is reviewed, with all text before it, before it is sent.

        Arguments as in `answer`. Errors are raised before the first piece. The recorded text is the text that was sent.
        """
        answer = self._screen(asked.question, user_messages)
        if answer:
            yield AnswerPiece(answer.answer_id, answer.route, answer.text)
        else:
            answer_id, sent, last = self._signer.new_id(), "", ReviewedSentence(_NO_ROUTE, "", _NOTHING)
            try:
                async for last in self._sentences(self._vetted(asked), user_messages):
                    sent += last.text
                    yield AnswerPiece(answer_id, last.route, last.text, before=last.before)
            except BaseException:  # the client left or the engine broke off: the sent part was read, so it is recorded
                if sent.strip():
                    await asyncio.shield(self._record(last.answer(answer_id, sent), asked.question, identity))
                raise
            answer = last.answer(answer_id, sent)
        await self._record(answer, asked.question, identity)
        yield AnswerPiece(answer.answer_id, answer.route, "", answer, answer.before)

    async def _sentences(self, asked: Asked, user_messages: Sequence[str]) -> AsyncIterator[ReviewedSentence]:
        """Yield reviewed sentences. The last one may be a refusal; nothing follows it."""
        route, piece, before, released, pending = _NO_ROUTE, _NOTHING, NOTHING_BEFORE, "", ""
        async for route, piece, before in self._engine.stream(asked):
            pending = pending + piece.text if released else (pending + piece.text).lstrip()
            end = max((match.end() for match in _SENTENCE_END.finditer(pending)), default=0)
            if not end:
                continue
            if self._withheld(asked.question, user_messages, released + pending[:end], before):
                pending = pending[:end]  # with the words after it, "Delayed. And" would be a label no longer
                break
            yield ReviewedSentence(route, pending[:end], piece, before)
            released, pending = released + pending[:end], pending[end:]
        whole = (released + pending).rstrip()
        replacement = self._replacement(asked.question, user_messages, whole, before)
        if replacement:
            yield ReviewedSentence(route, f"\n{replacement}" if released else replacement, piece, before, refused=True)
        else:
            ended = piece._replace(finish=piece.finish or "stop")
            yield ReviewedSentence(route, whole[len(released) :], ended, before)

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

    def _vetted(self, asked: Asked) -> Asked:
        """Return the question with what the model may see of the conversation before it.

        Anybody can write an earlier answer, or a message of the application. An earlier answer that would be withheld
        now is replaced by what would be served instead; instructions that would be refused or withheld are left out.
        """
        route = self._follower.current
        before = route.contract.of(asked.before) if route else NOTHING_BEFORE
        if not before:
            return asked._replace(before=before)
        past = before.recent(self._limits.history_chars)
        exchanges = tuple(
            Exchange(asked=said.asked, answered=withheld.reply if withheld else said.answered)
            for said, withheld in ((said, self._withheld(said.asked, (), said.answered)) for said in past.exchanges)
        )
        told = past.instructions
        barred = told and (self._guardrails.screen(told).risk == "high" or self._withheld("", (), told))
        update = {"exchanges": exchanges, "instructions": "" if barred else told}
        return asked._replace(before=past.model_copy(update=update))

    def _replacement(self, question: str, user_messages: Sequence[str], generated: str, before: Conversation) -> str:
        """Return the reply to serve instead of a generated text, and count it; empty when the text may be served."""
        withheld = self._withheld(question, user_messages, generated, before)
        if withheld is None:
            return ""
        self._metrics.refused.labels(withheld.reason).inc()
        return withheld.reply

    def _withheld(
        self, question: str, user_messages: Sequence[str], generated: str, before: Conversation = NOTHING_BEFORE
    ) -> _Withheld | None:
        """Return why a generated text must not be served. A withdrawal may have been opened since the question came."""
        review = self._guardrails.review(generated)
        if not review.safe:
            return _Withheld(review.reason, review.reply)
        said = (*user_messages, *(past.answered for past in before.exchanges))
        reason = self._blocks.current().reason(question, generated, " ".join(said))
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
