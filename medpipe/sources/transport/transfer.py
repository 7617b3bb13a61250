"""One file over HTTP into a cache: whole or not at all, and only when it has changed."""

from __future__ import annotations

import json
import logging
import os
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
from filelock import FileLock
from urllib3.exceptions import HTTPError

from medpipe.errors import SourceError

log = logging.getLogger(__name__)

TIMEOUT = (10, 120)
"""Seconds to connect, and between two pieces of an answer."""
TRANSIENT = (429, 500, 502, 503, 504)
"""Statuses that may be gone in a moment."""
ATTEMPTS = 3
"""Downloads of one file that broke off, before giving up."""
PATIENCE = 60.0
"""Seconds after which a download must have kept up `SLOWEST`: a server that drips would hold a task for days."""
SLOWEST = 2048
"""Bytes a second, from the beginning."""
LARGEST = 4 << 30
"""Bytes of one download: fifty times PubMed's largest file."""
_PIECE = 1 << 18


class _BrokeOff(Exception):
    """A download that ended early or was too slow to end."""


def transfer(http: requests.Session, url: str, target: Path) -> Path:
    """`url` as `target`, which is renamed into place when it is whole; its modification time is the posting's.

    What is there already is asked about with its ETag and Last-Modified, and kept when the server says that
    it stands. Processes that want the same file wait for each other. What a killed process left is removed.
    Raises SourceError after three downloads that broke off, for any other answer, and when the disk is full.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f".{target.name}.lock")):
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _once(http, url, target)
            except requests.RequestException as error:  # the session has repeated it already
                raise SourceError(
                    f"{url}: no answer ({type(error).__name__}); check the address and the network."
                ) from error
            except (HTTPError, _BrokeOff) as error:
                reason = str(error) if isinstance(error, _BrokeOff) else type(error).__name__
                if attempt == ATTEMPTS:
                    raise SourceError(
                        f"{url}: broke off {ATTEMPTS} times ({reason}); check the network and pull again."
                    ) from error
                log.warning("%s: broke off (%s), attempt %d of %d", url, reason, attempt, ATTEMPTS)
                time.sleep(0.5 * attempt)
            except OSError as error:
                raise SourceError(
                    f"{url}: cannot be kept in {target.parent} ({error.strerror}); make room and pull again."
                ) from error
    raise AssertionError("unreachable")


def forget(target: Path) -> None:
    """Download it anew next time, whatever the server says about it: what came was not good."""
    _marks(target).unlink(missing_ok=True)


def demand_ok(answer: requests.Response, url: str) -> None:
    """Raise SourceError for any status but 200."""
    if answer.status_code != 200:
        hint = "try again later" if answer.status_code in TRANSIENT else "check the address"
        raise SourceError(f"{url}: HTTP {answer.status_code}; {hint}.")


def _once(http: requests.Session, url: str, target: Path) -> Path:
    partial = target.with_name(target.name + ".part")
    with http.get(url, stream=True, timeout=TIMEOUT, headers=_known(target)) as answer:
        if answer.status_code == 304:
            log.info("%s: not changed", url)
            return target
        demand_ok(answer, url)
        try:
            _receive(answer, partial)
            os.utime(partial, (_posted(answer),) * 2)
            forget(target)  # before the rename: marks never speak of another file than the one that is there
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
                raise SourceError(f"{answer.url}: more than {LARGEST} bytes; that is not what NLM publishes.")
            took = time.monotonic() - began
            if took > PATIENCE and size < took * SLOWEST:
                raise _BrokeOff(f"{size} bytes in {took:.0f} seconds")
        stream.flush()
        os.fsync(stream.fileno())
    announced = answer.headers.get("Content-Length")
    if announced is not None and int(announced) != size:
        raise _BrokeOff(f"{size} of {announced} bytes")


def _posted(answer: requests.Response) -> float:
    """When the file was posted (Last-Modified), else when it was sent, in seconds since 1970."""
    for header in ("Last-Modified", "Date"):
        try:
            return parsedate_to_datetime(answer.headers[header]).timestamp()
        except (KeyError, ValueError):
            continue
    return datetime.now(UTC).timestamp()


def _marks(target: Path) -> Path:
    return target.with_name(target.name + ".http")


def _known(target: Path) -> dict[str, str]:
    """The request headers that ask whether the file in the cache still stands; none when there is no file."""
    try:
        return dict(json.loads(_marks(target).read_text())) if target.exists() else {}
    except (FileNotFoundError, ValueError):
        return {}


def _remember(answer: requests.Response, target: Path) -> None:
    pairs = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
    known = {asked: answer.headers[given] for given, asked in pairs if given in answer.headers}
    partial = target.with_name(target.name + ".http.part")
    partial.write_text(json.dumps(known))
    partial.replace(_marks(target))
