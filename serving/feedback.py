"""POST /v1/feedback: what people say of an answer."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from medpipe.ports import AnswerLog
from serving.answers import Signer
from serving.identity import identify
from serving.limits import LIMITS, Text
from serving.metrics import Metrics
from serving.problems import Problem


class Feedback(BaseModel):
    """A rating, and the better answer if there is one."""

    model_config = ConfigDict(extra="forbid")
    answer_id: str = Field(max_length=100, description="of the answer that this is about, unchanged")
    rating: Literal["up", "down"]
    correction: Text | None = Field(
        None, max_length=LIMITS.correction_chars, description="what should have been answered"
    )


class Accepted(BaseModel):
    """The feedback is kept. It is vetted before anything is trained on it."""

    answer_id: str
    status: Literal["accepted"] = "accepted"


def router(log: AnswerLog, signer: Signer, metrics: Metrics) -> APIRouter:
    """The endpoint."""
    routes = APIRouter(tags=["feedback"])

    @routes.post("/v1/feedback", status_code=202, summary="Rate an answer")
    async def feedback(given: Feedback, request: Request) -> Accepted:
        """The same person's later feedback on the same answer takes the place of the earlier one."""
        signer.check(given.answer_id)
        correction = (given.correction or "").strip() or None
        try:
            await asyncio.to_thread(log.rate, given.answer_id, identify(request, signer), given.rating, correction)
        except LookupError as error:
            raise Problem(404, "unknown_answer", "no answer with this id is kept", "answer_id") from error
        except Exception as error:
            raise Problem(
                503, "store_unavailable", "the feedback could not be recorded; try again", headers={"Retry-After": "5"}
            ) from error
        metrics.feedback.labels(given.rating).inc()
        return Accepted(answer_id=given.answer_id)

    return routes
