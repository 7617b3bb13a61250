"""MedlinePlus health topics: XML and the HTML inside it, to Documents.

The format is described at https://medlineplus.gov/xmldescription.html. A topic's `full-summary` is HTML that
was escaped once; since 2025 it names other topics as `<TOPIC ID="…" LINKTEXT="…"/>`, whose words a tag
stripper loses.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import BinaryIO

from lxml import etree, html

from medpipe.core.document import Document, Relation, Section
from medpipe.nlm import safe_xml
from medpipe.ports import SourceError

log = logging.getLogger(__name__)

LICENCE = "public domain; Courtesy of MedlinePlus from the National Library of Medicine"
_LANGUAGES = {"English": "en", "Spanish": "es"}
_TOPIC = re.compile(r'<TOPIC\b[^>]*?\bLINKTEXT="([^"]*)"[^>]*?/?>', re.IGNORECASE)
_BARE_LESS_THAN = re.compile(r"<(?![A-Za-z/!])|<(?=[A-Za-z][^<>]*(?:<|$))")
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = frozenset({"p", "ul", "ol", "table", "div", "blockquote", "dl"})
_ATTRIBUTION = re.compile(r"(NIH: .*|.*\b(Administration|Agency|Registry|Prevention|Reference|Women's Health))")
_BANNER = re.compile(r"Per a court order\b")
"""Notices of the web site that were put before some summaries in 2025; they are not health information."""


def parse_topics(stream: BinaryIO, name: str, revision: int) -> Iterator[Document]:
    """The topics of one file, in its order; both languages.

    `name` is the file's, for messages; `revision` is the file's date as YYYYMMDD, since topics carry no
    revision date (`date-created` is none): a change is found by the content's digest. Topics without a
    summary are left out and counted in the log. Raises SourceError naming the file and the topic.
    """
    total, blank = 0, 0
    for element in safe_xml.records(stream, name, ("health-topic",)):
        total += 1
        topic = _document(element, name, revision)
        if topic.sections:
            yield topic
        else:
            blank += 1
    if total == 0:
        raise SourceError(f"{name}: holds no health-topic; check that it is a MedlinePlus topic file.")
    if blank:
        log.info("%s: %d of %d topics have no summary and were left out", name, blank, total)


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


def _document(element: etree._Element, name: str, revision: int) -> Document:
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
        sections=tuple(sections(element.findtext("full-summary") or "", opening)),
        relations=tuple(
            Relation(kind="language-mapped", target=f"mplus:{other.get('id')}")
            for other in element.findall("language-mapped-topic")
        ),
    )


def _created(element: etree._Element, name: str, number: str) -> date:
    value = element.get("date-created", "")
    try:
        return datetime.strptime(value, "%m/%d/%Y").date()  # noqa: DTZ007
    except ValueError as error:
        raise SourceError(f"{name}, topic {number}: date-created is {value!r}, not MM/DD/YYYY.") from error


def sections(summary: str, opening: str) -> Iterator[Section]:
    """Split a summary (HTML) at its headings; `opening` is the heading of the text before the first one."""
    heading, lines = opening, list[str]()
    for is_heading, line in _without_attribution(list(_lines(summary))):
        if is_heading:
            if lines:
                yield Section(heading=heading, text="\n".join(lines))
            heading, lines = line, []
        else:
            lines.append(line)
    if lines:
        yield Section(heading=heading, text="\n".join(lines))


def _without_attribution(lines: list[tuple[bool, str]]) -> list[tuple[bool, str]]:
    """Drop a last paragraph that only names the institute (files before 2025 do not mark it)."""
    if lines and not lines[-1][0] and len(lines[-1][1]) < 120 and _ATTRIBUTION.fullmatch(lines[-1][1]):
        return lines[:-1]
    return lines


def _lines(summary: str) -> Iterator[tuple[bool, str]]:
    """(is a heading, text) of each block: paragraphs, list items, table rows."""
    if not summary.strip():
        return
    marked = _BARE_LESS_THAN.sub("&lt;", _TOPIC.sub(r"\1", summary))
    loose = ""
    for node in html.fragments_fromstring(marked):
        if isinstance(node, str):
            loose += node
            continue
        if node.tag in _BLOCKS or node.tag in _HEADINGS or _asks(node):
            yield from _said(loose)
            loose = ""
            yield from _block(node)
        else:
            loose += _inline(node)
        loose += node.tail or ""
    yield from _said(loose)


def _block(node: etree._Element) -> Iterator[tuple[bool, str]]:
    if "attribution" in (node.get("class") or ""):
        return
    if node.tag in _HEADINGS or _asks(node):
        yield from ((True, text) for _, text in _said(_inline(node)))
    elif node.tag in ("ul", "ol"):
        for item in node:
            yield from ((False, f"- {text}") for _, text in _said(_inline(item)))
    elif node.tag == "table":
        for row in node.iter("tr"):
            yield from _said(" | ".join(_flat(_inline(cell)) for cell in row))
    else:
        yield from _paragraph(node)


def _paragraph(node: etree._Element) -> Iterator[tuple[bool, str]]:
    """A p or div: a leading `<strong>Question?</strong>` is a heading, blocks inside are blocks."""
    loose = node.text or ""
    for child in node:
        if child.tag in _BLOCKS or child.tag in _HEADINGS or (_asks(child) and not loose.strip()):
            yield from _said(loose)
            loose = ""
            yield from _block(child)
        else:
            loose += "\n" if child.tag == "br" else _inline(child)
        loose += child.tail or ""
    yield from _said(loose)


def _asks(node: etree._Element) -> bool:
    return node.tag in ("strong", "b") and _inline(node).strip().endswith("?")


def _said(text: str) -> Iterator[tuple[bool, str]]:
    flat = _flat(text)
    if flat and not _BANNER.match(flat):
        yield False, flat


def _inline(node: etree._Element) -> str:
    return "".join(map(str, node.itertext())) if isinstance(node.tag, str) else ""


def _flat(text: str) -> str:
    return " ".join(text.split())
