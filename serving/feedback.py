"""POST /v1/feedback: ratings and corrections of answers."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from medpipe.errors import NotFound
from medpipe.ports import AnswerLog
from serving.answer_ids import Signer
from serving.identity import identify
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


def feedback_endpoints(log: AnswerLog, signer: Signer, metrics: Metrics, limits: Limits) -> APIRouter:
    """Return the endpoint /v1/feedback."""
    endpoints = APIRouter(tags=["feedback"])

    @endpoints.post("/v1/feedback", status_code=202, summary="Rate an answer")
    async def feedback(body: FeedbackRequest, request: Request) -> FeedbackAccepted:
        """Store feedback. It replaces earlier feedback of the same person on the same answer."""
        signer.check(body.answer_id)
        correction = (body.correction or "").strip() or None
        try:
            await asyncio.to_thread(log.rate, body.answer_id, identify(request, signer), body.rating, correction)
        except NotFound as error:
            raise Problem(404, "unknown_answer", "no answer with this id is stored", "answer_id") from error
        except Exception as error:
            message = "the feedback could not be recorded; try again"
            raise TryLater("store_unavailable", message, limits.retry_after_seconds) from error
        metrics.feedback.labels(body.rating).inc()
        return FeedbackAccepted(answer_id=body.answer_id)

    return endpoints
