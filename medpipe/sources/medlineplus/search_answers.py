"""Answers of MedlinePlus's search service, with `rettype=topic`: whole health topics in `content` elements.

https://medlineplus.gov/about/developers/webservices/. An answer names a `file` on a `server`; the request for the
next page repeats both. An answer without hits has no `list`.
"""

from __future__ import annotations

import io
from typing import NamedTuple

from lxml import etree

from medpipe.core.corpus.bad_record import BadRecord, Received
from medpipe.errors import SourceError
from medpipe.sources.medlineplus.topics import parse_topics
from medpipe.sources.transport import safe_xml

_TOPIC = "content[@name='healthTopic']/health-topic"


class Answer(NamedTuple):
    """One page of a search: `listed` of its `total` topics are on it; `topics` may be used or could not be read."""

    term: str
    total: int
    listed: int
    file: str
    server: str
    topics: tuple[Received, ...]


def parse_answer(body: bytes, where: str, revision: int) -> Answer:
    """Return the answer in `body`; `where` is its address, `revision` its day as YYYYMMDD.

    A hit without its topic is a bad record. Raises SourceError for an error page with status 200.
    """
    root = safe_xml.document(body, where)
    count = _text(root, "count")
    if root.tag != "nlmSearchResult" or not count.isdigit():
        text = " ".join("".join(map(str, root.itertext())).split())[:200]
        raise SourceError(f"{where}: no search result ({root.tag}: {text}); try again later.")
    listed = root.findall("list/document")
    without = [number for number, hit in enumerate(listed, start=1) if hit.find(_TOPIC) is None]
    topics = parse_topics(io.BytesIO(body), where, revision) if len(listed) > len(without) else ()
    received = (*topics, *(_without_topic(where, number) for number in without))
    return Answer(_text(root, "term"), int(count), len(listed), _text(root, "file"), _text(root, "server"), received)


def _without_topic(where: str, number: int) -> BadRecord:
    return BadRecord(source="medlineplus", file=where, place=f"hit {number}", reason="a hit without its topic")


def _text(root: etree._Element, tag: str) -> str:
    return (root.findtext(tag) or "").strip()
