"""Dates as PubMed writes them: Year, Month (name or number), Day, Season, or a MedlineDate in words."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from lxml import etree

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_SEASONS = {"winter": 1, "spring": 3, "summer": 6, "autumn": 9, "fall": 9}
_YEAR = re.compile(r"\b(1[6-9]\d\d|20\d\d)\b")
_WORD = re.compile(r"[A-Za-z]+")


def day(element: etree._Element | None) -> date | None:
    """Return the first day that the element can mean, or None when it names no year.

    A missing month or day is the first. In a MedlineDate such as `1998 Dec-1999 Jan` the beginning counts.
    """
    if element is None:
        return None
    parts = {part.tag: part.text or "" for part in element}
    free = parts.get("MedlineDate", "")
    month = parts.get("Month") or parts.get("Season") or ""
    return _first(parts.get("Year") or free, month, parts.get("Day", ""), free)


@lru_cache(maxsize=4096)
def _first(year: str, month: str, day: str, free: str) -> date | None:
    match = _YEAR.search(year)
    if match is None:
        return None
    number = _month(month or (_WORD.search(free) or [""])[0])
    try:
        return date(int(match[0]), number, int(day or 1))
    except ValueError:  # 31 September and the like occur
        return date(int(match[0]), number, 1)


def _month(written: str) -> int:
    word = written.strip().lower()
    if word.isdigit():
        return min(max(int(word), 1), 12)
    return _MONTHS.get(word[:3]) or _SEASONS.get(word, 1)
