"""A reply of the small NLM, before it becomes HTTP."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from medpipe.sandbox.rendering import render


class Reply(NamedTuple):
    """Status, headers and body of an answer, and how the body is sent."""

    body: bytes
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = {}
    sent: int | None = None
    """How many bytes of the body are sent. Fewer than all of them cut the connection. None: all."""
    pause: float = 0.0
    """Seconds between two tenths of the body."""

    @property
    def etag(self) -> str:
        """The entity tag of the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


def page(text: str) -> Reply:
    """Return an HTML page."""
    return Reply(text.encode())


def error_page(status: int, text: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Return an HTML page that says what is wrong."""
    return Reply(render("nlm/error.html", text=text).encode(), status=status, headers=headers or {})


def xml(text: str, status: int = 200) -> Reply:
    """Return an XML document."""
    return Reply(text.encode(), "text/xml; charset=UTF-8", status)


def as_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a value as JSON."""
    return Reply(json.dumps(value).encode(), "application/json; charset=UTF-8", status, headers or {})


def file(body: bytes, media_type: str = "application/octet-stream", posted: date | None = None) -> Reply:
    """Return a file. `posted`: the day of its posting, at 2:30 in the morning of NLM's time zone (7:30 GMT)."""
    headers = {} if posted is None else {"Last-Modified": f"{posted:%a, %d %b %Y} 07:30:00 GMT"}
    return Reply(body, media_type, headers=headers)
