"""Which path gives what. A pure function of the world, the day and the request, but for E-utilities'
history."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache

from medpipe.sandbox.nlm import citation_files, reply, topic_files
from medpipe.sandbox.nlm.calendar import Calendar
from medpipe.sandbox.nlm.eutilities import Eutilities
from medpipe.sandbox.nlm.mischief import Mischief
from medpipe.sandbox.nlm.reply import Reply
from medpipe.sandbox.world import DAYS, World

_TOPICS = re.compile(r"/xml/mplus_(topics|topics_compressed|topic_groups)_(\d{4}-\d\d-\d\d)\.(xml|zip)")
_HEALTH = frozenset({"/_sandbox/health", "/healthz"})


class Site:
    """The three publishers on one address: `/`, `/pubmed` and `/entrez/eutils`; and `/_sandbox` to steer
    them."""

    def __init__(self, world: World, calendar: Calendar) -> None:
        self._world = world
        self._calendar = calendar
        self._eutilities = Eutilities(world, calendar)
        self._mischief = Mischief()
        self._topics_file = cache(self._render_topics)
        self._update_file = cache(self._render_updates)

    def answer(self, path: str, arguments: Mapping[str, str], client: str) -> Reply:
        """The reply to a GET or POST."""
        if path in _HEALTH:
            return reply.as_json({"status": "ok", "day": self._calendar.day, "date": str(self._calendar.date)})
        return self._mischief.on(path, self._published(path, arguments, client))

    def steer(self, path: str, body: bytes) -> Reply:
        """POST /_sandbox/day and /_sandbox/misbehave."""
        try:
            asked = json.loads(body)
            if path == "/_sandbox/day":
                self._calendar.move(int(asked["day"]))
            elif path == "/_sandbox/misbehave":
                self._mischief.plan(asked["path"], asked["kind"], int(asked.get("times", 1)))
            else:
                return _missing(path)
        except (ValueError, KeyError, TypeError) as error:
            return reply.as_json({"error": str(error)}, 422)
        return reply.as_json({"day": self._calendar.day})

    def _published(self, path: str, arguments: Mapping[str, str], client: str) -> Reply:
        days = [DAYS[day] for day in self._calendar.days()]
        if path.startswith("/entrez/eutils/"):
            return self._eutilities.answer(path.rsplit("/", 1)[1], arguments, client)
        if path == "/xml.html":
            return reply.page(topic_files.links_page(days))
        if path == "/pubmed/baseline/":
            return reply.page(citation_files.index_page(()))
        if path == "/pubmed/updatefiles/":
            files = [(day, self._update_file(day)) for day in self._calendar.days()]
            return reply.page(
                citation_files.index_page(
                    (citation_files.file_name(day), DAYS[day], len(content)) for day, content in files
                )
            )
        if topics := _TOPICS.fullmatch(path):
            numbers = [day for day in self._calendar.days() if str(DAYS[day]) == topics[2]]
            return self._topics_file(numbers[0], topics[1], topics[3]) if numbers else _missing(path)
        return self._update(path)

    def _update(self, path: str) -> Reply:
        for day in self._calendar.days():
            name = citation_files.file_name(day)
            if path == f"/pubmed/updatefiles/{name}":
                return reply.file(self._update_file(day), "application/x-gzip")
            if path == f"/pubmed/updatefiles/{name}.md5":
                return reply.file(citation_files.md5_line(name, self._update_file(day)).encode(), "text/plain")
            if path == f"/pubmed/updatefiles/{name.removesuffix('.xml.gz')}_stats.html":
                return reply.page(citation_files.stats_page(name, self._world.articles(day)))
        return _missing(path)

    def _render_topics(self, day: int, kind: str, ending: str) -> Reply:
        topics, when = self._world.topics(day), DAYS[day]
        if kind == "topic_groups" and ending == "xml":
            return reply.file(topic_files.groups_xml(topics, when), "text/xml")
        content = topic_files.topics_xml(topics, when)
        if kind == "topics" and ending == "xml":
            return reply.file(content, "text/xml")
        if kind == "topics_compressed" and ending == "zip":
            return reply.file(topic_files.zipped(f"mplus_topics_{when}.xml", content, when), "application/zip")
        return _missing(f"{kind}.{ending}")

    def _render_updates(self, day: int) -> bytes:
        return citation_files.gzipped(citation_files.article_set(self._world.articles(day)))


def _missing(path: str) -> Reply:
    return Reply(f"<html><body>404 Not Found: {path}</body></html>".encode(), status=404)
