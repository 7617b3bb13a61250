"""What can go wrong on the way, on demand: the sources are tested against each."""

from __future__ import annotations

import hashlib
import threading
from typing import Literal, get_args

from medpipe.sandbox.nlm.eutilities import rate_limited
from medpipe.sandbox.nlm.reply import Reply

Kind = Literal["429", "500", "cut", "truncated", "wrong-md5"]
"""`cut`: the connection breaks in the middle of the body. `truncated`: half of the body, sent as if it were
all."""


class Mischief:
    """What to do to the next answers of which paths."""

    def __init__(self) -> None:
        self._planned = dict[str, list[Kind]]()
        self._lock = threading.Lock()

    def plan(self, path: str, kind: str, times: int) -> None:
        """Misbehave for the next `times` requests of `path`; raises ValueError for an unknown kind."""
        if kind not in get_args(Kind):
            raise ValueError(f"no mischief {kind!r}; there are {', '.join(get_args(Kind))}")
        with self._lock:
            self._planned[path] = [kind] * times  # type: ignore[list-item]

    def on(self, path: str, reply: Reply) -> Reply:
        """The reply, or what is to become of it."""
        with self._lock:
            planned = self._planned.get(path)
            kind = planned.pop() if planned else None
        if kind == "429":
            return rate_limited("127.0.0.1", 4, 3)
        if kind == "500":
            return Reply(b"<html><body>500 Internal Server Error</body></html>", status=500)
        if kind == "cut":
            return reply._replace(sent=len(reply.body) // 2)
        if kind == "truncated":
            return reply._replace(body=reply.body[: len(reply.body) // 2])
        if kind == "wrong-md5":
            right = reply.body.split()[-1].decode()
            return reply._replace(
                body=reply.body.replace(right.encode(), hashlib.md5(b"", usedforsecurity=False).hexdigest().encode())
            )
        return reply
