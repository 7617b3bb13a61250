"""HTTP as NLM's servers ask for it: retries with patience, time limits, whole files under their final name
only.

A base address may also be a folder (`file:///…` or a plain path), such as a mirror of the FTP site kept with
`rsync -t` or `wget -N`: its files are listed by name, and their modification time stands for the index's
date.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote, urlparse

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError
from urllib3.util.retry import Retry

from medpipe.errors import SourceError
from medpipe.sources.transport.transfer import ATTEMPTS, TIMEOUT, TRANSIENT, demand_ok, forget, transfer

__all__ = [
    "TIMEOUT",
    "Listed",
    "ask",
    "download",
    "folder_of",
    "forget",
    "index",
    "listing",
    "md5_in",
    "md5_of",
    "numbered",
    "page",
    "session",
    "text",
    "whole",
]

log = logging.getLogger(__name__)

_CHUNK = 1 << 20
_Read = TypeVar("_Read")
_LISTED = re.compile(r'<a href="([^"?/]+)">[^<]*</a>[ \t]+(\d{4}-\d\d-\d\d)', re.IGNORECASE)
_MD5 = re.compile(r"\b([0-9a-fA-F]{32})\b")


class Listed(NamedTuple):
    """A file of an index: its name and the day that it was posted."""

    name: str
    day: date


def session(user_agent: str = "medpipe") -> requests.Session:
    """A session that repeats what fails for a moment: 5 times, exponential back-off, Retry-After up to a
    minute."""
    made = requests.Session()
    retry = Retry(
        total=5,
        connect=3,
        backoff_factor=0.5,
        status_forcelist=TRANSIENT,
        allowed_methods=("GET", "POST"),
        respect_retry_after_header=True,
        retry_after_max=60,
        raise_on_status=False,
    )
    made.mount("http://", HTTPAdapter(max_retries=retry))
    made.mount("https://", HTTPAdapter(max_retries=retry))
    made.headers.update({"User-Agent": user_agent, "Accept-Encoding": "identity"})
    return made


def folder_of(address: str) -> Path | None:
    """The folder that an address names (`file://` or a path), or None for http and https."""
    parsed = urlparse(address)
    if parsed.scheme in ("http", "https"):
        return None
    if parsed.scheme not in ("", "file"):
        raise SourceError(f"{address}: only http, https, file or a folder can be read; correct the setting.")
    folder = Path(unquote(parsed.path) if parsed.scheme == "file" else address)
    if not folder.is_dir():
        raise SourceError(f"{address}: no such folder; correct the setting or make the folder.")
    return folder


def text(http: requests.Session, url: str) -> str:
    """A page's text; raises SourceError for anything but 200."""
    return ask(http, url).text


def page(http: requests.Session, url: str, cache: Path) -> str:
    """A page's text, which is asked for again only when it has changed; raises SourceError."""
    return download(http, url, cache).read_text(encoding="utf-8", errors="replace")


def index(http: requests.Session, url: str) -> list[Listed]:
    """The files of an Apache-style index page with their days, in the page's order."""
    content = text(http, url)
    found = [Listed(name, date.fromisoformat(day)) for name, day in _LISTED.findall(content)]
    if not found and "<a " not in content.lower():
        raise SourceError(f"{url}: not an index of files; check the address.")
    return found


def listing(folder: Path) -> list[Listed]:
    """The files of a folder with the days of their modification times (UTC), by name."""
    return [
        Listed(path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC).date())
        for path in sorted(folder.iterdir())
        if path.is_file()
    ]


def md5_in(content: str, where: str) -> str:
    """The check sum of an `.md5` file: `MD5(name)= hex` as NLM writes it, or `hex  name`."""
    found = _MD5.search(content)
    if found is None:
        raise SourceError(f"{where}: holds no MD5 sum ({len(content)} characters); try again later.")
    return found.group(1).lower()


def md5_of(path: Path) -> str:
    """The MD5 of a file: NLM's choice; it finds damage, it proves no origin."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def download(http: requests.Session, url: str, cache: Path, md5_url: str | None = None) -> Path:
    """A file of `url` in the cache, whole; with `md5_url`, its check sum is right.

    What is in the cache already is used again when its sum is right, or, where there is none, when the server
    says that it has not changed. Raises SourceError after three attempts that broke off, or when the sum is
    still wrong after a second download.
    """
    folder = cache / hashlib.sha256(url.rsplit("/", 1)[0].encode()).hexdigest()[:12]
    target = folder / url.rsplit("/", 1)[1]
    if md5_url is None:
        return transfer(http, url, target)
    wanted = md5_in(text(http, md5_url), md5_url)
    if target.exists() and md5_of(target) == wanted:
        return target
    for attempt in (1, 2):
        target.unlink(missing_ok=True)
        transfer(http, url, target)
        found = md5_of(target)
        if found == wanted:
            return target
        log.warning("%s: MD5 is %s, should be %s (download %d)", url, found, wanted, attempt)
        wanted = md5_in(text(http, md5_url), md5_url)
    target.unlink(missing_ok=True)
    raise SourceError(
        f"{url}: its MD5 is {found} where {md5_url} says {wanted}, twice. "
        "The posting is not whole: try again in an hour."
    )


def ask(
    http: requests.Session, url: str, where: str = "", arguments: Mapping[str, str] | None = None
) -> requests.Response:
    """A whole answer to a GET, which is repeated when it breaks off; `where` is its name in messages.

    Raises SourceError for anything but 200, and when no whole answer comes.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = http.get(url, params=arguments, timeout=TIMEOUT)
        except (requests.exceptions.ChunkedEncodingError, requests.ConnectionError) as error:
            if attempt == ATTEMPTS or _unreachable(error):
                raise _no_answer(where or url, error) from error
            log.warning("%s: broke off (%s), attempt %d of %d", where or url, type(error).__name__, attempt, ATTEMPTS)
        except requests.RequestException as error:
            raise _no_answer(where or url, error) from error
        else:
            demand_ok(answer, where or url)
            return answer
    raise AssertionError("unreachable")


def _unreachable(error: Exception) -> bool:
    """Whether there was no connection at all: the session has tried that often enough."""
    return isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError)


def _no_answer(where: str, error: Exception) -> SourceError:
    return SourceError(f"{where}: no answer ({type(error).__name__}); check the address and the network.")


def whole(address: str, cache: Path, read: Callable[[Path], _Read]) -> _Read:
    """What `read` makes of a file of the web or of this machine, or the SourceError that it raises.

    A download that cannot be read is made once more, since it may have been cut on the way; when that does
    not help, the next pull downloads it again whatever the server says.
    """
    if "://" not in address:
        return read(Path(address))
    for attempt in (1, 2):
        with session() as http:
            path = download(http, address, cache)
        try:
            return read(path)
        except SourceError as error:
            forget(path)
            if attempt == 2:
                raise
            log.warning("%s; downloading it once more", error)
    raise AssertionError("unreachable")


def numbered(values: Iterator[Any], name: str, every: int = 5000) -> Iterator[Any]:
    """Pass values on, logging how many there were: now and then, and at the end."""
    count = 0
    for count, value in enumerate(values, start=1):
        if count % every == 0:
            log.info("%s: %d documents so far", name, count)
        yield value
    log.info("%s: %d documents", name, count)
