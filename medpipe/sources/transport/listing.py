"""The files of an index page or of a folder, and the days on which they were posted.

The address of a source may also be a folder (`file:///…` or a path), such as a mirror of the FTP site kept with
`rsync -t` or `wget -N`: its files are listed by name, and a file's modification time is when it was posted.

Days and times are NLM's everywhere (`core.sources.EASTERN`): an index page shows no others. So a file has one day and
one revision, whether a page or a mirror lists it. Only in the first hour of a summer's day a mirror is a day behind.
"""

from __future__ import annotations

import logging
import re
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlparse

import requests

from medpipe.core.sources import EASTERN
from medpipe.errors import SourceError
from medpipe.sources.transport import session

log = logging.getLogger(__name__)

_ENTRY = re.compile(r'<a href="([^"?/]+)">[^<]*</a>[ \t]+(((\d{4}-\d\d-\d\d)(?: \d\d:\d\d)?)[^<\r\n]*)', re.IGNORECASE)


class Listed(NamedTuple):
    """A file: its name, the day on which it was posted, and all that the listing says of its posting."""

    name: str
    day: date
    mark: str = ""
    """Time and size: a file that is posted again under its name has another one."""
    time: str = ""
    """Day and time by NLM's clock as `2026-03-03 14:05`, as far as the listing says them."""


def folder_of(address: str) -> Path | None:
    """Return the folder that an address names, or None for http and https.

    Raises SourceError for another scheme and for a folder that does not exist.
    """
    parsed = urlparse(address)
    if parsed.scheme in ("http", "https"):
        return None
    if parsed.scheme not in ("", "file"):
        raise SourceError(f"{address}: only http, https, file or a folder can be read; correct the setting.")
    folder = Path(unquote(parsed.path) if parsed.scheme == "file" else address)
    if not folder.is_dir():
        raise SourceError(f"{address}: no such folder; correct the setting or make the folder.")
    return folder


def of_page(http: requests.Session, url: str) -> list[Listed]:
    """Return the files of an Apache-style index page, in the page's order; their days are those of the page.

    Raises SourceError for any answer but 200 and for a page without links.
    """
    content = session.text(http, url)
    found = _ENTRY.findall(content)
    entries = [Listed(name, date.fromisoformat(day), " ".join(mark.split()), time) for name, mark, time, day in found]
    if not entries and "<a " not in content.lower():
        raise SourceError(f"{url}: not an index of files; check the address.")
    return entries


def of_folder(folder: Path) -> list[Listed]:
    """Return the files of a folder by name. Their modification times say when they were posted."""
    return [
        Listed(
            path.name,
            modified(path),
            f"{path.stat().st_mtime_ns} {path.stat().st_size}",
            f"{_modified(path):%Y-%m-%d %H:%M}",
        )
        for path in sorted(folder.iterdir())
        if path.is_file()
    ]


def modified(path: Path) -> date:
    """Return the day of a file's modification time: a download keeps the time of its posting."""
    return _modified(path).date()


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, EASTERN)


def posted_within(path: Path, address: str, start: date, end: date) -> date | None:
    """Return the day on which a downloaded file was posted; None, with a line in the log, outside [start, end).

    `address`: the source's, for the log.
    """
    day = modified(path)
    if start <= day < end:
        return day
    log.info("%s: posted on %s, not from %s to before %s", address, day, start, end)
    return None
