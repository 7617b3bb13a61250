"""Texts of PubMed's XML, compared without regard to how a parser writes what is raised, lowered or a formula."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

_OTHERWISE = frozenset({"sup", "sub", "math"})
"""Elements that plain text has no one way to write: CO2, CO_2; 10^3, 103."""
_WARNED = r"(?:retract(?:ed|ion)|withdrawn|removed)(?: ?(?:article|paper))?"
_WARNING = re.compile(rf"^\[?{_WARNED}[:.\]]\s*|\s*\[{_WARNED}\]\.?$", re.IGNORECASE)
"""A warning before or behind a title: "RETRACTED: "."""


def text_of(markup: str) -> str:
    """Return the text of a string with inline markup and escaped characters, as Biopython returns it."""
    if "<" not in markup and "&" not in markup:
        return one_line(markup)
    root = etree.fromstring(f"<text>{markup}</text>".encode(), etree.XMLParser(recover=True, resolve_entities=False))
    return one_line("".join(map(str, root.itertext())))


def one_line(text: str) -> str:
    """Return a text with single spaces."""
    return " ".join(text.split())


def bare_title(title: str) -> str:
    """Return a title without its final full stop and the brackets of a translation."""
    title = title.removesuffix(".")
    return title[1:-1].removesuffix(".") if title.startswith("[") and title.endswith("]") else title


def unwarned(title: str) -> str:
    """Return a title without a warning at one of its ends."""
    return _WARNING.sub("", title, count=1)


class Run(NamedTuple):
    """What an element says: the text between its raised and lowered parts and formulas, and those parts."""

    between: tuple[str, ...]
    """Without blanks; one more than there are parts."""
    parts: tuple[str, ...]

    def written_as(self, text: str) -> bool:
        """Return whether a text is the element's: all between the parts, in order, and little in a part's place."""
        left = _without_blanks(text)
        first, *rest = self.between
        if not left.startswith(first):
            return False
        at = len(first)
        for part, after in zip(self.parts, rest, strict=True):
            # A part's own text, or nothing, or with signs such as ^ ( ) / between its characters.
            found = left.find(after, at, at + 3 * len(part) + 4 + len(after))
            if found < 0:
                return False
            at = found + len(after)
        return at == len(left) or bool(self.parts and left.endswith(rest[-1]) and not rest[-1])


def run_of(element: etree._Element) -> Run:
    """Return what an element says."""
    between, parts = [""], list[str]()
    for text, otherwise in _pieces(element):
        if otherwise:
            parts.append(text)
            between.append("")
        else:
            between[-1] += text
    return Run(tuple(between), tuple(parts))


def _pieces(element: etree._Element) -> Iterator[tuple[str, bool]]:
    """Yield pieces of an element's text, and whether each is one that can be written in several ways."""
    yield _without_blanks(element.text or ""), False
    for child in element:
        if etree.QName(child).localname in _OTHERWISE:
            yield _without_blanks("".join(map(str, child.itertext()))), True
        else:
            yield from _pieces(child)
        yield _without_blanks(child.tail or ""), False


def _without_blanks(text: str) -> str:
    return "".join(text.split())
