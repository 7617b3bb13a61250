"""What happens to every request: it is counted and timed, and refused unread when too many are open."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.limits import Limits
from serving.metrics import Metrics
from serving.problems import TryLater, respond

_LEFT = 499
"""The status that nginx gives to a request whose client left before the answer."""
_OPERATORS = frozenset({"/healthz", "/readyz", "/metrics"})
_DECISIONS = "/v1/admin/"
_RESERVED = 16
"""Requests that may be open beyond the limit if they are decisions: whoever stops serving must get through."""


class Counting:
    """ASGI middleware. Endpoints are counted by template: a path that a client typed never becomes a label."""

    def __init__(self, app: ASGIApp, metrics: Metrics, limits: Limits) -> None:
        self._app, self._metrics, self._limits = app, metrics, limits
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request; the paths of probes and operators are always admitted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] in _OPERATORS:
            await self._counted(self._app, scope, receive, send)
        elif self._open >= self._limits.open_requests + (_RESERVED if scope["path"].startswith(_DECISIONS) else 0):
            await self._counted(self._refuse, scope, receive, send)
        else:
            self._open += 1
            try:
                await self._counted(self._app, scope, receive, send)
            finally:
                self._open -= 1

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = TryLater(
            "overloaded", "too many requests are open; try again in some seconds", self._limits.retry_after_seconds
        )
        problem.headers["Connection"] = "close"
        await respond(Request(scope), problem)(scope, receive, send)

    async def _counted(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request by its status. A stream that broke off counts as its error and not as 200."""
        begun, status = time.perf_counter(), 0
        scope.setdefault("state", {})

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._metrics.seconds.labels(_endpoint(scope)).observe(time.perf_counter() - begun)
            await send(message)

        try:
            await app(scope, receive, noted)
            status = scope["state"].get("broken", status or _LEFT)
        except Exception:
            status = 500
            raise
        finally:
            self._metrics.requests.labels(_endpoint(scope), str(status or _LEFT)).inc()


def _endpoint(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "unknown")
