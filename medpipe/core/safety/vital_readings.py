"""Vital signs as people and nurses write them, in English, French and Spanish, in whatever unit.

Pure. `readings_of` returns them in the units of `Sign`. It does not judge them: see `core.safety.vital_signs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

Sign = Literal[
    "systolic", "diastolic", "pulse", "respirations", "saturation", "temperature", "glucose", "ketones", "consciousness"
]
"""Pressures in mmHg, pulse and respirations in 1/min, saturation in %, temperature in °C, glucose and ketones in
mmol/l, consciousness in points of the Glasgow coma scale."""

_PLAUSIBLE: Mapping[Sign, tuple[float, float]] = {
    "systolic": (30, 300),
    "diastolic": (10, 200),
    "pulse": (15, 300),
    "respirations": (1, 99),
    "saturation": (40, 100),
    "temperature": (25, 44),
    "glucose": (0.1, 80),
    "ketones": (0, 15),
    "consciousness": (3, 15),
}
"""What a sign can be. Other numbers are something else."""


class Reading(NamedTuple):
    """One vital sign in a text."""

    sign: Sign
    value: float
    start: int
    end: int


_NUMBER = r"(?P<value>\d{1,3}(?:[.,]\d{1,2})?)"
_TO = r"[\s:=~]{0,3}(?:(?!no\b|not\b|tablet|pill|cachet|pastill)[a-z']+[ :]+){0,3}[~<>=]{0,2} ?"
"""What may stand between the name of a sign and its value: "is down to", " : "."""
_PER_MINUTE = r"(?:/|per|par|por|a|an|al) ?(?:a |la )?min\w*"
_OTHER_UNIT = r"(?! ?(?:kg|cm|mm|m\b|km|g\b|mg|ml|l\b|mmol|h\b|ans|anos|years|euros|[%€$])|\d)"


def _pattern(text: str) -> re.Pattern[str]:
    for name, part in (("NUMBER", _NUMBER), ("PER_MINUTE", _PER_MINUTE), ("OTHER_UNIT", _OTHER_UNIT), ("TO", _TO)):
        text = text.replace(name, part)
    return re.compile(text, re.IGNORECASE)


_PRESSURE = [
    _pattern(
        r"\b(?:n?bp|b/p|(?:blood )?pressure|t\.?a\.?|p\.?a\.?|tension(?: arterielle)?|presion(?: arterial)?)TO"
        r"(?P<upper>\d{1,3})(?:[.,]\d)? ?(?:/|over|sur|sobre|por) ?(?P<lower>\d{1,3})(?!\d)"
    ),
    _pattern(r"(?<![\d/])(?P<upper>\d{2,3}) ?/ ?(?P<lower>\d{2,3}) ?mm ?hg"),
]
_RATES: Mapping[Sign, list[re.Pattern[str]]] = {
    "systolic": [
        _pattern(
            r"\b(?:sbp|systolic(?: (?:bp|pressure))?|(?-i:PAS|TAS)|systolique|sistolica|"
            r"(?:bp|tension|presion)(?= (?:a|de|at|of|is|est)\b))TO"
            r"(?P<value>\d{1,3})(?![.,/]\d| ?/| (?:over|sur|sobre|por))"
            r"(?! (?:tablet|pill|cachet|pastill|jours|days|dias))OTHER_UNIT"
        ),
    ],
    "pulse": [
        _pattern(
            r"(?<!\d)(?<!\d )\b(?:hr|heart ?(?:rate|beat)|pulse(?: rate)?(?! ?ox)|fc|frequence cardiaque|pouls|pulso|"
            r"frecuencia cardiaca|pulsaciones)TO(?P<value>\d{2,3})(?![.,/]\d)OTHER_UNIT"
        ),
        _pattern(r"(?<![\d.,])(?P<value>\d{2,3}) ?(?:bpm|lpm|(?:heart ?)?beats|battements|latidos|pulsaciones)\b"),
    ],
    "respirations": [
        _pattern(
            r"(?<!\d)(?<!\d )\b(?:rr|resp(?:s|iratory rate|irations?)?(?: rate)?|fr|frequence respiratoire|"
            r"frecuencia respiratoria)TO(?P<value>\d{1,2})(?![.,/]\d)OTHER_UNIT"
        ),
        _pattern(r"(?<![\d.,])(?P<value>\d{1,2}) ?(?:breaths|respirations?|respiraciones|rpm|cycles)\b"),
        _pattern(
            r"\b(?:breath\w*|respir\w+|pant\w*)(?: \w+){0,3} (?P<value>\d{1,2}) ?(?:times|fois|veces|x|PER_MINUTE)"
        ),
    ],
    "saturation": [
        _pattern(
            r"\b(?:sp ?o2|sa ?o2|sa?t ?o2|sats|saturation|saturacion|satur(?:ing|ating|a|e)|o2 (?:sats?|saturation)|"
            r"pulse ?ox\w*|oxygen(?: levels?| saturation)?|oxygene|oxigeno)TO(?P<value>\d{2,3})"
            r"(?!\d| ?l\b| ?l/| (?:min|hour|h\b|d))"
        ),
        _pattern(r"\bsat[. :=]{1,2}(?:a |at |of |de |is )?(?P<value>\d{2}) ?(?:%|on\b|ra\b|aa\b|en\b|basal|[,.;]|$)"),
    ],
    "consciousness": [
        _pattern(r"\b(?:gcs|glasgow(?: coma)?(?: scale| score)?)TO(?P<value>\d{1,2})(?:\s?/\s?15)?(?!\d)")
    ],
    "ketones": [
        _pattern(r"\b(?:ketones?|ketonaemia|cetones?|cetonemie|cetonas|cetonemia|corps cetoniques)TONUMBER(?!\d)")
    ],
}
_COMA = re.compile(r"\b[eo]([1-4]) ?v([1-5]) ?m([1-6])\b", re.IGNORECASE)
"""The parts of the Glasgow coma scale: eyes, voice, movement."""
_TEMPERATURE = [
    _pattern(
        r"\b(?:temp\w*|fever|fievre|fiebre|febrile?|calentura|hyperthermie)TONUMBER"
        r"(?: ?(?:°|o|deg\w*|grad\w*)? ?(?P<unit>[cf])\b)?(?!\d| ?(?:days|hours|jours|dias|h\b))"
    ),
    _pattern(r"\bt ?(?:°|o)? ?[:=]? ?(?P<value>\d{2}[.,]\d{1,2})(?: ?(?:°|o)? ?(?P<unit>[cf])\b)?"),
    _pattern(r"(?<![\d.,])NUMBER ?(?:°|o|degrees?|deg)? ?(?P<unit>[cf])\b"),
    _pattern(r"(?<![\d.,])NUMBER ?(?:°|o)? ?(?:de |of )?(?:temp\w*|fievre|fiebre|fever|calentura)"),
    _pattern(r"\b(?:is|esta|est)(?: at| a)? NUMBER ?(?:°|degrees|grados|degres|de temp\w*)"),
    _pattern(r"(?<![\d.,/])(?P<value>4[1-3](?:[.,]\d)?) ?(?:°|grados|degres|degrees)"),
    _pattern(r"(?<![\d.,/:])(?P<value>(?:3[789]|4[0-3])[.,]\d)(?:\d)?OTHER_UNIT"),
]
_GLUCOSE = [
    _pattern(
        r"\b(?:glucose|(?:blood )?sugars?|cbg|bgl?|bm(?= ?\d+[.,])|dextro|glycemie|glucemia|azucar|sucre|glucometro|"
        r"meter (?:shows|reads|says)|lecteur (?:affiche|indique))(?: capil\w+| level)?TONUMBER(?!\d)"
        r" ?(?P<unit>mmol|mg ?/? ?d|g ?/ ?l|g par l)?"
    ),
    _pattern(r"(?<![\d.,])NUMBER(?: de| el| of)? (?:azucar|glucemia|glycemie|blood sugar)\b"),
    _pattern(r"\bdiab\w+(?: \w+){0,2} (?:a|at|de) NUMBEROTHER_UNIT"),
]


def readings_of(text: str) -> list[Reading]:
    """Return the vital signs of a text without accents, in the order of their places."""
    found = [*_pressures(text), *_rates(text), *_temperatures(text), *_glucoses(text)]
    plausible = {
        (reading.sign, reading.value, reading.start): reading
        for reading in found
        if _PLAUSIBLE[reading.sign][0] <= reading.value <= _PLAUSIBLE[reading.sign][1]
    }
    return sorted(plausible.values(), key=lambda reading: reading.start)


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _pressures_of(*texts: str) -> list[float]:
    """Return pressures in mmHg: all in cmHg where the first is below 30, as French and Spanish speakers say (12/8)."""
    values = list(map(_number, texts))
    return [value * 10 for value in values] if values[0] < 30 else values


def _pressures(text: str) -> Iterator[Reading]:
    for pattern in _PRESSURE:
        for match in pattern.finditer(text):
            upper, lower = _pressures_of(match["upper"], match["lower"])
            yield Reading("systolic", upper, *match.span())
            yield Reading("diastolic", lower, *match.span())


def _rates(text: str) -> Iterator[Reading]:
    for sign, patterns in _RATES.items():
        for pattern in patterns:
            for match in pattern.finditer(text):
                value = _pressures_of(match["value"])[0] if sign == "systolic" else _number(match["value"])
                yield Reading(sign, value, *match.span())
    for match in _COMA.finditer(text):
        yield Reading("consciousness", sum(map(int, match.groups())), *match.span())


def _temperatures(text: str) -> Iterator[Reading]:
    for pattern in _TEMPERATURE:
        for match in pattern.finditer(text):
            value, unit = _number(match["value"]), match.groupdict().get("unit") or ""
            fahrenheit = unit.lower() == "f" or value > 80
            yield Reading("temperature", round((value - 32) / 1.8 if fahrenheit else value, 1), *match.span())


def _glucoses(text: str) -> Iterator[Reading]:
    for pattern in _GLUCOSE:
        for match in pattern.finditer(text):
            unit = (match.groupdict().get("unit") or "").lower()
            yield Reading("glucose", _millimoles(match["value"], unit), *match.span())


def _millimoles(written: str, unit: str) -> float:
    """Return a glucose in mmol/l. Without a unit, 126 is mg/dl, 1,26 is g/l, and 7.2 or 7 is mmol/l."""
    value = _number(written)
    if not unit:
        decimals = len(re.split("[.,]", written)[1]) if re.search("[.,]", written) else 0
        unit = "g" if decimals == 2 else "mg" if value >= 30 else "mmol"
    return value if unit.startswith("mmol") else value / 18 if unit.startswith("mg") else value * 1000 / 180
