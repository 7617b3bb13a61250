"""A stream ends all that it is made of."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from serving.event_stream import EventStream


@pytest.mark.parametrize("sent_before", [0, 1, 2])
@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
def test_a_client_that_leaves_while_a_piece_is_sent_ends_the_engines_answer_at_once(
    sent_before: int, spec_version: str
) -> None:
    closed: list[str] = []

    async def pieces() -> AsyncGenerator[str, None]:
        try:
            while True:
                yield "a piece"
        finally:
            closed.append("the answer")

    async def events(source: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
        async for piece in source:
            yield f"data: {piece}\n\n"

    async def scenario() -> None:
        source = pieces()
        await anext(source)  # as the endpoint does, before it answers
        messages: list[Message] = []

        async def send(message: Message) -> None:
            if len(messages) == sent_before:
                raise OSError("the client has left")
            messages.append(message)

        async def receive() -> Message:
            await asyncio.sleep(60)
            raise AssertionError

        response = EventStream(events(source), source, {})
        with suppress(OSError, ClientDisconnect):
            await response({"type": "http", "asgi": {"spec_version": spec_version}}, receive, send)
        assert closed == ["the answer"]

    gc.disable()
    try:
        asyncio.run(scenario())
    finally:
        gc.enable()
