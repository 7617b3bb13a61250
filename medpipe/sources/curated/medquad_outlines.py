"""CancerGov's pages in MedQuAD: the outline that begins many of them, and what all of them say in the same words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

_OUTLINE = re.compile(r"\s*Key Points\s*\n\s*(?P<points>- [^\n]+)(?P<page>.*)", re.DOTALL)
_POINT = re.compile(r"(?P<before>\s*)- +(?P<said>.+?)(?=\s{2,}- |\s*$)")
_DEEPER, _BACK = 9, ("    ", "        ")
"""Blanks before the dash of a point: so many or more begin a list below the point before, four or eight end it."""
_EVERYWHERE = re.compile(
    r"There are three ways that cancer spreads|Cancer may spread from where it began"
    r"|(?:New|Other) types of treatment are|Patients may want to think about taking part"
    r"|Patients can enter clinical trials|Follow-up tests may be needed"
    r"|Cancer prevention clinical trials are used|New ways to prevent "
)
"""Points that nearly all pages have, whatever the cancer."""
_SAME_WORDS = re.compile(
    r"Different types of treatments? are available [^.]+\.\s+(?:Some treatments are standard [^.]+\.\s*)?"
    r"|Anything that increases (?:your|the) (?:risk|chance) of getting a disease is called a risk factor\.\s+"
    r"Having a risk factor does not mean [^.]+\.\s+(?:Talk (?:with|to) your (?:child'?s )?doctor if [^.]+\.\s*)?"
)
"""What a risk factor or a standard treatment is, before a page says which there are."""
_SEE = re.compile(r"\s*\((?:See|Refer to) the (?:[^()]|\([^()]*\))*\)")


def told(page: str) -> str:
    """Return a page with its outline as sentences, in which a point that lists others is their lead-in.

    Headings that repeat a point of the outline are left out, and what stands on every page.
    """
    page = _SEE.sub("", _SAME_WORDS.sub("", page))
    outline = _OUTLINE.fullmatch(page)
    if outline is None:
        return page
    points = list(_points(outline["points"]))
    said = {point["said"].strip(" .:") for point in _POINT.finditer(outline["points"])}
    rest = (line for line in outline["page"].splitlines() if line.strip(" -.:") not in said)
    return "\n".join([*points, *rest])


def _points(outline: str) -> Iterator[str]:
    """Yield the points as lines: those of a list below another point with a dash, all others as sentences."""
    nested = left_out = False
    points = list(_POINT.finditer(outline))
    for point, after in zip_longest(points, points[1:]):
        nested = _is_nested(point, nested)
        said = point["said"].rstrip(" .:")
        if not nested:
            left_out = _EVERYWHERE.match(said) is not None
        if not left_out:
            leads = after is not None and not nested and _is_nested(after, nested)
            yield f"- {said}" if nested else f"{said}{':' if leads else '.'}"


def _is_nested(point: re.Match[str], before: bool) -> bool:
    """Return whether a point is below another, and not in the outline itself. `before`: whether the last one was."""
    return len(point["before"]) >= _DEEPER or (before and point["before"] not in _BACK)
