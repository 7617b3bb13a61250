"""POST /v1/chat/completions and GET /v1/models: the same answers in OpenAI's shape."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from medpipe.core.safety.guardrails import DISCLAIMER
from medpipe.ports import Route
from serving import openai_fields
from serving.answer_service import AnswerPiece, AnswerService, ServedAnswer
from serving.chat_request import ChatRequest, question_of
from serving.event_stream import EventStream
from serving.history import sent
from serving.identity import Callers, caller_of
from serving.limits import Limits
from serving.problems import Problem, error_body
from serving.route_follower import RouteFollower
from serving.routed_engine import Asked
from serving.stopping import StopFollower


def chat_endpoints(
    service: AnswerService,
    follower: RouteFollower,
    callers: Callers,
    stops: StopFollower,
    limits: Limits,
    model_name: str,
) -> APIRouter:
    """Return the endpoints /v1/models and /v1/chat/completions.

    Clients name the registered model or the served version. The base and adapters under evaluation are not served.
    """
    endpoints, admitted = APIRouter(tags=["chat (OpenAI-compatible)"]), [Depends(callers.needing("ask"))]

    @endpoints.get("/v1/models", summary="Models that can be asked", dependencies=admitted)
    @endpoints.head("/v1/models", include_in_schema=False, dependencies=admitted)
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": list(map(_model, _served_names(model_name, follower.current)))}

    @endpoints.get("/v1/models/{model:path}", summary="One model that can be asked", dependencies=admitted)
    @endpoints.head("/v1/models/{model:path}", include_in_schema=False, dependencies=admitted)
    async def one_model(model: str) -> dict[str, Any]:
        if problem := _unserved(model, model_name, follower.current):
            raise problem
        return _model(model)

    @endpoints.post("/v1/chat/completions", summary="Chat", response_model=None, dependencies=[Depends(callers.asking)])
    async def chat(body: ChatRequest, request: Request) -> Response:
        """Answer the last user message, whole or as server-sent events.

        The header `Medpipe-Ignored-Fields` names the fields of the request that had no effect, and `Medpipe-History`
        says what the model saw of earlier turns and system messages: a version that was judged on single questions
        sees the last one alone.
        """
        said = openai_fields.headers(body.ignored())
        question, user_messages = question_of(body.messages, limits)
        told = sent(body.messages)
        asked = Asked(question, max_tokens=body.longest, stops=body.stops, before=told.before)
        caller = caller_of(request)
        for problem in (_unserved(body.model, model_name, follower.current), caller.problem):
            await service.check_caller(problem, user_messages)
        arguments = (asked, user_messages, caller.identity)
        if not body.stream:
            answer = await service.answer(*arguments)
            stops.check_given(answer.refused)
            await callers.charge(request, asked, answer)
            return JSONResponse(_completion(answer), headers=said | told.header(answer.before))
        pieces = callers.metered(request, asked, service.stream(*arguments))
        first = await anext(pieces)  # an error before the first event still has its own HTTP status
        return EventStream(
            _events(first, pieces, body.includes_usage, request),
            pieces,
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no", **said, **told.header(first.before)},
        )

    return endpoints


def _served_names(model_name: str, route: Route | None) -> list[str]:
    """Return the model names that clients may send."""
    return list(dict.fromkeys([model_name, *([route.version, route.adapter_name] if route else [])]))


def _unserved(name: str, model_name: str, route: Route | None) -> Problem | None:
    """Return Problem 404 for a model that clients cannot name."""
    if name in _served_names(model_name, route):
        return None
    return Problem(404, "model_not_found", f"the model {name[:100]!r} is not served; ask for {model_name!r}", "model")


def _model(name: str) -> dict[str, Any]:
    """Return OpenAI's `model` object."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "medpipe"}


def _completion(answer: ServedAnswer) -> dict[str, Any]:
    """Return an answer as OpenAI's `chat.completion` object."""
    return {
        **_head(answer.answer_id, answer.route, "chat.completion"),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer.shown, "refusal": None},
                "finish_reason": answer.finish,
                "logprobs": None,
            }
        ],
        "usage": _usage(answer),
        "medpipe": _extra(answer),
    }


async def _events(
    first: AnswerPiece, rest: AsyncGenerator[AnswerPiece, None], usage: bool, request: Request
) -> AsyncGenerator[str, None]:
    """Yield server-sent events: the role, the pieces, the finish reason, the tokens where `usage` asks, and [DONE].

    A stream that ends in an error is noted in the request's state, where `Counting` finds it.
    """
    counted: dict[str, Any] = {"usage": None} if usage else {}
    yield _event({**_chunk(first, {"role": "assistant", "content": first.text}), **counted})
    try:
        async for piece in rest:
            if piece.answer is None:
                yield _event({**_chunk(piece, {"content": piece.text}), **counted})
                continue
            yield _event({**_chunk(piece, {}, piece.answer.finish), **counted, "medpipe": _extra(piece.answer)})
            if usage:
                yield _event({**_chunk(piece, {}), "choices": [], "usage": _usage(piece.answer)})
    except Problem as problem:
        request.state.broken = problem.status
        yield _event(error_body(request, problem))
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


def _usage(answer: ServedAnswer) -> dict[str, int]:
    """Return the tokens that the engine counted; none for an answer that it was not asked for."""
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
    }


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"
