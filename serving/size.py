"""A limit on the size of request bodies, applied before anything parses them."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import Problem, respond


class BodyLimit:
    """ASGI middleware: answers 413 to a body of more than `limit` bytes, with or without a Content-Length."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to `limit` bytes, then call the application with it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        body, more = b"", scope["method"] in ("POST", "PUT", "PATCH")
        too_large = announced.isdigit() and int(announced) > self._limit
        read = more
        while more and not too_large:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more, too_large = message.get("more_body", False), len(body) > self._limit
        if too_large:
            problem = Problem(413, "too_large", f"the request has more than {self._limit} bytes")
            await respond(Request(scope), problem)(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive) if read else receive, send)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the whole body first, and then what the client sends next."""
    delivered = False

    async def replayed() -> Message:
        nonlocal delivered
        if delivered:
            return await receive()
        delivered = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
