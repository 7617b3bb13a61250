"""MedlinePlus's search service over the sandbox's topics: ws/query with its pages, formats and limit."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from hashlib import sha256
from xml.sax.saxutils import escape

from medpipe.sandbox.nlm import reply
from medpipe.sandbox.nlm.reply import Reply
from medpipe.sandbox.nlm.topic_files import summary, topic_xml, url
from medpipe.sandbox.world import Topic

PER_MINUTE = 85
_LANGUAGES = {"healthTopics": "English", "healthTopicsSpanish": "Spanish"}
_SERVER = "sandboxsrch01"
_FIELDS = ("title", "alt-title", "mesh", "full-summary", "group")


class SearchService:
    """Answers one query at a time. Searches are remembered as files, by which the next pages are asked for."""

    def __init__(self) -> None:
        self._searches = dict[str, tuple[str, str]]()
        self._asked = dict[str, deque[float]]()
        self._lock = threading.Lock()

    def answer(self, arguments: Mapping[str, str], topics: Sequence[Topic], client: str) -> Reply:
        """The reply to a query over the topics of the day, or 429 above 85 requests in a minute."""
        if self._limited(client):
            return Reply(b"<html><body>Too many requests</body></html>", status=429, headers={"Retry-After": "5"})
        search = self._search(arguments)
        if search is None:
            return reply.xml("<nlmSearchResult><error>Missing or unknown db, term or file</error></nlmSearchResult>\n")
        database, term = search
        found = [topic for topic in topics if topic.language == _LANGUAGES[database] and _matches(topic, term)]
        start = int(arguments.get("retstart") or 0)
        page = found[start : start + int(arguments.get("retmax") or 10)]
        return reply.xml(_result(term, self._file(database, term), len(found), start, page, topics, arguments))

    def _search(self, arguments: Mapping[str, str]) -> tuple[str, str] | None:
        """The database and the term, as given or as remembered."""
        if "file" in arguments:
            return self._searches.get(arguments["file"]) if arguments.get("server") == _SERVER else None
        database, term = arguments.get("db", ""), arguments.get("term", "").strip()
        return (database, term) if database in _LANGUAGES and term else None

    def _file(self, database: str, term: str) -> str:
        name = f"viv_{sha256(f'{database} {term}'.encode()).hexdigest()[:6]}"
        self._searches[name] = (database, term)
        return name

    def _limited(self, client: str) -> bool:
        with self._lock:
            recent, now = self._asked.setdefault(client, deque()), time.monotonic()
            while recent and recent[0] < now - 60:
                recent.popleft()
            if len(recent) >= PER_MINUTE:
                return True
            recent.append(now)
        return False


def _result(
    term: str,
    file: str,
    count: int,
    start: int,
    page: Sequence[Topic],
    topics: Sequence[Topic],
    arguments: Mapping[str, str],
) -> str:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<nlmSearchResult>\n<term>{escape(term)}</term>\n'
    if not count:
        return f"{head}<count>0</count>\n</nlmSearchResult>\n"
    hits = "".join(
        _hit(topic, rank, term, topics, arguments.get("rettype", "brief")) for rank, topic in enumerate(page, start)
    )
    size = arguments.get("retmax") or "10"
    return (
        f"{head}<file>{file}</file>\n<server>{_SERVER}</server>\n<count>{count}</count>\n"
        f"<retstart>{start}</retstart>\n<retmax>{escape(size)}</retmax>\n"
        f'<list num="{len(page)}" start="{start}" per="{escape(size)}">{hits}</list>\n</nlmSearchResult>\n'
    )


def _hit(topic: Topic, rank: int, term: str, topics: Sequence[Topic], kind: str) -> str:
    contents = ""
    if kind != "topic":
        rows = {"title": topic.title, "FullSummary": summary(topic), "groupName": topic.groups[0]}
        contents += "".join(
            f'<content name="{name}">{escape(_highlighted(text, term))}</content>\n' for name, text in rows.items()
        )
    if kind != "brief":
        other = next((one for one in topics if one.spanish_of == topic.id or one.id == topic.spanish_of), None)
        contents += f'<content name="healthTopic">{topic_xml(topic, other)}</content>\n'
    return f'<document rank="{rank}" url="{url(topic)}">\n{contents}</document>\n'


def _matches(topic: Topic, term: str) -> bool:
    """Whether every word stands in the topic, or in the field before the colon."""
    field, colon, rest = term.partition(":")
    texts = {
        "title": topic.title,
        "alt-title": f"{topic.title}, invented",
        "mesh": topic.focus,
        "full-summary": summary(topic),
        "group": " ".join(topic.groups),
    }
    chosen = [texts[field]] if colon and field in _FIELDS else list(texts.values())
    words = re.findall(r"\w+", (rest if colon and field in _FIELDS else term).lower())
    return all(word in re.findall(r"\w+", " ".join(chosen).lower()) for word in words)


def _highlighted(text: str, term: str) -> str:
    """The words of the term in spans, as the service marks them."""
    for number, word in enumerate(re.findall(r"\w{3,}", term)):
        text = re.sub(rf"\b({word})\b(?![^<]*>)", rf'<span class="qt{number}">\1</span>', text, flags=re.IGNORECASE)
    return text
