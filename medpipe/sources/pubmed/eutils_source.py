"""E-utilities: small pulls from the live PubMed, by id or for a short window, without waiting for a file.

https://www.ncbi.nlm.nih.gov/books/NBK25499/. For whole days use the source `pubmed`: a search shows at most
9,999 records, and NLM asks that large jobs use the files.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import requests
from pydantic import SecretStr

from medpipe.core.corpus.bad_record import BadRecord, Received
from medpipe.errors import SourceError, UsageError
from medpipe.sources.pubmed.citations import answer_revision, parse_citations
from medpipe.sources.pubmed.record import document_id, pmid_of
from medpipe.sources.transport import document_ids, listing, progress, retry, safe_xml, session
from medpipe.sources.transport.pace import Pace

__all__ = ["EutilsSource"]
log = logging.getLogger(__name__)

_CAP = 9_999
"""Records of one search that can be reached."""
_BATCH = 200
"""Ids in one efetch."""
_KEY_IN_ERROR = re.compile(rb'("api-key"\s*:\s*")[^"]*(")')
_ERROR_ELEMENT = re.compile(rb"<ERROR>(.*?)</ERROR>", re.DOTALL)
_SHOWN = 300
"""Bytes of an unexpected answer that a message repeats."""


class _Answer(NamedTuple):
    """The body, without the key that errors repeat, and NLM's day on which it was sent."""

    body: bytes
    day: date


class EutilsSource:
    """Citations from `address`: `…/entrez/eutils`, or a folder of saved efetch answers.

    With `ids`, a pull returns these records as they are now, whatever the window (DateRevised does not tell
    when a record changed); each that PubMed does not give is a bad record. Without `ids`, it returns what was
    modified or created in the window. `mdat` is a record's DateRevised, which is older than the record where NLM loads
    a journal's back issues: only `crdt` finds these (https://www.nlm.nih.gov/pubs/techbull/nd08/nd08_pm_new_date_field.html).

    The revision is the window's last day, or NLM's own day where that is earlier: a pull can never outrank files
    that are still to come. See `medpipe.sources.pubmed.citations`.
    """

    def __init__(self, address: str, email: str, api_key: SecretStr | str | None, cache: Path) -> None:
        self._address = address.rstrip("/")
        self._key = api_key.get_secret_value() if isinstance(api_key, SecretStr) else api_key or ""
        self._who = {"tool": "medpipe", "email": email} | ({"api_key": self._key} if self._key else {})
        self._pace = Pace(cache / "eutils", per_second=10 if self._key else 3)

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Received]:
        """See `medpipe.ports.Source.pull`; `ids` are `pmid:123` or `123`. Raises UsageError for other ids."""
        folder = listing.folder_of(self._address)
        wanted = list(dict.fromkeys(map(pmid_of, document_ids.distinct(ids))))
        if bad := [value for value in wanted if not (value.isascii() and value.isdigit())]:
            raise UsageError(f"not PMIDs: {', '.join(map(_bare, bad))}; ids look like pmid:99000006.")
        if folder is not None:
            documents = _saved(folder, start, end, wanted)
        else:
            documents = self._by_id(wanted, end) if wanted else _distinct(self._window(start, end, end))
        yield from progress.counted(documents, self._address)

    def _by_id(self, wanted: Sequence[str], end: date) -> Iterator[Received]:
        """Yield the records with these numbers. Raises SourceError when PubMed has none of them."""
        missing = list[str]()
        with session.new() as http:
            for first in range(0, len(wanted), _BATCH):
                batch = wanted[first : first + _BATCH]
                documents = self._fetch(http, {"id": ",".join(batch)}, end)
                missing += _absent(batch, documents)
                yield from documents
        if len(missing) == len(wanted):
            raise SourceError(
                f"{self._address}/efetch.fcgi: PubMed has no record {', '.join(missing)}: unknown or deleted; "
                "correct the ids."
            )
        yield from map(self._not_given, missing)

    def _not_given(self, number: str) -> BadRecord:
        return BadRecord(
            source="pubmed",
            file=f"{self._address}/efetch.fcgi",
            place=f"id {number}",
            reason="asked for, and PubMed does not give it: unknown or deleted",
            id=document_id(number),
        )

    def _window(self, start: date, end: date, whole_end: date) -> Iterator[Received]:
        """Yield what was modified or created in [start, end), of a pull up to before `whole_end`.

        A window with more than can be reached is halved. A record may be in both halves.
        """
        if start >= end:
            return
        with session.new() as http:
            result = self._search(http, start, end)
            count = int(result["count"])
            if count <= _CAP:
                yield from self._results(http, result, whole_end)
                return
        if end - start <= timedelta(days=1):
            raise SourceError(
                f"{self._address}/esearch.fcgi: {count} records were modified or created on {start}, more than "
                f"the {_CAP} that can be reached; use the source pubmed for whole days."
            )
        middle = start + (end - start) // 2
        yield from self._window(start, middle, whole_end)
        yield from self._window(middle, end, whole_end)

    def _results(self, http: requests.Session, result: Mapping[str, Any], end: date) -> Iterator[Received]:
        """Yield the records of a search, from NLM's history. Those that a page lacks are asked for by id."""
        numbers: list[str] = result["idlist"]
        history = {"query_key": result["querykey"], "WebEnv": result["webenv"], "retmax": str(_BATCH)}
        for first in range(0, len(numbers), _BATCH):
            page = numbers[first : first + _BATCH]
            documents = self._fetch(http, history | {"retstart": str(first)}, end)
            if absent := _absent(page, documents):
                again = self._fetch(http, {"id": ",".join(absent)}, end)
                if lost := _absent(absent, again):
                    log.warning("%s: in a search's result but not given: %s (deleted since?)", self._address, lost)
                documents += again
            yield from documents

    def _search(self, http: requests.Session, start: date, end: date) -> dict[str, Any]:
        """Return esearch's result for a window of modification and creation dates.

        Raises SourceError, also for an error in the body of an answer with status 200.
        """
        last = end - timedelta(days=1)
        days = f"{start:%Y/%m/%d}:{last:%Y/%m/%d}"
        query = {
            "db": "pubmed",
            "term": f"{days}[mdat] OR {days}[crdt]",
            "usehistory": "y",
            "retmax": str(_CAP),
            "retmode": "json",
        }
        answer = self._ask(http, "esearch.fcgi", query)
        return _search_result(answer.body, f"{self._address}/esearch.fcgi, {start} to {last}")

    def _fetch(self, http: requests.Session, records: Mapping[str, str], end: date) -> list[Received]:
        """Return the documents of one efetch; `records` are its arguments that name records.

        An answer that is cut off or an error is asked for once more; then it is a SourceError.
        """
        where = f"{self._address}/efetch.fcgi ({_described(records)})"

        def attempt() -> list[Received]:
            answer = self._ask(http, "efetch.fcgi", {"db": "pubmed", "retmode": "xml"} | dict(records))
            _demand_no_error(answer.body, where)
            return _documents(answer.body, where, answer_revision(min(end - timedelta(days=1), answer.day)))

        return retry.retrying(retry.TWICE, retry.is_a(SourceError), str)(attempt)

    def _ask(self, http: requests.Session, program: str, arguments: Mapping[str, str]) -> _Answer:
        """Return the answer to a POST: the key is then in no address, log or exception."""
        self._pace.wait()
        where = f"{self._address}/{program}"
        try:
            answer = http.post(where, data=self._who | dict(arguments), timeout=session.TIMEOUT)
        except requests.RequestException as error:
            raise SourceError(
                f"{where}: no whole answer ({type(error).__name__}); check the address and the network, and try again."
            ) from None
        body = _KEY_IN_ERROR.sub(rb"\1***\2", answer.content)
        if self._key:
            body = body.replace(self._key.encode(), b"***")
        if answer.status_code != 200:
            raise SourceError(
                f"{where}: HTTP {answer.status_code}: {_beginning(body)}; correct the request or try again later."
            )
        return _Answer(body, session.nlm_day(answer))


def _documents(body: bytes, where: str, revision: int) -> list[Received]:
    return list(parse_citations(io.BytesIO(body), where, revision))


def _search_result(body: bytes, where: str) -> dict[str, Any]:
    try:
        answer = dict(json.loads(body))
    except (ValueError, TypeError) as error:
        raise SourceError(f"{where}: the answer is not a JSON object; try again later.") from error
    result: dict[str, Any] = answer.get("esearchresult") or {}
    error_text = answer.get("error") or result.get("ERROR")
    if error_text or not {"count", "idlist", "querykey", "webenv"} <= result.keys():
        raise SourceError(f"{where}: {error_text or 'an incomplete answer'}; try again later.")
    return result


def _demand_no_error(body: bytes, where: str) -> None:
    """Raise the errors that E-utilities reports with HTTP 200, in XML or JSON."""
    if body.lstrip()[:1] == b"{":
        raise SourceError(f"{where}: {_beginning(body)}; try again later.")
    if b"<PubmedArticleSet" in body[:2000]:
        return
    errors = [error.decode(errors="replace") for error in _ERROR_ELEMENT.findall(body)]
    if not errors:
        safe_xml.document(body, where)
    raise SourceError(f"{where}: {'; '.join(errors) or 'not a PubmedArticleSet'}; try again later.")


def _beginning(body: bytes) -> str:
    return body[:_SHOWN].decode(errors="replace")


def _bare(value: str) -> str:
    return document_ids.shown(value)[1:-1]


def _distinct(received: Iterable[Received]) -> Iterator[Received]:
    """Yield each document once, and each bad record once as far as its id tells."""
    known = set[tuple[str, str]]()
    for record in received:
        key = record.id, record.reason if isinstance(record, BadRecord) else ""
        if record.id and key in known:
            continue
        known.add(key)
        yield record


def _absent(numbers: Sequence[str], documents: Sequence[Received]) -> list[str]:
    """Return the PMIDs that none of the documents has."""
    present = {pmid_of(document.id) for document in documents}
    return [number for number in numbers if number not in present]


def _described(records: Mapping[str, str]) -> str:
    if "id" in records:
        numbers = records["id"].split(",")
        return f"{len(numbers)} ids from {numbers[0]}"
    return f"{records['retmax']} records from {records['retstart']} of the history"


def _saved(folder: Path, start: date, end: date, wanted: Sequence[str]) -> Iterator[Received]:
    """Yield the documents of saved answers, by file name; a file's modification time is the day of the answer."""
    for path in sorted(path for path in folder.iterdir() if path.name.endswith(".xml")):
        day = listing.modified(path)
        if start <= day < end:
            documents = _documents(path.read_bytes(), str(path), answer_revision(day))
            yield from (document for document in documents if not wanted or pmid_of(document.id) in wanted)
