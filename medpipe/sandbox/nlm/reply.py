"""What the small NLM answers, before it becomes HTTP."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple


class Reply(NamedTuple):
    """`sent` is how much of the body really goes out; less than all of it cuts the connection. `pause` is how
    many seconds pass between two tenths of the body."""

    body: bytes
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = {}
    sent: int | None = None
    pause: float = 0.0

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


def page(text: str) -> Reply:
    return Reply(text.encode())


def xml(text: str, status: int = 200) -> Reply:
    return Reply(text.encode(), "text/xml; charset=UTF-8", status)


def as_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(json.dumps(value).encode(), "application/json; charset=UTF-8", status, headers or {})


def file(body: bytes, media_type: str = "application/octet-stream", posted: date | None = None) -> Reply:
    """A file with the day on which it was posted, at 2:30 in the morning where NLM is."""
    when = {} if posted is None else {"Last-Modified": f"{posted:%a, %d %b %Y} 07:30:00 GMT"}
    return Reply(body, media_type, headers=when)
