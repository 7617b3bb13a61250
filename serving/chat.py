"""POST /v1/chat/completions and GET /v1/models: the same answers in OpenAI's shape."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.chat import Turn
from medpipe.core.safety.guardrails import DISCLAIMER
from medpipe.ports import Route
from serving.answer_service import AnswerPiece, AnswerService, ServedAnswer
from serving.identity import Callers
from serving.limits import LIMITS, Limits, Text
from serving.problems import Problem, error_body
from serving.route_follower import RouteFollower
from serving.routed_engine import Asked


class TextPart(BaseModel):
    """A part of a message. Parts of other types (images, audio) are refused."""

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
        """Return the text of the turn on one line."""
        parts = [self.content] if isinstance(self.content, str) else [part.text for part in self.content]
        return " ".join(" ".join(parts).split())


class ChatRequest(BaseModel):
    """The fields of OpenAI's chat completions API that the gateway knows. Any other field is refused by name.

    The last user message is the question. Earlier messages of user and assistant are told to a version that was judged
    with history, and to no other. Every user message is screened. System messages are ignored. Sampling fields are
    accepted, because some clients always send them, and ignored: answers are greedy, as they were when the version was
    judged.
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


def chat_endpoints(
    service: AnswerService, follower: RouteFollower, callers: Callers, limits: Limits, model_name: str
) -> APIRouter:
    """Return the endpoints /v1/models and /v1/chat/completions.

    Clients name the registered model or the served version. The base and adapters under evaluation are not served.
    """
    endpoints = APIRouter(tags=["chat (OpenAI-compatible)"])

    @endpoints.get("/v1/models", summary="Models that can be asked")
    async def models() -> dict[str, Any]:
        data = [
            {"id": name, "object": "model", "created": 0, "owned_by": "medpipe"}
            for name in _served_names(model_name, follower.current)
        ]
        return {"object": "list", "data": data}

    @endpoints.post("/v1/chat/completions", summary="Chat", response_model=None)
    async def chat(body: ChatRequest, request: Request) -> Response:
        """Answer the last user message, whole or as server-sent events."""
        if body.model not in _served_names(model_name, follower.current):
            message = f"the model {body.model[:100]!r} is not served; ask for {model_name!r}"
            raise Problem(404, "model_not_found", message, "model")
        question, user_messages = _question(body, limits)
        asked = Asked(question, max_tokens=body.max_completion_tokens or body.max_tokens, earlier=_earlier(body))
        arguments = (asked, user_messages, await callers.identify(request))
        if not body.stream:
            return JSONResponse(_completion(await service.answer(*arguments)))
        pieces = service.stream(*arguments)
        first = await anext(pieces)  # an error before the first event still has its own HTTP status
        return StreamingResponse(
            _events(first, pieces),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )

    return endpoints


def _served_names(model_name: str, route: Route | None) -> list[str]:
    """Return the model names that clients may send."""
    return list(dict.fromkeys([model_name, *([route.version, route.adapter_name] if route else [])]))


def _question(body: ChatRequest, limits: Limits) -> tuple[str, list[str]]:
    """Return the last user message, and every user message for screening.

    Raises Problem 422 when the last user message has no text or is too long.
    """
    user_messages = [message.text() for message in body.messages if message.role == "user"]
    if not user_messages or not user_messages[-1]:
        raise Problem(422, "invalid_request", "messages: there is no user message with text", "messages")
    if len(user_messages[-1]) > limits.question_chars:
        reason = f"messages: the last user message has more than {limits.question_chars} characters"
        raise Problem(422, "invalid_request", reason, "messages")
    return user_messages[-1], user_messages


def _earlier(body: ChatRequest) -> tuple[Turn, ...]:
    """Return what user and assistant said before the last user message, of which there must be one."""
    last = max(place for place, message in enumerate(body.messages) if message.role == "user")
    return tuple(
        Turn("user" if message.role == "user" else "assistant", message.text())
        for message in body.messages[:last]
        if message.role in ("user", "assistant")
    )


def _completion(answer: ServedAnswer) -> dict[str, Any]:
    """Return an answer as OpenAI's `chat.completion` object."""
    return {
        **_head(answer.answer_id, answer.route, "chat.completion"),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer.shown},
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


async def _events(first: AnswerPiece, rest: AsyncIterator[AnswerPiece]) -> AsyncIterator[str]:
    """Yield server-sent events: the role, the pieces, the finish reason, and [DONE]."""
    yield _event(_chunk(first, {"role": "assistant", "content": first.text}))
    try:
        async for piece in rest:
            if piece.answer is None:
                yield _event(_chunk(piece, {"content": piece.text}))
            else:
                yield _event({**_chunk(piece, {}, piece.answer.finish), "medpipe": _extra(piece.answer)})
    except Problem as problem:
        yield _event(error_body(problem, openai=True))
    yield "data: [DONE]\n\n"


def _chunk(piece: AnswerPiece, delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    """Return a piece as OpenAI's `chat.completion.chunk` object."""
    return {
        **_head(piece.answer_id, piece.route, "chat.completion.chunk"),
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}],
    }


def _head(answer_id: str, route: Route, kind: str) -> dict[str, Any]:
    """Return the common fields. `id` is the answer id, which feedback takes; `model` is the version that answered."""
    return {"id": answer_id, "object": kind, "created": int(time.time()), "model": route.version}


def _extra(answer: ServedAnswer) -> dict[str, Any]:
    """Return the fields that OpenAI's API does not have."""
    return {
        "answer_id": answer.answer_id,
        "model_version": answer.route.version,
        "adapter": answer.route.adapter_name,
        "refused": answer.refused,
        "disclaimer": DISCLAIMER,
    }


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"
