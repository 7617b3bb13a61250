"""Files over HTTP into a cache: whole or not at all, and only when they have changed."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar

import requests
from filelock import FileLock
from urllib3.exceptions import HTTPError

from medpipe.errors import SourceError
from medpipe.sources.transport import retry, session
from medpipe.sources.transport.checksum import md5_in, md5_of

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds after which a download must have kept up `SLOWEST`: a server that drips would hold a task for days."""
SLOWEST = 2048
"""Bytes a second, from the beginning."""
LARGEST = 4 << 30
"""Bytes of one download: fifty times PubMed's largest file."""
_PIECE = 1 << 18
"""Bytes of one read."""
_PAUSE = 0.5
"""Seconds before the second download of a file that broke off; before the third, twice as many."""

_Read = TypeVar("_Read")


class _BrokeOff(Exception):
    """A download that ended early or was too slow to end."""


class _WrongSum(Exception):
    """A download whose MD5 is not the published one."""


class _Unreadable(SourceError):
    """A downloaded file that cannot be read: it may have been cut on the way."""


def whole(address: str, cache: Path, read: Callable[[Path], _Read]) -> _Read:
    """Return what `read` makes of a file of the web or of this machine; raises the SourceError that it raises.

    A downloaded file that cannot be read is downloaded once more, since it may have been cut on the way. When
    that does not help, the next call downloads it again whatever the server says.
    """
    if "://" not in address:
        return read(Path(address))

    def attempt() -> _Read:
        with session.new() as http:
            path = download(http, address, cache)
        try:
            return read(path)
        except SourceError as error:
            forget(path)
            raise _Unreadable(str(error)) from error

    patient = retry.retrying(retry.TWICE, retry.is_a(_Unreadable), lambda error: f"{error} It is downloaded once more")
    return patient(attempt)


def page(http: requests.Session, url: str, cache: Path) -> str:
    """Return a page's text, downloaded only when it has changed. Raises SourceError."""
    return download(http, url, cache).read_text(encoding="utf-8", errors="replace")


def download(http: requests.Session, url: str, cache: Path, md5_url: str | None = None) -> Path:
    """Return the file of `url` in the cache: whole and, with `md5_url`, with the published MD5.

    A file that the cache has already is used again when its sum is the published one or, without `md5_url`, when
    the server says that it has not changed. Raises SourceError after three downloads that broke off, and after
    two whose sum was wrong.
    """
    folder = cache / hashlib.sha256(url.rsplit("/", 1)[0].encode()).hexdigest()[:12]
    target = folder / url.rsplit("/", 1)[1]
    if md5_url is None:
        return transfer(http, url, target)
    published = md5_in(session.text(http, md5_url), md5_url)
    if target.exists() and md5_of(target) == published:
        return target
    return _verified(http, url, target, md5_url, published)


def _verified(http: requests.Session, url: str, target: Path, md5_url: str, published: str) -> Path:
    """Download until the MD5 is the published one. After a wrong one, the published MD5 is fetched again as well."""
    actual = ""

    def attempt() -> Path:
        nonlocal actual, published
        target.unlink(missing_ok=True)
        transfer(http, url, target)
        actual, expected = md5_of(target), published
        if actual == expected:
            return target
        published = md5_in(session.text(http, md5_url), md5_url)
        raise _WrongSum(f"{url}: MD5 is {actual}, should be {expected}")

    try:
        return retry.retrying(retry.TWICE, retry.is_a(_WrongSum), str)(attempt)
    except _WrongSum as error:
        target.unlink(missing_ok=True)
        raise SourceError(
            f"{url}: its MD5 is {actual} where {md5_url} says {published}, twice. "
            "The posting is not whole: try again in an hour."
        ) from error


def transfer(http: requests.Session, url: str, target: Path) -> Path:
    """Download `url` as `target`, which is renamed into place when it is whole, with the posting's time.

    The ETag and Last-Modified of a file that is there already are sent along, and it stays when the server says
    that it has not changed. Processes that want the same file wait for each other. What a killed process left
    is removed. Raises SourceError after three downloads that broke off, for any status but 200 and 304, and
    when the disk is full.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    broke_off = retry.is_a(HTTPError, _BrokeOff)
    patient = retry.retrying(retry.ATTEMPTS, broke_off, lambda error: f"{url}: broke off ({_reason(error)})", _PAUSE)
    with FileLock(target.with_name(f".{target.name}.lock")):
        try:
            return patient(_once, http, url, target)
        except requests.RequestException as error:  # the session has repeated it already
            raise session.no_answer(url, error) from error
        except (HTTPError, _BrokeOff) as error:
            raise SourceError(
                f"{url}: broke off {retry.ATTEMPTS} times ({_reason(error)}); check the network and pull again."
            ) from error
        except OSError as error:
            raise SourceError(
                f"{url}: cannot be kept in {target.parent} ({error.strerror}); make room and pull again."
            ) from error


def forget(target: Path) -> None:
    """Forget a cached file whose content was bad, so that the next call downloads it even if it is unchanged."""
    _marks(target).unlink(missing_ok=True)


def _reason(error: BaseException) -> str:
    return str(error) if isinstance(error, _BrokeOff) else type(error).__name__


def _once(http: requests.Session, url: str, target: Path) -> Path:
    partial = target.with_name(target.name + ".part")
    with http.get(url, stream=True, timeout=session.TIMEOUT, headers=_known(target)) as answer:
        if answer.status_code == 304:
            log.info("%s: not changed", url)
            return target
        session.demand_ok(answer, url)
        try:
            _receive(answer, partial)
            os.utime(partial, (_posted(answer),) * 2)
            forget(target)  # before the rename: marks never belong to another file than the one that is there
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    _remember(answer, target)
    log.info("%s: %d bytes", url, target.stat().st_size)
    return target


def _receive(answer: requests.Response, partial: Path) -> None:
    began, size = time.monotonic(), 0
    with partial.open("wb") as stream:
        while piece := answer.raw.read1(_PIECE):
            stream.write(piece)
            size += len(piece)
            if size > LARGEST:
                raise SourceError(f"{answer.url}: more than {LARGEST} bytes; NLM does not publish such a file.")
            took = time.monotonic() - began
            if took > PATIENCE and size < took * SLOWEST:
                raise _BrokeOff(f"{size} bytes in {took:.0f} seconds")
        stream.flush()
        os.fsync(stream.fileno())
    announced = answer.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced) != size:
        raise _BrokeOff(f"{size} of {announced} bytes")


def _posted(answer: requests.Response) -> float:
    """Return when the file was posted (Last-Modified), else when it was sent, in seconds since 1970."""
    for header in ("Last-Modified", "Date"):
        try:
            return parsedate_to_datetime(answer.headers[header]).timestamp()
        except (KeyError, ValueError):
            continue
    return datetime.now(UTC).timestamp()


def _marks(target: Path) -> Path:
    return target.with_name(target.name + ".http")


def _known(target: Path) -> dict[str, str]:
    """Return the headers that ask whether the cached file has changed (RFC 9110, 13.1); none without a file."""
    try:
        return dict(json.loads(_marks(target).read_text())) if target.exists() else {}
    except (FileNotFoundError, ValueError):
        return {}


def _remember(answer: requests.Response, target: Path) -> None:
    conditions = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
    marks = {condition: answer.headers[header] for header, condition in conditions if header in answer.headers}
    partial = target.with_name(target.name + ".http.part")
    partial.write_text(json.dumps(marks))
    partial.replace(_marks(target))
