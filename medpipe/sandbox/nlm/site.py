"""Which path of the small NLM returns what.

A reply depends on the world, the day and the request only, except for remembered searches and rate limits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache

from medpipe.sandbox.nlm import citation_files, genetics_file, older, reply, topic_files
from medpipe.sandbox.nlm.calendar import Calendar
from medpipe.sandbox.nlm.eutilities import Eutilities
from medpipe.sandbox.nlm.mischief import Mischief
from medpipe.sandbox.nlm.postings import NEXT_BASELINE, Postings
from medpipe.sandbox.nlm.reply import Reply
from medpipe.sandbox.nlm.search import SearchService
from medpipe.sandbox.world import DAYS, World

_TOPICS = re.compile(r"/xml/mplus_(topics|topics_compressed|topic_groups)_(\d{4}-\d\d-\d\d)\.(xml|zip)")
_HEALTH = frozenset({"/_sandbox/health", "/healthz"})


class Site:
    """All publishers on one address.

    | path | publisher |
    |---|---|
    | `/` | MedlinePlus |
    | `/ws/query` | MedlinePlus's search |
    | `/download` | MedlinePlus Genetics |
    | `/pubmed` | PubMed's files |
    | `/entrez/eutils` | E-utilities |
    | `/_sandbox` | commands that steer the others |
    """

    def __init__(self, world: World, calendar: Calendar) -> None:
        self._world = world
        self._calendar = calendar
        self._eutilities = Eutilities(world, calendar)
        self._mischief = Mischief()
        self._postings = Postings([citation_files.file_name(day) for day in sorted(DAYS)])
        self._topics_file = cache(self._render_topics)
        self._update_file = cache(self._render_updates)
        self._search = SearchService()
        self._baseline_file = cache(lambda: older.baseline(world.seed))
        self._genetics_file = cache(
            lambda: reply.file(genetics_file.summaries_xml(world.topics(min(DAYS))), "text/xml", min(DAYS.values()))
        )

    def answer(self, path: str, arguments: Mapping[str, str], client: str) -> Reply:
        """Return the reply to a GET or POST. `client` is the address that rate limits count for."""
        if path in _HEALTH:
            return reply.as_json({"status": "ok", "day": self._calendar.day, "date": str(self._calendar.date)})
        return self._mischief.applied(path, self._published(path, arguments, client))

    def steer(self, path: str, body: bytes) -> Reply:
        """Carry out a command and return the current day; 422 with the reason when the command is wrong.

        `/_sandbox/day` takes {"day": …}, `/_sandbox/misbehave` {"path": …, "kind": …, "times": …}, `/_sandbox/hold`
        {"file": …, "held": true or false}, and `/_sandbox/next-baseline` {}.
        """
        try:
            command = json.loads(body)
            if path == "/_sandbox/day":
                self._calendar.move(int(command["day"]))
            elif path == "/_sandbox/misbehave":
                self._mischief.order(command["path"], command["kind"], int(command.get("times", 1)))
            elif path == "/_sandbox/hold":
                self._postings.hold(command["file"], bool(command["held"]))
            elif path == "/_sandbox/next-baseline":
                self._postings.next_baseline = self._calendar.date
            else:
                return _missing(path)
        except (ValueError, KeyError, TypeError) as error:
            return reply.as_json({"error": str(error)}, 422)
        return reply.as_json({"day": self._calendar.day})

    def _published(self, path: str, arguments: Mapping[str, str], client: str) -> Reply:
        if path.startswith("/entrez/eutils/"):
            return self._eutilities.answer(path.rsplit("/", 1)[1], arguments, client)
        if path == "/xml.html":
            return reply.page(topic_files.links_page(DAYS[day] for day in self._calendar.days()))
        if path == "/ws/query":
            return self._search.answer(arguments, self._world.topics(self._calendar.day), client)
        if path == "/download/ghr-summaries.xml":
            return self._genetics_file()
        if path.startswith("/pubmed/baseline/"):
            return self._baseline(path)
        if path == "/pubmed/updatefiles/":
            return self._update_index()
        if topics := _TOPICS.fullmatch(path):
            kind, date, ending = topics.groups()
            days = [day for day in self._calendar.days() if str(DAYS[day]) == date]
            return self._topics_file(days[0], kind, ending) if days else _missing(path)
        return self._update(path)

    def _baseline(self, path: str) -> Reply:
        content, name, posted = self._baseline_file(), older.BASELINE, older.POSTED
        if next_year := self._postings.next_baseline:
            content, name, posted = self._update_file(min(DAYS)), NEXT_BASELINE, next_year
        return {
            "": reply.page(citation_files.index_page([(name, posted, len(content))])),
            name: reply.file(content, "application/x-gzip", posted),
            f"{name}.md5": reply.file(citation_files.md5_line(name, content).encode(), "text/plain", posted),
        }.get(path.removeprefix("/pubmed/baseline/"), _missing(path))

    def _update_index(self) -> Reply:
        return reply.page(
            citation_files.index_page(
                (citation_files.file_name(day), DAYS[day], len(self._update_file(day))) for day in self._update_days()
            )
        )

    def _update_days(self) -> list[int]:
        return [day for day in self._calendar.days() if self._postings.posted(citation_files.file_name(day))]

    def _update(self, path: str) -> Reply:
        """Return an update file, its check sum or its statistics."""
        for day in self._update_days():
            name = citation_files.file_name(day)
            if path == f"/pubmed/updatefiles/{name}":
                return reply.file(self._update_file(day), "application/x-gzip", DAYS[day])
            if path == f"/pubmed/updatefiles/{name}.md5":
                return reply.file(citation_files.md5_line(name, self._update_file(day)).encode(), "text/plain")
            if path == f"/pubmed/updatefiles/{name.removesuffix('.xml.gz')}_stats.html":
                return reply.page(citation_files.stats_page(name, self._world.articles(day)))
        return _missing(path)

    def _render_topics(self, day: int, kind: str, ending: str) -> Reply:
        topics, when = self._world.topics(day), DAYS[day]
        if kind == "topic_groups" and ending == "xml":
            return reply.file(topic_files.groups_xml(topics, when), "text/xml", when)
        content = topic_files.topics_xml(topics, when)
        if kind == "topics" and ending == "xml":
            return reply.file(content, "text/xml", when)
        if kind == "topics_compressed" and ending == "zip":
            return reply.file(topic_files.zipped(f"mplus_topics_{when}.xml", content, when), "application/zip", when)
        return _missing(f"{kind}.{ending}")

    def _render_updates(self, day: int) -> bytes:
        return citation_files.gzipped(citation_files.article_set(self._world.articles(day)))


def _missing(path: str) -> Reply:
    return reply.error_page(404, f"404 Not Found: {path}")
