"""Numbers of a text with their units, in one unit for each quantity, so that "0.5 g" and "500 mg" are equal."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_WORDS = {
    **{word: number for number, word in enumerate("zero one two three four five six seven eight nine ten".split())},
    **{word: number for number, word in enumerate("zéro - deux trois quatre cinq six sept huit neuf dix".split())},
    **{word: number for number, word in enumerate("cero - dos tres cuatro cinco seis siete ocho nueve diez".split())},
    "twelve": 12,
    "twenty": 20,
    "thirty": 30,
    "half": 0.5,
    "twice": 2,
    "once": 1,
}
"""Numbers that are written as words. French and Spanish "one" are articles, and left out."""
_UNITS = {
    "mg": ("mg", 1.0),
    "milligram": ("mg", 1.0),
    "milligramme": ("mg", 1.0),
    "miligramo": ("mg", 1.0),
    "g": ("mg", 1e3),
    "gram": ("mg", 1e3),
    "mcg": ("mg", 1e-3),
    "µg": ("mg", 1e-3),
    "microgram": ("mg", 1e-3),
    "kg": ("kg", 1.0),
    "kilogram": ("kg", 1.0),
    "ml": ("ml", 1.0),
    "l": ("ml", 1e3),
    "liter": ("ml", 1e3),
    "litre": ("ml", 1e3),
    "%": ("%", 1.0),
    "percent": ("%", 1.0),
    "hour": ("hour", 1.0),
    "h": ("hour", 1.0),
    "heure": ("hour", 1.0),
    "hora": ("hour", 1.0),
    "day": ("hour", 24.0),
    "jour": ("hour", 24.0),
    "día": ("hour", 24.0),
    "week": ("hour", 168.0),
    "semaine": ("hour", 168.0),
    "semana": ("hour", 168.0),
    "month": ("hour", 730.0),
    "mois": ("hour", 730.0),
    "mes": ("hour", 730.0),
    "mese": ("hour", 730.0),
    "year": ("hour", 8760.0),
    "an": ("hour", 8760.0),
    "année": ("hour", 8760.0),
    "año": ("hour", 8760.0),
}
"""A unit, without the s of its plural → the unit of the quantity, and how many of it there are in one."""
UNITS = tuple(sorted({*_UNITS, *(f"{unit}s" for unit in _UNITS if len(unit) > 2)}, key=len, reverse=True))
"""Units as texts write them, the longest first."""
_NUMBER = re.compile(r"(?<![\w.])(\d+(?:[.,]\d+)*)[\s-]*(%|[^\W\d_]+)?")
_WRITTEN = re.compile(rf"\b({'|'.join(word for word in _WORDS if word != '-')})[\s-]+([^\W\d_]+)")


class Quantity(NamedTuple):
    """A number and what it counts: a unit, or the word after it."""

    value: float
    unit: str


def quantities(text: str) -> frozenset[Quantity]:
    """Return the numbers of a text with their units, English, French and Spanish."""
    small = unicodedata.normalize("NFC", text).casefold().replace("μ", "µ")
    found = [(_value(number), unit) for number, unit in _NUMBER.findall(small)]
    found += [(float(_WORDS[word]), unit) for word, unit in _WRITTEN.findall(small)]
    return frozenset(_in_one_unit(value, unit) for value, unit in found)


def _value(text: str) -> float:
    """Return a number whose comma parts thousands ("40,000") or decimals ("0,5")."""
    parts = re.split(r"[.,]", text)
    thousands = len(parts) > 1 and parts[0] != "0" and all(len(part) == 3 for part in parts[1:])
    return float("".join(parts)) if thousands else float(f"{parts[0]}.{''.join(parts[1:]) or 0}")


def _in_one_unit(value: float, unit: str) -> Quantity:
    single = unit if unit in _UNITS else unit.removesuffix("s")
    name, times = _UNITS.get(single, (single[:5], 1.0))
    return Quantity(round(value * times, 9), name)
