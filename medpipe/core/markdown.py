"""Marks of Markdown in a text (https://spec.commonmark.org): those of list items, headings and bold words."""

from __future__ import annotations

import re

MARK = re.compile(r"(?:[-+*•·◦▪–—]|\(?(?:\d{1,3}[.)]|[a-z]\)))\s+(?=\S)")
"""The mark of a list item, at the beginning of a line."""
EMPHASIS = re.compile(r"\*\*|^#{1,6}\s+")
"""Marks in a line: of bold words, and of a heading."""


def unmarked(line: str) -> str:
    """Return a line without these marks, and without blanks at its ends."""
    bare = EMPHASIS.sub("", line.strip())
    mark = MARK.match(bare)
    return bare[mark.end() :] if mark else bare
