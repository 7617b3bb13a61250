"""Request bodies: bounded in size and time, and read before anything parses them. A client that leaves is noticed."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.limits import Limits
from serving.problems import Problem, TryLater, respond

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Bodies:
    """ASGI middleware: reads the body, and cancels the answer when the client leaves.

    It answers 413 to a body that is too large, 408 to one that takes too long, and 422 to one that is no text.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, then call the application with it."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._limits.upload_seconds):
                body = await self._read(Headers(scope=scope), receive)
            if body is None:  # the client left: there is nobody to answer
                return
            _check(body)
        except TimeoutError:
            seconds = self._limits.upload_seconds
            await _refuse(scope, receive, send, Problem(408, "upload_too_slow", f"no body within {seconds:g} seconds"))
        except Problem as problem:
            await _refuse(scope, receive, send, problem)
        else:
            await _while_connected(self._app, scope, body, receive, send, self._limits)

    async def _read(self, headers: Headers, receive: Receive) -> bytes | None:
        """Return the body; None when the client leaves. Raises Problem 413."""
        limit = self._limits.body_bytes
        too_large = Problem(413, "too_large", f"the request has more than {limit} bytes")
        announced = headers.get("content-length", "0")
        if announced.isdigit() and int(announced) > limit:
            raise too_large
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > limit:
                raise too_large
            more = message.get("more_body", False)
        return bytes(body)


def _check(body: bytes) -> None:
    """Raise Problem 422 for bytes that are not UTF-8, and for half of a surrogate pair: neither can be stored."""
    try:
        body.decode()
        if _SURROGATE.search(body):
            with suppress(json.JSONDecodeError, RecursionError):  # not ours to say: the endpoint parses it, too
                json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeError as error:
        message = "body: not UTF-8, or half of a surrogate pair in a text"
        raise Problem(422, "invalid_request", message, "body") from error


async def _refuse(scope: Scope, receive: Receive, send: Send, problem: Problem) -> None:
    """Answer without having read the whole body: the connection cannot be used again."""
    problem.headers["Connection"] = "close"
    await respond(Request(scope), problem)(scope, receive, send)


async def _while_connected(
    app: ASGIApp, scope: Scope, body: bytes, receive: Receive, send: Send, limits: Limits
) -> None:
    """Run the application, and cancel it when the client leaves, or when no answer begins in time (503)."""
    left, begun, complete, delivered = asyncio.Event(), False, False, False

    async def replayed() -> Message:
        nonlocal delivered
        if delivered:
            await left.wait()
            return {"type": "http.disconnect"}
        delivered = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def sent(message: Message) -> None:
        nonlocal begun, complete
        begun = True
        complete = complete or (message["type"] == "http.response.body" and not message.get("more_body", False))
        await send(message)

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    answering = asyncio.ensure_future(app(scope, replayed, sent))
    watching = asyncio.ensure_future(watch())
    try:
        either = {answering, watching}
        await asyncio.wait(either, timeout=limits.answer_seconds, return_when=asyncio.FIRST_COMPLETED)
        if begun and not left.is_set():
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if answering.done() or complete:
            await answering
            return
        answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering
        if not left.is_set() and not begun:
            problem = TryLater("too_slow", "no answer in time; try again", limits.retry_after_seconds)
            await respond(Request(scope), problem)(scope, receive, send)
    finally:
        answering.cancel()
        watching.cancel()
