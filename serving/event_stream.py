"""Server-sent events, whose source ends with them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.types import Send


class EventStream(StreamingResponse):
    """A response that closes its generators when it ends, also when the client leaves while a piece is sent.

    Starlette leaves them to the garbage collector: until it comes, the engine would write for nobody, in a turn that
    others wait for.
    """

    def __init__(
        self, events: AsyncGenerator[str, None], source: AsyncGenerator[Any, None], headers: Mapping[str, str]
    ) -> None:
        """`events`: the text. `source`: what the events are made of."""
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._events, self._source = events, source

    async def stream_response(self, send: Send) -> None:
        """Send the events."""
        async with aclosing(self._source), aclosing(self._events):
            await super().stream_response(send)
