"""MedlinePlus's search service over the sandbox's topics: ws/query with its pages, formats and limit.

Its reference is https://medlineplus.gov/about/developers/webservices/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from xml.sax.saxutils import escape

from medpipe.sandbox.nlm import reply
from medpipe.sandbox.nlm.rate_limit import RateLimit
from medpipe.sandbox.nlm.reply import Reply
from medpipe.sandbox.nlm.topic_files import summary, topic_xml, url
from medpipe.sandbox.world import Topic

PER_MINUTE = 85
"""Searches that the service answers to one address in a minute."""
_LANGUAGES = {"healthTopics": "English", "healthTopicsSpanish": "Spanish"}
_SERVER = "sandboxsrch01"
_FIELDS = ("title", "alt-title", "mesh", "full-summary", "group")


class SearchService:
    """Answers queries. Each search is remembered under a file name, by which a client asks for its next pages."""

    def __init__(self) -> None:
        self._searches = dict[str, tuple[str, str]]()
        self._limit = RateLimit(seconds=60, refused_count=False)

    def answer(self, arguments: Mapping[str, str], topics: Sequence[Topic], client: str) -> Reply:
        """Return the reply to a query over the topics of the day, or 429 above 85 requests in a minute."""
        if self._limit.excess(client, PER_MINUTE):
            return reply.error_page(429, "Too many requests", {"Retry-After": "5"})
        search = self._search(arguments)
        if search is None:
            return reply.xml("<nlmSearchResult><error>Missing or unknown db, term or file</error></nlmSearchResult>\n")
        database, term = search
        hits = [topic for topic in topics if topic.language == _LANGUAGES[database] and _matches(topic, term)]
        start = int(arguments.get("retstart") or 0)
        page = hits[start : start + int(arguments.get("retmax") or 10)]
        return reply.xml(_result(term, self._file(database, term), len(hits), start, page, topics, arguments))

    def _search(self, arguments: Mapping[str, str]) -> tuple[str, str] | None:
        """Return the database and the term, as given or as remembered; None when either is missing."""
        if "file" in arguments:
            return self._searches.get(arguments["file"]) if arguments.get("server") == _SERVER else None
        database, term = arguments.get("db", ""), arguments.get("term", "").strip()
        return (database, term) if database in _LANGUAGES and term else None

    def _file(self, database: str, term: str) -> str:
        """Remember a search, and return the name under which it can be continued."""
        name = f"viv_{sha256(f'{database} {term}'.encode()).hexdigest()[:6]}"
        self._searches[name] = (database, term)
        return name


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
        other = next((twin for twin in topics if twin.spanish_of == topic.id or twin.id == topic.spanish_of), None)
        contents += f'<content name="healthTopic">{topic_xml(topic, other)}</content>\n'
    return f'<document rank="{rank}" url="{url(topic)}">\n{contents}</document>\n'


def _matches(topic: Topic, term: str) -> bool:
    """Return whether the topic contains every word; after `field:`, whether that field does."""
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
    """Return the text with each word of the term in a `<span class="qtN">`, as the service marks them."""
    for number, word in enumerate(re.findall(r"\w{3,}", term)):
        text = re.sub(rf"\b({word})\b(?![^<]*>)", rf'<span class="qt{number}">\1</span>', text, flags=re.IGNORECASE)
    return text
