"""The headers that say what is left of a caller's limits, on every answer to the caller."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class QuotaHeaders:
    """ASGI middleware: adds what `keep` was given to the headers of the response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, and add the headers when the response starts."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(scope.get("state", {}).get("quota_headers", {}))
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)


def keep(request: Request, headers: Mapping[str, str]) -> None:
    """Have headers added to the response to a request."""
    request.state.quota_headers = headers
