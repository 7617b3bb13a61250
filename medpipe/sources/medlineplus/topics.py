"""MedlinePlus health topics: XML to Documents.

The format is described at https://medlineplus.gov/xmldescription.html. A topic's `full-summary` is HTML that
was escaped once (see `summaries`). Sites, other languages and see-references are links and names of pages,
not text: they are not read.
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
from medpipe.core.corpus.document import Document, Relation, Section
from medpipe.errors import SourceError
from medpipe.sources.medlineplus.summaries import sections
from medpipe.sources.transport import safe_xml

log = logging.getLogger(__name__)

LICENCE = sources.named("medlineplus").licence
_LANGUAGES = {"English": "en", "Spanish": "es"}
_HOSTS = frozenset({"medlineplus.gov", "www.medlineplus.gov", "www.nlm.nih.gov", "ghr.nlm.nih.gov"})
"""Where topics (until 2015 under www.nlm.nih.gov/medlineplus) and Genetics summaries (ghr until 2020) are."""
_LICENSED = re.compile(r"/(ency|druginfo)(/|$)", re.IGNORECASE)
"""A.D.A.M.'s encyclopedia and AHFS's drug monographs on MedlinePlus: not in the public domain."""
_IMAGE = re.compile(r"\.(gif|jpe?g|png|svg|webp)$", re.IGNORECASE)


def parse_topics(stream: BinaryIO, name: str, revision: int) -> Iterator[Document]:
    """The topics of one file, in its order; both languages.

    `name` is the file's, for messages; `revision` is the file's date as YYYYMMDD, since topics carry no
    revision date (`date-created` is none): a change is found by the content's digest. Topics without a
    summary are left out and counted in the log; so are topics whose own address is not one of MedlinePlus's
    free pages, with the reason. Where the file's `@total` is not what it holds, the log says so; nothing is
    inferred from it. Raises SourceError naming the file and the topic.
    """
    total, blank, announced = 0, 0, ""
    for element in safe_xml.records(stream, name, ("health-topic",)):
        total += 1
        announced = element.getroottree().getroot().get("total", "")
        topic = topic_of(element, name, revision)
        if reason := refusal(topic.url):
            log.warning("%s, topic %s: left out, its address %s", name, topic.id.removeprefix("mplus:"), reason)
        elif topic.sections:
            yield topic
        else:
            blank += 1
    if total == 0:
        raise SourceError(f"{name}: holds no health-topic; check that it is a MedlinePlus topic file.")
    if announced not in ("", str(total)):
        log.warning("%s: announces %s topics and holds %d; none is taken for withdrawn", name, announced, total)
    if blank:
        log.info("%s: %d of %d topics have no summary and were left out", name, blank, total)


def refusal(url: str) -> str:
    """Why a topic with this address of its own may not be used; empty when it may."""
    address = urlsplit(url)
    if address.hostname not in _HOSTS:
        return f"is on {address.hostname or 'no host'}, which is not MedlinePlus"
    if _LICENSED.search(address.path):
        return "is in the licensed encyclopedia or drug monographs"
    return "is an image" if _IMAGE.search(address.path) else ""


def generated(stream: BinaryIO, name: str) -> date | None:
    """The day that a topic file says it was generated on; None for XML of another kind."""
    tag, attributes = safe_xml.root(stream, name)
    if tag != "health-topics":
        return None
    value = attributes.get("date-generated", "")
    try:
        return datetime.strptime(value[:10], "%m/%d/%Y").date()  # noqa: DTZ007  (a day; NLM gives no timezone)
    except ValueError as error:
        raise SourceError(f"{name}: no date-generated in its root ({value!r}); correct it.") from error


def topic_of(element: etree._Element, name: str, revision: int) -> Document:
    """One health-topic element as a Document: only what its own record says.

    A Spanish topic without MeSH stays without: its counterpart's headings are one join away, and a document
    that borrowed them would change with another's record. Raises SourceError naming the file and the topic.
    """
    number, title = element.get("id", ""), " ".join(element.get("title", "").split())
    if not number.isdigit() or not title:
        raise SourceError(
            f"{name}: a health-topic without id or title (id {number!r}, line {element.sourceline}); "
            "report it to NLM or remove it."
        )
    language = _LANGUAGES.get(element.get("language", ""))
    if language is None:
        raise SourceError(
            f"{name}, topic {number}: language {element.get('language')!r} is neither English "
            "nor Spanish; the format has changed."
        )
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
        published=_created(element, name, number),
        sections=_sections(element, opening, f"{name}, topic {number}"),
        relations=tuple(
            Relation(kind="related-topic", target=f"mplus:{other.get('id')}")
            for other in element.iterfind("related-topic[@id]")
        ),
        mesh=_texts(element, "mesh-heading/descriptor"),
        groups=_texts(element, "group"),
        counterpart=f"mplus:{mapped.get('id')}" if mapped is not None else "",
    )


def _sections(element: etree._Element, opening: str, where: str) -> tuple[Section, ...]:
    if next(element.iter(etree.Entity), None) is not None:
        raise SourceError(f"{where}: uses an entity that the file defines itself; that is not read. Remove the file.")
    summary = element.find("full-summary")
    if summary is None:
        return ()
    if len(summary):
        raise SourceError(f"{where}: full-summary holds XML where escaped HTML is expected; the format has changed.")
    try:
        return tuple(sections(summary.text or "", opening))
    except etree.LxmlError as error:
        raise SourceError(f"{where}: its full-summary is not HTML ({error}); report it to NLM.") from error


def _texts(element: etree._Element, path: str) -> tuple[str, ...]:
    """The texts at a path, each once, in their order."""
    found = (" ".join((one.text or "").split()) for one in element.iterfind(path))
    return tuple(dict.fromkeys(text for text in found if text))


def _created(element: etree._Element, name: str, number: str) -> date:
    value = element.get("date-created", "")
    try:
        return datetime.strptime(value, "%m/%d/%Y").date()  # noqa: DTZ007
    except ValueError as error:
        raise SourceError(f"{name}, topic {number}: date-created is {value!r}, not MM/DD/YYYY.") from error
