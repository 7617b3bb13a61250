"""POST /v1/ask: one question, one answer."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.safety.guardrails import DISCLAIMER
from serving.answering import Answering
from serving.answers import Signer
from serving.identity import identify
from serving.limits import LIMITS, Limits, Text


class Question(BaseModel):
    """What is asked."""

    model_config = ConfigDict(extra="forbid")
    question: Text = Field(
        min_length=1, max_length=LIMITS.question_chars, pattern=r"\S", description="a question about health, in English"
    )


class Answered(BaseModel):
    """What was answered, by what, and the id to give with feedback."""

    answer_id: str
    answer: str
    model_version: str
    adapter: str
    refused: bool = Field(description="whether the guardrails replaced the answer by a pointer to care")
    disclaimer: str = DISCLAIMER


def router(answering: Answering, signer: Signer, limits: Limits) -> APIRouter:
    """The endpoint."""
    routes = APIRouter(tags=["ask"])

    @routes.post("/v1/ask", summary="Ask one question")
    async def ask(asked: Question, request: Request) -> Answered:
        """Answers carry the version that wrote them. High-risk questions get a pointer to care instead."""
        answer = await answering.answer(
            asked.question, [asked.question], identify(request, signer), limits.answer_tokens
        )
        return Answered(
            answer_id=answer.answer_id,
            answer=answer.text,
            model_version=answer.route.version,
            adapter=answer.route.adapter_name,
            refused=answer.refused,
        )

    return routes
