"""POST /v1/ask: one question, one answer, and the sources that support it."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.safety.guardrails import DISCLAIMER
from serving.answer_cache import CachingEngine
from serving.answer_service import AnswerService
from serving.citing import NO_SOURCES, CitedSource, Citing
from serving.identity import Callers, caller_of
from serving.limits import LIMITS, Text
from serving.routed_engine import Asked
from serving.stopping import StopFollower


class AskRequest(BaseModel):
    """A question about health."""

    model_config = ConfigDict(extra="forbid")
    question: Text = Field(
        min_length=1, max_length=LIMITS.question_chars, pattern=r"\S", description="a question about health, in English"
    )
    context: Text = Field(
        "",
        max_length=LIMITS.context_chars,
        description="the passage that the question is about, for a version that was judged with passages",
    )


class AskResponse(BaseModel):
    """An answer, the version that wrote it, and the id to rate it with."""

    answer_id: str
    answer: str
    model_version: str
    adapter: str
    refused: bool = Field(description="whether the guardrails replaced the answer with a pointer to care")
    disclaimer: str = DISCLAIMER
    sources: list[CitedSource] = Field(
        description="the documents that support sentences of the answer, in their order; empty where none was found"
    )
    supported_share: float | None = Field(
        description="the share of the answer's sentences that have a source, 0 to 1; null where none was looked for: "
        "without an index of sources, and for a reply that a rule wrote"
    )


def ask_endpoints(
    service: AnswerService, callers: Callers, stops: StopFollower, citing: Citing, cache: CachingEngine
) -> APIRouter:
    """Return the endpoint /v1/ask."""
    endpoints = APIRouter(tags=["ask"], dependencies=[Depends(callers.asking)])

    @endpoints.post("/v1/ask", summary="Ask one question")
    async def ask(body: AskRequest, request: Request) -> AskResponse:
        """Answer a question. A high-risk question gets a pointer to care instead."""
        caller, asked = caller_of(request), Asked(body.question, body.context)
        await service.check_caller(caller.problem, [body.question])
        answer = await service.answer(asked, [body.question], caller.identity)
        if answer.refused:
            cache.forget(asked)
        cited = NO_SOURCES if answer.refused else await citing.sources(body.question, answer.text)
        stops.check_given(answer.refused)
        await callers.charge(request, asked, answer)
        return AskResponse(
            answer_id=answer.answer_id,
            answer=answer.shown,
            model_version=answer.route.version,
            adapter=answer.route.adapter_name,
            refused=answer.refused,
            sources=cited.sources,
            supported_share=cited.share,
        )

    return endpoints
