"""MedlinePlus's search service: the topics about something as they are now, without waiting for the day's file."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests

from medpipe.core.corpus.document import Document
from medpipe.errors import SourceError
from medpipe.sources.medlineplus.search_answers import Answer, parse_answer
from medpipe.sources.transport import fetch
from medpipe.sources.transport.pace import Pace

__all__ = ["MedlinePlusSearchSource"]
log = logging.getLogger(__name__)

_PER_MINUTE = 85
"""NLM's limit for one address."""
_PAGE = 50
"""Topics in one answer."""
_DATABASES = ("healthTopics", "healthTopicsSpanish")
_EASTERN = timedelta(hours=-5)
_TOPIC_ID = re.compile(r"(?:mplus:)?(\d+)")


class MedlinePlusSearchSource:
    """Topics from `address` (`…/ws/query`, or a folder of saved answers).

    A search is about something, and the service knows neither numbers nor dates: a pull needs terms, and
    gives the topics as they are now, whatever the window. The revision is that of the window's last day, or
    of the server's own day (Eastern time) where that is earlier: a pull never outranks files still to come.
    """

    def __init__(self, address: str, email: str, cache: Path, per_minute: int = _PER_MINUTE, page: int = _PAGE) -> None:
        self._address = address.rstrip("/")
        self._who = {"tool": "medpipe"} | ({"email": email} if email else {})
        self._pace = Pace(cache / "medlineplus-search", per_second=per_minute / 60)
        self._page = page

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Document]:
        """See `medpipe.ports.Source.pull`; `ids` are terms as the service takes them (`asthma`,
        `"heart attack"`, `title:fever`, `mesh:Fever`, `group:Symptoms`), searched for in both languages.

        Ids such as `mplus:6308` beside them let through only these of the topics found. Raises SourceError
        without a term.
        """
        terms = [value for value in dict.fromkeys(ids) if not _TOPIC_ID.fullmatch(value)]
        wanted = {f"mplus:{number[1]}" for value in ids if (number := _TOPIC_ID.fullmatch(value))}
        if not terms:
            raise SourceError(
                f"{self._address}: the search service knows no numbers: give words such as asthma or title:fever "
                "as ids (topics beside them choose among what is found), or use the source medlineplus."
            )
        folder = fetch.folder_of(self._address)
        found = dict[str, Document]()
        for term in terms:
            for topic in self._about(term, end) if folder is None else _saved(folder, term):
                found.setdefault(topic.id, topic)
        chosen = [topic for topic in found.values() if not wanted or topic.id in wanted]
        yield from fetch.numbered(iter(sorted(chosen, key=lambda topic: topic.revision)), self._address)

    def _about(self, term: str, end: date) -> Iterator[Document]:
        with fetch.session() as http:
            for database in _DATABASES:
                yield from self._pages(http, {"db": database, "term": term}, end)

    def _pages(self, http: requests.Session, what: dict[str, str], end: date) -> Iterator[Document]:
        """Every page of one search; raises SourceError when fewer topics come than were announced."""
        asked, first, count = what, 0, 1
        while first < count:
            place = {"retstart": str(first), "retmax": str(self._page), "rettype": "topic"}
            where = f"{self._address} ({what['db']}, {what['term']!r}, from {first})"
            answer = self._answer(http, asked | place, where, end)
            if answer.total > first and not answer.listed:
                raise SourceError(f"{where}: gives no more, after {first} of {answer.total} topics; try again later.")
            yield from answer.topics
            first, count = first + answer.listed, answer.total
            if answer.file and answer.server:
                asked = {"file": answer.file, "server": answer.server}

    def _answer(self, http: requests.Session, arguments: Mapping[str, str], where: str, end: date) -> Answer:
        """One answer. What is cut off or an error page is asked for once more, then it is a SourceError."""
        for attempt in (1, 2):
            self._pace.wait()
            try:
                answer = fetch.ask(http, self._address, where, self._who | dict(arguments))
                day = min(end - timedelta(days=1), _day_of(answer))
                return parse_answer(answer.content, where, int(day.strftime("%Y%m%d")))
            except SourceError as error:
                if attempt == 2:
                    raise
                log.warning("%s", error)
        raise AssertionError("unreachable")


def _day_of(answer: requests.Response) -> date:
    """The server's day in Eastern time; the far future when it does not say."""
    try:
        return (parsedate_to_datetime(answer.headers["Date"]) + _EASTERN).date()
    except (KeyError, ValueError):
        return date.max


def _saved(folder: Path, term: str) -> Iterator[Document]:
    """Topics of saved answers to a term, by name; a file's modification time is the day of the answer."""
    for path in sorted(folder.glob("wsearch_*.xml")):
        body = path.read_bytes()
        if b"<health-topic " not in body and b"<list" in body:
            continue  # rettype=brief: snippets, no topics
        day = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        answer = parse_answer(body, str(path), int(day.strftime("%Y%m%d")))
        if answer.term.casefold() == term.casefold():
            yield from answer.topics
