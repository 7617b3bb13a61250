"""MedlinePlus's search service: the topics about something as they are now, without waiting for the day's file."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import requests

from medpipe.core.corpus.bad_record import BadRecord, Received
from medpipe.core.corpus.document import Document
from medpipe.errors import SourceError, UsageError
from medpipe.sources.medlineplus.search_answers import Answer, parse_answer
from medpipe.sources.transport import document_ids, listing, progress, retry, session
from medpipe.sources.transport.pace import Pace

__all__ = ["MedlinePlusSearchSource"]
log = logging.getLogger(__name__)

_PER_MINUTE = 85
"""Requests that NLM allows from one address (https://medlineplus.gov/about/developers/webservices/)."""
_PAGE = 50
"""Topics in one answer."""
_DATABASES = ("healthTopics", "healthTopicsSpanish")
_TOPIC_ID = re.compile(r"(?:mplus:)?(\d+)")


class MedlinePlusSearchSource:
    """Topics from `address`: `…/ws/query`, or a folder of saved answers.

    The service knows neither numbers nor dates, so a pull needs search terms and returns the topics as they are
    now, whatever the window. Their revision is the window's last day, or NLM's own day where that is earlier: a
    pull never outranks files that are still to come.
    """

    def __init__(self, address: str, email: str, cache: Path, per_minute: int = _PER_MINUTE, page: int = _PAGE) -> None:
        """Args: `email` goes to NLM with each request ("" leaves it out); `page` is the topics in one answer."""
        self._address = address.rstrip("/")
        self._who = {"tool": "medpipe"} | ({"email": email} if email else {})
        self._pace = Pace(cache / "medlineplus-search", per_second=per_minute / 60)
        self._page = page

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Received]:
        """See `medpipe.ports.Source.pull`; `ids` are search terms, searched for in both languages.

        Terms are the service's own: `asthma`, `"heart attack"`, `title:fever`, `mesh:Fever`, `group:Symptoms`.
        Ids such as `mplus:6308` beside them let only these topics through. Raises UsageError without a term.
        """
        terms, wanted = self._terms(ids)
        folder = listing.folder_of(self._address)
        topics, bad = dict[str, Document](), list[BadRecord]()
        for term in terms:
            for topic in self._about(term, end) if folder is None else _saved(folder, term):
                if isinstance(topic, BadRecord):
                    bad.append(topic)
                elif isinstance(topic, Document):
                    topics.setdefault(topic.id, topic)
        chosen = sorted(topics.values(), key=lambda topic: topic.revision)
        received: list[Received] = [*chosen, *bad]
        yield from progress.counted((row for row in received if not wanted or row.id in wanted), self._address)

    def _terms(self, values: Sequence[str]) -> tuple[list[str], set[str]]:
        """Return the search terms, and the ids of topics, among what a pull is asked for."""
        distinct = document_ids.distinct(values)
        terms = [value for value in distinct if not _TOPIC_ID.fullmatch(value)]
        if not terms:
            raise UsageError(
                f"{self._address}: the search service knows no numbers: give words such as asthma or title:fever "
                "as ids (topics beside them choose among the results), or use the source medlineplus."
            )
        return terms, {f"mplus:{number[1]}" for value in distinct if (number := _TOPIC_ID.fullmatch(value))}

    def _about(self, term: str, end: date) -> Iterator[Received]:
        with session.new() as http:
            for database in _DATABASES:
                yield from self._pages(http, {"db": database, "term": term}, end)

    def _pages(self, http: requests.Session, search: dict[str, str], end: date) -> Iterator[Received]:
        """Yield the topics of every page of a search. Raises SourceError for fewer topics than were announced."""
        query, first, total = search, 0, 1
        while first < total:
            place = {"retstart": str(first), "retmax": str(self._page), "rettype": "topic"}
            where = f"{self._address} ({search['db']}, {search['term']!r}, from {first})"
            answer = self._answer(http, query | place, where, end)
            if answer.total > first and not answer.listed:
                raise SourceError(f"{where}: gives no more, after {first} of {answer.total} topics; try again later.")
            yield from answer.topics
            first, total = first + answer.listed, answer.total
            if answer.file and answer.server:
                query = {"file": answer.file, "server": answer.server}

    def _answer(self, http: requests.Session, query: Mapping[str, str], where: str, end: date) -> Answer:
        """Return one answer. A cut answer or an error page is asked for once more; then it is a SourceError."""

        def attempt() -> Answer:
            self._pace.wait()
            answer = session.ask(http, self._address, where, self._who | dict(query))
            day = min(end - timedelta(days=1), session.nlm_day(answer))
            return parse_answer(answer.content, where, int(day.strftime("%Y%m%d")))

        return retry.retrying(retry.TWICE, retry.is_a(SourceError), str)(attempt)


def _saved(folder: Path, term: str) -> Iterator[Received]:
    """Yield the topics of saved answers to a term, by file name; a file's modification time is its revision."""
    for path in sorted(folder.glob("wsearch_*.xml")):
        body = path.read_bytes()
        if b"<health-topic " not in body and b"<list" in body:
            continue  # rettype=brief: snippets, no topics
        answer = parse_answer(body, str(path), int(listing.modified(path).strftime("%Y%m%d")))
        if answer.term.casefold() == term.casefold():
            yield from answer.topics
