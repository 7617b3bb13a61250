"""POST /v1/chat/completions and GET /v1/models: the same answers in OpenAI's shape."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.safety.guardrails import DISCLAIMER
from medpipe.ports import Route
from serving.answering import Answer, Answering, Piece
from serving.answers import Signer
from serving.identity import identify
from serving.limits import LIMITS, Limits, Text
from serving.problems import Problem, body
from serving.routing import Router


class TextPart(BaseModel):
    """A part of a message; only text is understood."""

    model_config = ConfigDict(extra="forbid")
    type: Literal["text"]
    text: Text


class Message(BaseModel):
    """One turn of the conversation."""

    model_config = ConfigDict(extra="forbid")
    role: Literal["system", "developer", "user", "assistant"]
    content: Text | list[TextPart]
    name: str | None = None

    def text(self) -> str:
        """The turn's words."""
        parts = [self.content] if isinstance(self.content, str) else [part.text for part in self.content]
        return " ".join(" ".join(parts).split())


class ChatRequest(BaseModel):
    """The fields of OpenAI's API that are understood; any other is refused by name.

    The last user message is the question: the model was trained and judged on single questions. Every user
    message is screened. Sampling fields are accepted for clients that always send them, but answers are
    always greedy, as they were when the version was judged.
    """

    model_config = ConfigDict(extra="forbid")
    model: str = Field(description="the registered model's name, or the version now served")
    messages: list[Message] = Field(min_length=1, max_length=LIMITS.messages)
    stream: bool = False
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    n: Literal[1] | None = None
    seed: int | None = None
    user: str | None = Field(None, max_length=200)


def router(answering: Answering, follower: Router, signer: Signer, limits: Limits, model_name: str) -> APIRouter:
    """The endpoints. Only the served version can be asked for: neither the base nor an adapter under evaluation."""
    routes = APIRouter(tags=["chat (OpenAI-compatible)"])

    @routes.get("/v1/models", summary="What can be asked")
    async def models() -> dict[str, Any]:
        route = follower.current
        names = [model_name, *([route.version, route.adapter_name] if route else [])]
        return {
            "object": "list",
            "data": [
                {"id": name, "object": "model", "created": 0, "owned_by": "medpipe"} for name in dict.fromkeys(names)
            ],
        }

    @routes.post("/v1/chat/completions", summary="Chat", response_model=None)
    async def chat(asked: ChatRequest, request: Request) -> Response:
        """An answer to the last user message, whole or as server-sent events."""
        _check_model(asked.model, model_name, follower.current)
        question, said = _question(asked, limits)
        wanted = asked.max_completion_tokens or asked.max_tokens or limits.answer_tokens
        arguments = (question, said, identify(request, signer), min(wanted, limits.answer_tokens))
        if not asked.stream:
            return JSONResponse(_whole(await answering.answer(*arguments)))
        pieces = answering.stream(*arguments)
        first = await anext(pieces)  # errors so far still have their own HTTP status
        return StreamingResponse(
            _events(first, pieces),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )

    return routes


def _check_model(model: str, name: str, route: Route | None) -> None:
    if model not in {name, *([route.version, route.adapter_name] if route else [])}:
        raise Problem(404, "model_not_found", f"the model {model[:100]!r} is not served; ask for {name!r}", "model")


def _question(asked: ChatRequest, limits: Limits) -> tuple[str, list[str]]:
    """The last user message, and all of them for screening. Problem 422 when there is none, or too much."""
    said = [message.text() for message in asked.messages if message.role == "user"]
    if not said or not said[-1]:
        raise Problem(422, "invalid_request", "messages: there is no user message with text", "messages")
    if len(said[-1]) > limits.question_chars:
        raise Problem(
            422,
            "invalid_request",
            f"messages: the last user message has more than {limits.question_chars} characters",
            "messages",
        )
    return said[-1], said


def _whole(answer: Answer) -> dict[str, Any]:
    return {
        **_head(answer.answer_id, answer.route, "chat.completion"),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer.text},
                "finish_reason": answer.finish,
                "logprobs": None,
            }
        ],
        "usage": {
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        },
        "medpipe": _extra(answer),
    }


async def _events(first: Piece, rest: AsyncIterator[Piece]) -> AsyncIterator[str]:
    """Server-sent events: the role, the pieces, the reason for ending, and [DONE]."""
    yield _event(_chunk(first, {"role": "assistant", "content": first.text}))
    try:
        async for piece in rest:
            if piece.answer is None:
                yield _event(_chunk(piece, {"content": piece.text}))
            else:
                yield _event({**_chunk(piece, {}, piece.answer.finish), "medpipe": _extra(piece.answer)})
    except Problem as problem:
        yield _event(body(problem, openai=True))
    yield "data: [DONE]\n\n"


def _chunk(piece: Piece, delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    return {
        **_head(piece.answer_id, piece.route, "chat.completion.chunk"),
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}],
    }


def _head(answer_id: str, route: Route, kind: str) -> dict[str, Any]:
    """`id` is the answer id (feedback takes it) and `model` the version that answered."""
    return {"id": answer_id, "object": kind, "created": int(time.time()), "model": route.version}


def _extra(answer: Answer) -> dict[str, Any]:
    return {
        "answer_id": answer.answer_id,
        "model_version": answer.route.version,
        "adapter": answer.route.adapter_name,
        "refused": answer.refused,
        "disclaimer": DISCLAIMER,
    }


def _event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
