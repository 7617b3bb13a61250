"""The HTML of MedlinePlus summaries (health topics, Genetics) to sections of text.

Links, images and addresses are left out; the words of a link stay. Since 2025 summaries name other topics as
`<TOPIC ID="…" LINKTEXT="…"/>`, whose words a tag stripper loses.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from lxml import etree, html

from medpipe.core.corpus.document import Section

_TOPIC = re.compile(r'<TOPIC\b[^>]*?\bLINKTEXT="([^"]*)"[^>]*?/?>', re.IGNORECASE)
_BARE_LESS_THAN = re.compile(r"<(?![A-Za-z/!])|<(?=[A-Za-z][^<>]*(?:<|$))")
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = frozenset({"p", "ul", "ol", "table", "div", "blockquote", "dl", "dt", "dd"})
_SILENT = frozenset({"script", "style", "iframe", "object", "noscript", "template"})
"""Elements whose content a browser does not show."""
_ADDRESS = re.compile(r"[\[(<]?\bhttps?://[^\s<>]*[^\s<>.,;:!?]", re.IGNORECASE)
"""An address that is written out. No text needs one, and most lead to pages that are not in the public domain."""
_ATTRIBUTION = re.compile(r"(NIH: .*|.*\b(Administration|Agency|Registry|Prevention|Reference|Women's Health))")
_BANNER = re.compile(r"Per a court order\b")
"""Notices of the web site before some summaries in 2025; they are not health information."""


def sections(summary: str, opening: str) -> Iterator[Section]:
    """Yield the sections of a summary (HTML), split at its headings.

    `opening` is the heading of the text before the first heading. Paragraphs, list items and table rows become
    lines; items of inner lists are indented, and bars separate the cells of a table. Raises
    lxml.etree.ParserError for a text that is not HTML at all.
    """
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
    """Return the lines without a last paragraph that only names the institute (files before 2025 do not mark it)."""
    if lines and not lines[-1][0] and len(lines[-1][1]) < 120 and _ATTRIBUTION.fullmatch(lines[-1][1]):
        return lines[:-1]
    return lines


def _lines(summary: str) -> Iterator[tuple[bool, str]]:
    """Yield (whether it is a heading, text) of each block: paragraphs, list items, table rows."""
    if not summary.strip():
        return
    marked = _BARE_LESS_THAN.sub("&lt;", _TOPIC.sub(r"\1", summary))
    loose = ""
    for node in html.fragments_fromstring(marked):
        if isinstance(node, str):
            loose += node
            continue
        if node.tag in _BLOCKS or node.tag in _HEADINGS or _asks(node):
            yield from _line(loose)
            loose = ""
            yield from _block(node)
        else:
            loose += _inline(node)
        loose += node.tail or ""
    yield from _line(loose)


def _block(node: etree._Element) -> Iterator[tuple[bool, str]]:
    if "attribution" in (node.get("class") or ""):
        return
    if node.tag in _HEADINGS or _asks(node):
        yield from ((True, text) for _, text in _line(_inline(node)))
    elif node.tag in ("ul", "ol"):
        yield from ((False, line) for line in _items(node, ""))
    elif node.tag == "table":
        for row in node.iter("caption", "tr"):
            cells = [row] if row.tag == "caption" else list(row.iterchildren("th", "td"))
            yield from _line(" | ".join(_flat(_inline(cell)) for cell in cells))
    else:
        yield from _paragraph(node)


def _items(node: etree._Element, indent: str) -> Iterator[str]:
    """Yield the items of a list, each on a line: `- ` or a number, then the text. An inner list follows its item."""
    number = 0
    for item in node:
        if item.tag in ("ul", "ol"):  # directly in a list, as some summaries have it
            yield from _items(item, indent + "  ")
            continue
        inner = list(item.iterchildren("ul", "ol"))
        text = _flat(_inline(item, without=inner))
        if text:
            number += 1
            yield f"{indent}{f'{number}.' if node.tag == 'ol' else '-'} {text}"
        for other in inner:
            yield from _items(other, indent + "  ")


def _paragraph(node: etree._Element) -> Iterator[tuple[bool, str]]:
    """Yield the blocks of a p or div. A leading `<strong>Question?</strong>` is a heading."""
    loose = node.text or ""
    for child in node:
        if child.tag in _BLOCKS or child.tag in _HEADINGS or (_asks(child) and not loose.strip()):
            yield from _line(loose)
            loose = ""
            yield from _block(child)
        else:
            loose += _inline(child)
        loose += child.tail or ""
    yield from _line(loose)


def _asks(node: etree._Element) -> bool:
    return node.tag in ("strong", "b") and _inline(node).strip().endswith("?")


def _line(text: str) -> Iterator[tuple[bool, str]]:
    flat = _flat(text)
    if flat and not _BANNER.match(flat):
        yield False, flat


def _inline(node: etree._Element, without: Collection[etree._Element] = ()) -> str:
    """Return the words inside an element, but not those that are not shown or in the children in `without`."""
    if not isinstance(node.tag, str) or node.tag in _SILENT:
        return ""
    if node.tag == "br":
        return "\n"
    words = [node.text or ""]
    for child in node:
        words += ["" if child in without else _inline(child), child.tail or ""]
    return "".join(words)


def _flat(text: str) -> str:
    return " ".join(_ADDRESS.sub("", text).split())
