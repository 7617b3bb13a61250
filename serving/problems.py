"""Error answers of the gateway: one exception, and the JSON body that each API gives it."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

_log = logging.getLogger("serving.problems")

_INDEX = re.compile(r"\.(\d+)(?=\.|$)")
_LONGEST_FIELD = 100

_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}

HELP = "If this may be an emergency, call your local emergency number now (112, 911 or 999)."
"""The end of each error that stands where an answer would: the rules do not recognise every emergency."""
_ASKING = ("/v1/ask", "/v1/chat/completions")
_OF_THE_CALLER = (401, 403, 429)
"""Errors below 500 that say nothing against the question."""

_CODES = {"question_too_long": "context_length_exceeded", "invalid_key": "invalid_api_key"}
"""OpenAI's names of problems, which its clients look for."""

_OPENAI = tuple(
    f"/v1/{name}"
    for name in (
        *("assistants", "audio", "batches", "chat/", "completions", "embeddings", "files", "fine_tuning", "images"),
        *("models", "moderations", "responses", "threads", "vector_stores"),
    )
)
"""The addresses of OpenAI's API, whether or not they are offered: their errors have its shape."""


class Problem(Exception):
    """An error answer: an HTTP status, a code for programs and a sentence for people.

    `field` names the field of the request at fault. The message never repeats a text of the request.
    """

    def __init__(
        self, status: int, code: str, message: str, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.field = status, code, message, field
        self.headers = dict(headers or {})


class TryLater(Problem):
    """The answer 503, which asks a client to try again after some seconds."""

    def __init__(self, code: str, message: str, seconds: int) -> None:
        super().__init__(503, code, message, headers={"Retry-After": str(seconds)})


def install(app: FastAPI) -> None:
    """Give every error of `app` a JSON body with its reason and its field, in OpenAI's shape under that API."""

    @app.exception_handler(Problem)
    async def on_problem(request: Request, problem: Exception) -> JSONResponse:
        assert isinstance(problem, Problem)
        if problem.status >= 500:  # the kind of the cause only: its own message may repeat a question
            cause = type(problem.__cause__).__name__ if problem.__cause__ else "no exception behind it"
            _log.warning("%s %d %s (%s)", request.url.path, problem.status, problem.code, cause)
        return respond(request, problem)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        field, message = _first(error.errors())
        return respond(request, Problem(422, "invalid_request", message, field))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return respond(request, Problem(error.status_code, "http_error", str(error.detail), headers=error.headers))


def respond(request: Request, problem: Problem) -> JSONResponse:
    """Return the problem as a JSON response, in the shape of the API that the request was sent to.

    OpenAI's API answers 400 where others answer 422: its clients know that status as an error of the request.
    """
    openai = _is_openai(request)
    status = 400 if openai and problem.status == 422 else problem.status
    return JSONResponse(error_body(request, problem), status, headers=problem.headers)


def error_body(request: Request, problem: Problem) -> dict[str, Any]:
    """Return `{"error": {code, message, field}}`, or OpenAI's `{"error": {message, type, param, code}}`.

    A question that gets no answer, although nothing was wrong with it, gets `HELP`.
    """
    message = problem.message
    if request.url.path in _ASKING and (problem.status >= 500 or problem.status in _OF_THE_CALLER):
        message = f"{message.rstrip('.')}. {HELP}"
    if _is_openai(request):
        kind = _TYPES.get(problem.status, "server_error" if problem.status >= 500 else "invalid_request_error")
        code = _CODES.get(problem.code, problem.code)
        return {"error": {"message": message, "type": kind, "param": problem.field, "code": code}}
    return {"error": {"code": problem.code, "message": message, "field": problem.field}}


def _is_openai(request: Request) -> bool:
    return request.url.path.startswith(_OPENAI)


def _first(errors: Sequence[Any]) -> tuple[str, str]:
    """Return the first field that is wrong, and what is wrong with it. Its value is not repeated."""
    error = errors[0]
    if error["type"] == "json_invalid":
        return "body", "body: not valid JSON"
    path = ".".join(str(part) for part in error["loc"] if part != "body") or "body"
    field = _INDEX.sub(r"[\1]", path).encode("utf-8", "replace").decode()[:_LONGEST_FIELD]
    reason = "unknown field" if error["type"] == "extra_forbidden" else error["msg"]
    return field, f"{field}: {reason}"
