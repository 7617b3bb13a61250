"""Faults of publishers, on demand. The sources are tested against each kind."""

from __future__ import annotations

import hashlib
import re
import threading
from typing import Literal, get_args

from medpipe.sandbox.nlm.eutilities import rate_limited
from medpipe.sandbox.nlm.reply import Reply, error_page
from medpipe.sandbox.rendering import render

Kind = Literal[
    "404",
    "429",
    "500",
    "503",
    "cut",
    "truncated",
    "empty",
    "error-body",
    "no-links",
    "slow",
    "wrong-encoding",
    "wrong-md5",
]
"""The faults:

- `404`, `429`, `500`, `503`: an error with this status
- `cut`: the connection breaks in the middle of the body
- `truncated`: half of the body, sent as if it were all
- `empty`: no body, with status 200
- `error-body`: a page of apology, with status 200
- `no-links`: the page without its links
- `slow`: two seconds for the body
- `wrong-encoding`: Latin-1 under a declaration that says UTF-8
- `wrong-md5`: the check sum of another file
"""

_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
_LINK = re.compile(rb"<a [^>]*>.*?</a>", re.IGNORECASE | re.DOTALL)


class Mischief:
    """The faults that are ordered for each path, and their number. Each fault spoils one answer."""

    def __init__(self) -> None:
        self._ordered = dict[str, list[Kind]]()
        self._lock = threading.Lock()

    def order(self, path: str, kind: str, times: int) -> None:
        """Spoil the next `times` answers of `path`; raises ValueError for an unknown kind."""
        if kind not in _KINDS:
            raise ValueError(f"no mischief {kind!r}; choose one of {', '.join(_KINDS)}")
        with self._lock:
            self._ordered[path] = [_KINDS[kind]] * times

    def applied(self, path: str, reply: Reply) -> Reply:
        """Return the reply, with the next fault of this path if one was ordered."""
        with self._lock:
            ordered = self._ordered.get(path)
            kind = ordered.pop() if ordered else None
        return reply if kind is None else _spoilt(reply, kind)


def _spoilt(reply: Reply, kind: Kind) -> Reply:
    """Return the reply with a fault."""
    match kind:
        case "429":
            return rate_limited("127.0.0.1", 4, 3)
        case "404":
            return error_page(404, "404 Not Found")
        case "500":
            return error_page(500, "500 Internal Server Error")
        case "503":
            return error_page(503, "503 Service Unavailable")
        case "cut":
            return reply._replace(sent=len(reply.body) // 2)
        case "slow":
            return reply._replace(pause=0.2)
        case _:
            return reply._replace(body=_spoilt_body(reply.body, kind))


def _spoilt_body(body: bytes, kind: Kind) -> bytes:
    match kind:
        case "truncated":
            return body[: len(body) // 2]
        case "error-body":
            return render("nlm/maintenance.html").encode()
        case "no-links":
            return _LINK.sub(b"", body)
        case "wrong-encoding":
            return body.decode().encode("latin-1", "replace")
        case "wrong-md5":
            return body.replace(body.split()[-1], hashlib.md5(b"", usedforsecurity=False).hexdigest().encode())
        case _:
            return b""
