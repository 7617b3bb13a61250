"""What can go wrong on the way, on demand: the sources are tested against each."""

from __future__ import annotations

import hashlib
import re
import threading
from typing import Literal, get_args

from medpipe.sandbox.nlm.eutilities import rate_limited
from medpipe.sandbox.nlm.reply import Reply

Kind = Literal[
    "429", "500", "cut", "truncated", "empty", "error-body", "no-links", "slow", "wrong-encoding", "wrong-md5"
]
"""`cut`: the connection breaks in the middle of the body. `truncated`: half of the body, sent as if it were
all. `error-body`: a page that says sorry, with status 200. `no-links`: the page without its links. `slow`: two
seconds for the body. `wrong-encoding`: Latin-1 under a declaration that says UTF-8."""

_SORRY = b"<!DOCTYPE html><html><body><h1>Sorry</h1><p>The site is under maintenance.</p></body></html>"
_LINK = re.compile(rb"<a [^>]*>.*?</a>", re.IGNORECASE | re.DOTALL)


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
        return reply if kind is None else _spoilt(reply, kind)


def _spoilt(reply: Reply, kind: Kind) -> Reply:
    """The reply after this kind of mischief."""
    body, half = reply.body, len(reply.body) // 2
    match kind:
        case "429":
            return rate_limited("127.0.0.1", 4, 3)
        case "500":
            return Reply(b"<html><body>500 Internal Server Error</body></html>", status=500)
        case "cut":
            return reply._replace(sent=half)
        case "slow":
            return reply._replace(pause=0.2)
        case "truncated":
            body = body[:half]
        case "empty":
            body = b""
        case "error-body":
            body = _SORRY
        case "no-links":
            body = _LINK.sub(b"", body)
        case "wrong-encoding":
            body = body.decode().encode("latin-1", "replace")
        case "wrong-md5":
            right = body.split()[-1]
            body = body.replace(right, hashlib.md5(b"", usedforsecurity=False).hexdigest().encode())
    return reply._replace(body=body)
