"""What can go wrong for a client, as one kind of exception, and how each API says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


class Problem(Exception):
    """An answer that is not 2xx: an HTTP status, a code for programs and a sentence for people."""

    def __init__(
        self, status: int, code: str, message: str, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.field = status, code, message, field
        self.headers = dict(headers or {})


def install(app: FastAPI) -> None:
    """Make every error of `app` say its reason and its field, in OpenAI's shape under that API."""

    @app.exception_handler(Problem)
    async def on_problem(request: Request, problem: Exception) -> JSONResponse:
        assert isinstance(problem, Problem)
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
    """A problem as JSON."""
    return JSONResponse(body(problem, openai=_is_openai(request)), problem.status, headers=problem.headers)


def body(problem: Problem, openai: bool) -> dict[str, Any]:
    """OpenAI's `{"error": {message, type, param, code}}`, or ours: `{code, message, field}` under `error` too."""
    if openai:
        kind = _TYPES.get(problem.status, "server_error" if problem.status >= 500 else "invalid_request_error")
        return {"error": {"message": problem.message, "type": kind, "param": problem.field, "code": problem.code}}
    return {"error": {"code": problem.code, "message": problem.message, "field": problem.field}}


def _is_openai(request: Request) -> bool:
    return request.url.path.startswith(("/v1/chat/", "/v1/models"))


def _first(errors: Sequence[Any]) -> tuple[str, str]:
    """The first field that is wrong and what is wrong with it; the value given is not repeated."""
    error = errors[0]
    if error["type"] == "json_invalid":
        return "body", "body: not valid JSON"
    field = ".".join(str(part) for part in error["loc"] if part != "body") or "body"
    reason = "unknown field" if error["type"] == "extra_forbidden" else error["msg"]
    return field, f"{field}: {reason}"
