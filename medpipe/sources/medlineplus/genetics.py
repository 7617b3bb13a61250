"""MedlinePlus Genetics: XML of conditions, genes and chromosomes to Documents.

`https://medlineplus.gov/download/ghr-summaries.xml` has `summaries/*-summary` with `text-list/text/(text-role,
html)`, where `html` has elements as children, not escaped text. A summary has no number: its page names it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from lxml import etree

from medpipe.core.corpus.bad_record import BadRecord, Received, reason_of
from medpipe.core.corpus.document import Document, Relation, Section
from medpipe.errors import SourceError
from medpipe.sources.medlineplus.summaries import sections
from medpipe.sources.medlineplus.topics import LICENCE, refusal
from medpipe.sources.transport import safe_xml

log = logging.getLogger(__name__)

_KINDS = {
    "health-condition-summary": "health condition",
    "gene-summary": "gene",
    "chromosome-summary": "chromosome",
}
_PAGE = re.compile(r"/(condition|gene|chromosome)/([^/?#\s]+)/?$")
_HEADINGS = {
    "description": "What is {focus}?",
    "frequency": "How many people are affected by {focus}?",
    "causes": "What are the genetic changes related to {focus}?",
    "inheritance": "Is {focus} inherited?",
    "function": "What is the normal function of the {focus}?",
}
"""Role of a text → the question that it answers, as MedQuAD asks it (Ben Abacha and Demner-Fushman, 2019)."""
_SINCE = date(2020, 10, 1)
"""The date of a summary without one: the day on which Genetics Home Reference moved into MedlinePlus. The file's
own date would make every such summary new each time the file is posted."""


def parse_genetics(stream: BinaryIO, name: str, revision: int) -> Iterator[Received]:
    """Yield the summaries of the file, in its order; those without a text are left out and counted in the log.

    A summary that cannot be read is a BadRecord. Raises SourceError for a file without summaries.

    Args:
        stream: the XML, as bytes.
        name: the file's name, for messages.
        revision: the day on which the file was posted, as YYYYMMDD.
    """
    total, blank = 0, 0
    for element in safe_xml.records(stream, name, tuple(_KINDS)):
        total += 1
        number = _number(_text(element, "ghr-page"))
        try:
            summary = _document(element, number, revision)
        except ValueError as error:
            reason = reason_of(error)
            yield BadRecord(source="genetics", file=name, place=f"summary {total}", reason=reason, id=number)
            continue
        if reason := refusal(summary.url):
            log.warning("%s, %s: left out, its address %s", name, summary.id, reason)
        elif summary.sections:
            yield summary
        else:
            blank += 1
    if total == 0:
        raise SourceError(f"{name}: has no summary; check that it is MedlinePlus Genetics' ghr-summaries.xml.")
    if blank:
        log.info("%s: %d of %d summaries have no text and were left out", name, blank, total)


def _document(element: etree._Element, number: str, revision: int) -> Document:
    """Return one summary as a Document. Raises ValueError saying what is wrong."""
    page, title = _text(element, "ghr-page"), _text(element, "gene-symbol") or _text(element, "name")
    if not number or not title:
        raise ValueError(f"a {element.tag} without name or page (name {title!r}, page {page!r})")
    kind = _KINDS[str(element.tag)]
    focus = f"{title} gene" if kind == "gene" else title
    return Document(
        id=number,
        revision=revision,
        source="genetics",
        title=focus,
        focus=focus,
        url=page,
        licence=LICENCE,
        published=_published(element),
        sections=tuple(_sections(element, focus)),
        relations=tuple(_relations(element)),
        types=(kind,),
    )


def _number(page: str) -> str:
    """Return `ghr:condition/sample-syndrome` for the page of a condition, gene or chromosome; "" for another page."""
    match = _PAGE.search(page)
    return f"ghr:{match[1]}/{match[2]}" if match else ""


def _sections(element: etree._Element, focus: str) -> Iterator[Section]:
    if next(element.iter(etree.Entity), None) is not None:
        raise ValueError("uses an entity that the file defines itself, which is not read")
    for text in element.iterfind("text-list/text"):
        role, html = _text(text, "text-role"), text.find("html")
        if html is None:
            raise ValueError(f"a text ({role or 'without role'}) without html")
        heading = _HEADINGS.get(role, role.replace("-", " ").capitalize() or "What is {focus}?").format(focus=focus)
        try:
            yield from sections(_inner(html), heading)
        except etree.LxmlError as error:
            raise ValueError(f"its {role} is not HTML ({error})") from error


def _inner(html: etree._Element) -> str:
    """Return the HTML inside an element, with its own text."""
    return (html.text or "") + "".join(etree.tostring(child, encoding="unicode", method="html") for child in html)


def _relations(element: etree._Element) -> Iterator[Relation]:
    for tag in ("related-gene", "related-health-condition"):
        for other in element.iterfind(f"{tag}-list/{tag}"):
            if target := _number(_text(other, "ghr-page")):
                yield Relation(kind=tag, target=target)


def _published(element: etree._Element) -> date:
    """Return the day of publication, else the first of the month of the review, else `_SINCE`."""
    day = _text(element, "published") or _text(element, "reviewed")
    if not day:
        return _SINCE
    try:
        return date.fromisoformat(day if len(day) > len("2020-01") else f"{day}-01")
    except ValueError as error:
        raise ValueError(f"its date is {day!r}, not YYYY-MM-DD or YYYY-MM") from error


def _text(element: etree._Element, tag: str) -> str:
    return " ".join((element.findtext(tag) or "").split())
