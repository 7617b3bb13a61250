"""/v1/feedback: what people say about answers. It can be read, changed and taken back by whoever gave it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Literal, TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.teaching.feedback import Opinion
from medpipe.core.text import folded
from medpipe.errors import NotFound
from medpipe.ports import AnswerLog, GivenAnswer
from serving.answer_ids import Signer
from serving.feedback_request import FeedbackRequest
from serving.identity import Caller, Callers, caller_of
from serving.limits import Limits
from serving.metrics import Metrics
from serving.problems import Problem, TryLater

Value = TypeVar("Value")
_AT_ONCE = 4
"""Feedback that is stored or read at the same time. The next one waits: while a database is locked, it would else take
all threads and connections of those who follow the kill switch, the route and the register."""


class FeedbackAccepted(BaseModel):
    """The feedback is stored. It is vetted before anything is trained on it."""

    answer_id: str
    status: Literal["accepted"] = "accepted"
    counted_as: Literal["identity", "anonymous"] = Field(
        description="`identity`: given under a key, so it may teach; `anonymous`: counted, and never teaches"
    )


class FeedbackStored(BaseModel):
    """The caller's feedback on an answer, as it is stored: with placeholders instead of personal identifiers."""

    model_config = ConfigDict(extra="forbid")
    answer_id: str
    rating: Literal["up", "down", "middle"]
    stars: int | None
    correction: str | None
    preferred: str | None
    alternative: str | None
    category: str | None
    reason: str | None
    at: datetime


def feedback_endpoints(log: AnswerLog, callers: Callers, signer: Signer, metrics: Metrics, limits: Limits) -> APIRouter:
    """Return the endpoints of /v1/feedback."""
    admitted = Depends(callers.needing("feedback", "review"))
    endpoints = APIRouter(tags=["feedback"], dependencies=[admitted])
    pool = ThreadPoolExecutor(_AT_ONCE, "feedback")

    @endpoints.post("/v1/feedback", status_code=202, summary="Rate an answer")
    async def feedback(body: FeedbackRequest, request: Request) -> FeedbackAccepted:
        """Store feedback. It replaces earlier feedback of the same identity on the same answer.

        The same feedback again changes nothing. Answers to somebody else need a key with the scope `review`. Feedback
        without a key is counted and never teaches.
        """
        caller = caller_of(request)
        rated = await may_rate(caller, body.answer_id, "answer_id")
        if body.names_another:
            other = await may_rate(caller, str(body.preferred), "preferred")
            if folded(rated.question) != folded(other.question):
                message = "preferred: this answer is to another question; name two answers to one question"
                raise Problem(422, "another_question", message, "preferred")
        said = (body.answer_id, caller.identity, body.judged, body.corrected, body.details)
        try:
            await asyncio.get_running_loop().run_in_executor(pool, log.rate, *said)
        except NotFound as error:
            raise _unknown("answer_id") from error
        except Exception as error:
            raise _unavailable(limits) from error
        metrics.feedback.labels(body.judged, _kind(caller)).inc()
        return FeedbackAccepted(answer_id=body.answer_id, counted_as=_kind(caller))

    @endpoints.get("/v1/feedback/{answer_id}", summary="Read own feedback")
    async def read(answer_id: str, request: Request) -> FeedbackStored:
        """Return the caller's feedback on an answer."""
        signer.check(answer_id)
        identity = caller_of(request).identity
        opinion: Opinion | None = await stored(lambda: log.opinion(answer_id, identity))
        if opinion is None:
            raise _nothing()
        said = {"rating": opinion.rating, "correction": opinion.correction, "at": opinion.at}
        return FeedbackStored.model_validate({"answer_id": answer_id, **said, **opinion.details._asdict()})

    @endpoints.delete("/v1/feedback/{answer_id}", status_code=204, summary="Take feedback back")
    async def take_back(answer_id: str, request: Request) -> None:
        """Remove the caller's feedback on an answer. The next preference pairs are built without it."""
        signer.check(answer_id)
        caller = caller_of(request)
        if not await stored(lambda: log.take_back(answer_id, caller.identity)):
            raise _nothing()
        metrics.feedback.labels("taken-back", _kind(caller)).inc()

    async def may_rate(caller: Caller, answer_id: str, field: str) -> GivenAnswer:
        """Return an answer that the caller may rate. Raises Problem 403 and 404."""
        signer.check(answer_id, field)
        given = await stored(lambda: log.given(answer_id))
        if given is None:
            raise _unknown(field)
        if given.identity != caller.identity and "review" not in caller.scopes:
            message = "this answer was given to somebody else; to rate it, a key needs the scope review"
            raise Problem(403, "not_your_answer", message, field)
        return given

    async def stored(read: Callable[[], Value]) -> Value:
        """Return what the database says, within `Limits.store_seconds`. Raises Problem 503."""
        try:
            async with asyncio.timeout(limits.store_seconds):
                return await asyncio.get_running_loop().run_in_executor(pool, read)
        except Exception as error:
            raise _unavailable(limits) from error

    return endpoints


def _kind(caller: Caller) -> Literal["identity", "anonymous"]:
    return "identity" if caller.key else "anonymous"


def _unknown(field: str) -> Problem:
    return Problem(404, "unknown_answer", "no answer with this id is stored", field)


def _nothing() -> Problem:
    return Problem(404, "no_feedback", "you have no feedback on this answer", "answer_id")


def _unavailable(limits: Limits) -> TryLater:
    message = "the feedback could not be stored or read; try again"
    return TryLater("store_unavailable", message, limits.retry_after_seconds)
