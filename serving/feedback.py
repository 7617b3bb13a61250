"""/v1/feedback: ratings and corrections of answers, and taking them back."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from medpipe.errors import NotFound
from medpipe.ports import AnswerLog
from serving.answer_ids import Signer
from serving.identity import ANONYMOUS, Callers, caller_of
from serving.limits import LIMITS, Limits, Text
from serving.metrics import Metrics
from serving.problems import Problem, TryLater


class FeedbackRequest(BaseModel):
    """A rating, and the better answer if there is one."""

    model_config = ConfigDict(extra="forbid")
    answer_id: str = Field(max_length=100, description="the answer_id of the rated answer, unchanged")
    rating: Literal["up", "down"]
    correction: Text | None = Field(
        None, max_length=LIMITS.correction_chars, description="what should have been answered"
    )


class FeedbackAccepted(BaseModel):
    """The feedback is stored. It is vetted before anything is trained on it."""

    answer_id: str
    status: Literal["accepted"] = "accepted"
    counted_as: Literal["identity", "anonymous"] = Field(
        description="`identity`: given under a key, so it may teach; `anonymous`: counted, and never teaches"
    )


def feedback_endpoints(log: AnswerLog, callers: Callers, signer: Signer, metrics: Metrics, limits: Limits) -> APIRouter:
    """Return the endpoints of /v1/feedback."""
    endpoints = APIRouter(tags=["feedback"], dependencies=[Depends(callers.needing("feedback", "review"))])

    @endpoints.post("/v1/feedback", status_code=202, summary="Rate an answer")
    async def feedback(body: FeedbackRequest, request: Request) -> FeedbackAccepted:
        """Store feedback. It replaces earlier feedback of the same identity on the same answer.

        Without a key (`Authorization: Bearer`) it is counted and never teaches.
        """
        signer.check(body.answer_id)
        identity = caller_of(request).identity
        correction = (body.correction or "").strip() or None
        try:
            await asyncio.to_thread(log.rate, body.answer_id, identity, body.rating, correction)
        except NotFound as error:
            raise Problem(404, "unknown_answer", "no answer with this id is stored", "answer_id") from error
        except Exception as error:
            raise _unavailable(limits) from error
        kind = _kind(identity)
        metrics.feedback.labels(body.rating, kind).inc()
        return FeedbackAccepted(answer_id=body.answer_id, counted_as=kind)

    @endpoints.delete("/v1/feedback/{answer_id}", status_code=204, summary="Take feedback back")
    async def take_back(answer_id: str, request: Request) -> None:
        """Remove the caller's feedback on an answer. The next preference pairs are built without it."""
        signer.check(answer_id)
        identity = caller_of(request).identity
        try:
            removed = await asyncio.to_thread(log.take_back, answer_id, identity)
        except Exception as error:
            raise _unavailable(limits) from error
        if not removed:
            raise Problem(404, "no_feedback", "you have no feedback on this answer", "answer_id")
        metrics.feedback.labels("taken-back", _kind(identity)).inc()

    return endpoints


def _kind(identity: str) -> Literal["identity", "anonymous"]:
    return "anonymous" if identity.startswith(ANONYMOUS) else "identity"


def _unavailable(limits: Limits) -> TryLater:
    message = "the feedback could not be recorded; try again"
    return TryLater("store_unavailable", message, limits.retry_after_seconds)
