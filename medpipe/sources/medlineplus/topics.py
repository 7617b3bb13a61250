"""MedlinePlus health topics: XML to Documents.

The format is described at https://medlineplus.gov/xmldescription.html. A topic's `full-summary` is HTML, escaped
once (see `summaries`). Sites, other languages and see-references are links and names of pages: they are not read.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import BinaryIO
from urllib.parse import urlsplit

from lxml import etree

from medpipe.core import sources
from medpipe.core.corpus.bad_record import BadRecord, LeftOut, Received, reason_of
from medpipe.core.corpus.document import Document, Relation, Section
from medpipe.errors import SourceError
from medpipe.sources.medlineplus.summaries import sections
from medpipe.sources.transport import safe_xml

log = logging.getLogger(__name__)

LICENCE = sources.named("medlineplus").licence
_LANGUAGES = {"English": "en", "Spanish": "es"}
_HOSTS = frozenset({"medlineplus.gov", "www.medlineplus.gov", "www.nlm.nih.gov", "ghr.nlm.nih.gov"})
"""The hosts of topics (until 2015 under www.nlm.nih.gov/medlineplus) and Genetics summaries (ghr until 2020)."""
_LICENSED = re.compile(r"/(ency|druginfo)(/|$)", re.IGNORECASE)
"""A.D.A.M.'s encyclopedia and AHFS's drug monographs on MedlinePlus: not in the public domain."""
_IMAGE = re.compile(r"\.(gif|jpe?g|png|svg|webp)$", re.IGNORECASE)


def parse_topics(stream: BinaryIO, name: str, revision: int) -> Iterator[Received]:
    """Yield the topics of one file in both languages, in its order. One that cannot be read is a BadRecord.

    Topics without a summary are LeftOut, and counted in the log. So are topics whose own address is not one of
    MedlinePlus's free pages, with the reason. The log says so when the file has fewer or more topics than its
    `@total`; no topic is taken for withdrawn. Raises SourceError for a file without topics.

    Args:
        stream: the XML, as bytes.
        name: the file's name, for messages.
        revision: the file's date as YYYYMMDD. Topics have no revision date (`date-created` is not one), so a
            change is found by the content's digest.
    """
    total, blank, announced = 0, 0, ""
    for element in safe_xml.records(stream, name, ("health-topic",)):
        total += 1
        announced = element.getroottree().getroot().get("total", "")
        try:
            topic = topic_of(element, revision)
        except ValueError as error:
            yield _bad(element, name, total, error)
            continue
        if reason := refusal(topic.url):
            log.warning("%s, topic %s: left out, its address %s", name, topic.id.removeprefix("mplus:"), reason)
        elif topic.sections:
            yield topic
        else:
            blank += 1
        if reason or not topic.sections:
            yield LeftOut(id=topic.id)
    if total == 0:
        raise SourceError(f"{name}: has no health-topic; check that it is a MedlinePlus topic file.")
    if announced not in ("", str(total)):
        log.warning("%s: announces %s topics and has %d; none is taken for withdrawn", name, announced, total)
    if blank:
        log.info("%s: %d of %d topics have no summary and were left out", name, blank, total)


def _bad(element: etree._Element, name: str, count: int, error: Exception) -> BadRecord:
    number = element.get("id", "")
    id = f"mplus:{number}" if number.isdigit() else ""
    return BadRecord(source="medlineplus", file=name, place=f"topic {count}", reason=reason_of(error), id=id)


def refusal(url: str) -> str:
    """Return why a topic with this address of its own may not be used; "" when it may."""
    address = urlsplit(url)
    if address.hostname not in _HOSTS:
        return f"is on {address.hostname or 'no host'}, which is not MedlinePlus"
    if _LICENSED.search(address.path):
        return "is in the licensed encyclopedia or drug monographs"
    return "is an image" if _IMAGE.search(address.path) else ""


def generated(stream: BinaryIO, name: str) -> date | None:
    """Return the day on which a topic file was generated, by its root; None for XML of another kind."""
    tag, attributes = safe_xml.root(stream, name)
    if tag != "health-topics":
        return None
    value = attributes.get("date-generated", "")
    try:
        return datetime.strptime(value[:10], "%m/%d/%Y").date()  # noqa: DTZ007  (a day; NLM gives no timezone)
    except ValueError as error:
        raise SourceError(f"{name}: no date-generated in its root ({value!r}); correct it.") from error


def topic_of(element: etree._Element, revision: int) -> Document:
    """Return one health-topic element as a Document, made of its own record only.

    A Spanish topic without MeSH stays without. Its counterpart's headings are one join away, and a document that
    borrowed them would change when another record changes. Raises ValueError saying what is wrong.
    """
    number, title = element.get("id", ""), " ".join(element.get("title", "").split())
    if not number.isdigit() or not title:
        raise ValueError(f"no id or no title (id {number!r}, line {element.sourceline})")
    language = _LANGUAGES.get(element.get("language", ""))
    if language is None:
        raise ValueError(f"language {element.get('language')!r} is neither English nor Spanish")
    mapped = element.find("language-mapped-topic[@id]")
    opening = f"¿Qué es {title}?" if language == "es" else f"What is {title}?"
    return Document(
        id=f"mplus:{number}",
        revision=revision,
        source="medlineplus",
        title=title,
        focus=title,
        language=language,
        url=element.get("url", ""),
        licence=LICENCE,
        published=_created(element),
        sections=_sections(element, opening),
        relations=tuple(
            Relation(kind="related-topic", target=f"mplus:{other.get('id')}")
            for other in element.iterfind("related-topic[@id]")
        ),
        mesh=_texts(element, "mesh-heading/descriptor"),
        groups=_texts(element, "group"),
        counterpart=f"mplus:{mapped.get('id')}" if mapped is not None else "",
    )


def _sections(element: etree._Element, opening: str) -> tuple[Section, ...]:
    if next(element.iter(etree.Entity), None) is not None:
        raise ValueError("uses an entity that the file defines itself, which is not read")
    summary = element.find("full-summary")
    if summary is None:
        return ()
    if len(summary):
        raise ValueError("full-summary has XML where escaped HTML is expected")
    try:
        return tuple(sections(summary.text or "", opening))
    except etree.LxmlError as error:
        raise ValueError(f"its full-summary is not HTML ({error})") from error


def _texts(element: etree._Element, path: str) -> tuple[str, ...]:
    """Return the texts at a path, each once, in their order."""
    texts = (" ".join((child.text or "").split()) for child in element.iterfind(path))
    return tuple(dict.fromkeys(text for text in texts if text))


def _created(element: etree._Element) -> date:
    value = element.get("date-created", "")
    try:
        return datetime.strptime(value, "%m/%d/%Y").date()  # noqa: DTZ007  (a day; NLM gives no timezone)
    except ValueError as error:
        raise ValueError(f"date-created is {value!r}, not MM/DD/YYYY") from error
