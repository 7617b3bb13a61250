"""E-utilities: small pulls from the live PubMed, by id or for a short window, without waiting for a file.

https://www.ncbi.nlm.nih.gov/books/NBK25499/. For whole days use the source `pubmed`: a search shows at most
9,999 records, and NLM asks that large jobs use the files.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple

import requests
from pydantic import SecretStr

from medpipe.core.corpus.document import Document
from medpipe.errors import SourceError
from medpipe.sources.pubmed.citations import answer_revision, parse_citations
from medpipe.sources.transport import fetch, safe_xml
from medpipe.sources.transport.pace import Pace

__all__ = ["EutilsSource"]
log = logging.getLogger(__name__)

_CAP = 9_999
"""Records of one search that can be reached."""
_BATCH = 200
"""Ids in one efetch."""
_EASTERN = timedelta(hours=-5)
"""NLM's day: its index pages are dated in Eastern time."""
_KEY_IN_ERROR = re.compile(rb'("api-key"\s*:\s*")[^"]*(")')
_ERROR_ELEMENT = re.compile(rb"<ERROR>(.*?)</ERROR>", re.DOTALL)


class _Answer(NamedTuple):
    """The body, without the key that errors repeat, and the server's day in Eastern time."""

    body: bytes
    day: date


class EutilsSource:
    """Citations from `address` (`…/entrez/eutils`, or a folder of saved efetch answers).

    With `ids`, a pull asks for these records as they are now, whatever the window (DateRevised does not tell
    when a record changed), and raises SourceError naming those that PubMed does not give. Without, it asks
    for what was modified in the window.

    The revision is that of the window's last day, or of the server's own day where that is earlier: a pull
    can never outrank files that are still to come. See `medpipe.sources.pubmed.citations`.
    """

    def __init__(self, address: str, email: str, api_key: SecretStr | str | None, cache: Path) -> None:
        self._address = address.rstrip("/")
        self._key = api_key.get_secret_value() if isinstance(api_key, SecretStr) else api_key or ""
        self._who = {"tool": "medpipe", "email": email} | ({"api_key": self._key} if self._key else {})
        self._pace = Pace(cache / "eutils", per_second=10 if self._key else 3)

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Document]:
        """See `medpipe.ports.Source.pull`; `ids` are `pmid:123` or `123`."""
        folder = fetch.folder_of(self._address)
        wanted = list(dict.fromkeys(value.removeprefix("pmid:").partition(".")[0] for value in ids))
        bad = [value for value in wanted if not value.isdigit()]
        if bad:
            raise SourceError(f"not PMIDs: {', '.join(bad)}; ids look like pmid:99000006.")
        found = (
            _saved(folder, start, end, wanted)
            if folder is not None
            else self._by_id(wanted, end)
            if wanted
            else self._window(start, end)
        )
        yield from fetch.numbered(found, self._address)

    def _by_id(self, wanted: Sequence[str], end: date) -> Iterator[Document]:
        missing = list[str]()
        with fetch.session() as http:
            for first in range(0, len(wanted), _BATCH):
                asked = wanted[first : first + _BATCH]
                documents = self._fetch(http, {"id": ",".join(asked)}, end)
                missing += _absent(asked, documents)
                yield from documents
        if missing:
            raise SourceError(
                f"{self._address}/efetch.fcgi: PubMed has no record {', '.join(missing)} (of "
                f"{len(wanted)} asked for): unknown or deleted; correct the ids."
            )

    def _window(self, start: date, end: date) -> Iterator[Document]:
        """What was modified in [start, end), halving the window while it holds more than can be reached."""
        if start >= end:
            return
        with fetch.session() as http:
            found = self._search(http, start, end)
            count = int(found["count"])
            if count <= _CAP:
                yield from self._found(http, found, end)
                return
        if end - start <= timedelta(days=1):
            raise SourceError(
                f"{self._address}/esearch.fcgi: {count} records were modified on {start}, more than "
                f"the {_CAP} that can be reached; use the source pubmed for whole days."
            )
        middle = start + (end - start) // 2
        yield from self._window(start, middle)
        yield from self._window(middle, end)

    def _found(self, http: requests.Session, found: Mapping[str, Any], end: date) -> Iterator[Document]:
        """The records of a search, from NLM's history; those that a page lacks are asked for by id."""
        asked: list[str] = found["idlist"]
        for first in range(0, len(asked), _BATCH):
            page = asked[first : first + _BATCH]
            documents = self._fetch(
                http,
                {
                    "query_key": found["querykey"],
                    "WebEnv": found["webenv"],
                    "retstart": str(first),
                    "retmax": str(_BATCH),
                },
                end,
            )
            absent = _absent(page, documents)
            if absent:
                again = self._fetch(http, {"id": ",".join(absent)}, end)
                lost = _absent(absent, again)
                if lost:
                    log.warning("%s: found by search but not given: %s (deleted meanwhile?)", self._address, lost)
                documents += again
            yield from documents

    def _search(self, http: requests.Session, start: date, end: date) -> dict[str, Any]:
        """esearch by modification date; raises SourceError for an error in the body of an answer 200."""
        last = end - timedelta(days=1)
        answer = self._ask(
            http,
            "esearch.fcgi",
            {
                "db": "pubmed",
                "term": "all[sb]",
                "datetype": "mdat",
                "mindate": start.strftime("%Y/%m/%d"),
                "maxdate": last.strftime("%Y/%m/%d"),
                "usehistory": "y",
                "retmax": str(_CAP),
                "retmode": "json",
            },
        )
        where = f"{self._address}/esearch.fcgi, {start} to {last}"
        try:
            body = dict(json.loads(answer.body))
        except (ValueError, TypeError) as error:
            raise SourceError(f"{where}: the answer is no JSON object; try again later.") from error
        found: dict[str, Any] = body.get("esearchresult") or {}
        trouble = body.get("error") or found.get("ERROR")
        if trouble or not {"count", "idlist", "querykey", "webenv"} <= found.keys():
            raise SourceError(f"{where}: {trouble or 'an incomplete answer'}; try again later.")
        return found

    def _fetch(self, http: requests.Session, what: Mapping[str, str], end: date) -> list[Document]:
        """One efetch. What is cut off or an error is asked for once more, then it is a SourceError."""
        where = f"{self._address}/efetch.fcgi ({_described(what)})"
        for attempt in (1, 2):
            try:
                answer = self._ask(http, "efetch.fcgi", {"db": "pubmed", "retmode": "xml"} | dict(what))
                _demand_no_error(answer.body, where)
                revision = answer_revision(min(end - timedelta(days=1), answer.day))
                return _documents(answer.body, where, revision)
            except SourceError as error:
                if attempt == 2:
                    raise
                log.warning("%s", error)
        raise AssertionError("unreachable")

    def _ask(self, http: requests.Session, program: str, arguments: Mapping[str, str]) -> _Answer:
        """A POST, so that the key stands in no address, log or exception."""
        self._pace.wait()
        where = f"{self._address}/{program}"
        try:
            answer = http.post(where, data=self._who | dict(arguments), timeout=fetch.TIMEOUT)
        except requests.RequestException as error:
            raise SourceError(
                f"{where}: no whole answer ({type(error).__name__}); check the address and the network, and try again."
            ) from None
        body = _KEY_IN_ERROR.sub(rb"\1***\2", answer.content)
        if self._key:
            body = body.replace(self._key.encode(), b"***")
        if answer.status_code != 200:
            raise SourceError(
                f"{where}: HTTP {answer.status_code}: {body[:300].decode(errors='replace')}; "
                "correct the request or try again later."
            )
        return _Answer(body, _day_of(answer))


def _documents(body: bytes, where: str, revision: int) -> list[Document]:
    return list(parse_citations(io.BytesIO(body), where, revision))


def _demand_no_error(body: bytes, where: str) -> None:
    """Raise the errors that E-utilities reports with HTTP 200, in XML or JSON."""
    if body.lstrip()[:1] == b"{":
        raise SourceError(f"{where}: {body[:300].decode(errors='replace')}; try again later.")
    if b"<PubmedArticleSet" in body[:2000]:
        return
    errors = [error.decode(errors="replace") for error in _ERROR_ELEMENT.findall(body)]
    if not errors:
        safe_xml.document(body, where)
    raise SourceError(f"{where}: {'; '.join(errors) or 'not a PubmedArticleSet'}; try again later.")


def _day_of(answer: requests.Response) -> date:
    """The server's day in Eastern time; the far future when it does not say."""
    try:
        return (parsedate_to_datetime(answer.headers["Date"]) + _EASTERN).date()
    except (KeyError, ValueError):
        return date.max


def _absent(asked: Sequence[str], documents: Sequence[Document]) -> list[str]:
    given = {document.id.removeprefix("pmid:").partition(".")[0] for document in documents}
    return [number for number in asked if number not in given]


def _described(what: Mapping[str, str]) -> str:
    if "id" in what:
        numbers = what["id"].split(",")
        return f"{len(numbers)} ids from {numbers[0]}"
    return f"{what['retmax']} records from {what['retstart']} of the history"


def _saved(folder: Path, start: date, end: date, wanted: Sequence[str]) -> Iterator[Document]:
    """Saved answers, by name; a file's modification time is the day of the answer."""
    for path in sorted(path for path in folder.iterdir() if path.name.endswith(".xml")):
        day = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        if start <= day < end:
            found = _documents(path.read_bytes(), str(path), answer_revision(day))
            yield from (
                document
                for document in found
                if not wanted or document.id.removeprefix("pmid:").partition(".")[0] in wanted
            )
