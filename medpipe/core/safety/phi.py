"""Protected health information: the kinds of identifiers of a person, and their replacement by placeholders.

The kinds follow the 18 identifiers of HIPAA's Safe Harbor method (45 CFR 164.514(b)(2)). docs/data-quality.md says
which are covered and how well. The patterns are in `core.safety.identifiers`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from medpipe.core.safety.given_names import GIVEN_NAMES
from medpipe.core.safety.identifiers.registers import public_numbers

KINDS = (
    "NAME",
    "ADDRESS",
    "DATE",
    "AGE",
    "PHONE",
    "EMAIL",
    "SSN",
    "NATIONAL_ID",
    "MRN",
    "HEALTH_PLAN",
    "ACCOUNT",
    "LICENSE",
    "VEHICLE",
    "DEVICE",
    "URL",
    "IP",
    "CODE",
)
"""The words of the placeholders: a name becomes `[NAME]`. `CODE` is a long number that nothing names."""

_PUBLIC_KINDS = frozenset({"PHONE", "MRN", "HEALTH_PLAN", "ACCOUNT", "LICENSE", "VEHICLE", "DEVICE", "CODE"})
"""Kinds as which the number of a public register may be read."""

NIR = r"\b[1-478]\s?\d{2}\s?(?:0[1-9]|1[0-2]|[2-9]\d)\s?(?:\d{2}|2[AB])\s?\d{3}\s?\d{3}\s?\d{2}\b"
"""French national numbers (numéro d'inscription au répertoire) with their key. See `nir_is_valid`."""

_MONTHS = tuple(
    "jan feb fév fev ene mar apr avr abr may mai jun juin jul juil aug aoû aou ago sep oct nov dec déc dic".split()
)
"""How the months begin in English, French and Spanish."""

_EPONYM = (
    r"(?![’']?s? (?:disease|syndrome|disorder|sign|test|score|scale|law|virus|tumou?r|lymphoma|sarcoma|palsy"
    r"|cells?|reflex|fracture|index))"
)
"""Not before one of these words: the name is then that of a disease or an instrument."""

_OF_DISEASE = r"(?<!maladie de )(?<!syndrome de )(?<!enfermedad de )(?<!síndrome de )"
"""Not after these words, for the same reason."""


def nir_is_valid(text: str) -> bool:
    """Return whether a French national number has the right key.

    The key, the last two digits, is 97 minus the number modulo 97. Corsica's departments 2A and 2B count as 19 and 18.
    Source: INSEE, "Numéro d'inscription au répertoire".
    """
    number = re.sub(r"\s", "", text).replace("2A", "19").replace("2B", "18")
    return len(number) == 15 and number.isdigit() and 97 - int(number[:13]) % 97 == int(number[13:])


def has_given_name(text: str) -> bool:
    """Return whether one of the common given names is a word of the text."""
    return not GIVEN_NAMES.isdisjoint(re.findall(r"[^\W\d_]+", text))


def has_number(text: str) -> bool:
    """Return whether the text has four digits near each other. No number that identifies a person has fewer."""
    return re.search(r"\d\D{0,3}\d\D{0,3}\d\D{0,3}\d", text) is not None


def may_have_date(text: str) -> bool:
    """Return whether two numbers with a mark between them, eight digits, or a month near a number are in the text."""
    if re.search(r"\d\s?[/.-]\s?\d|\d{8}", text):
        return True
    return any(
        month in text[max(0, number.start() - 20) : number.end() + 16].casefold()
        for number in re.finditer(r"\d+", text)
        for month in _MONTHS
    )


def names_again(text: str, names: frozenset[str]) -> list[tuple[int, int]]:
    """Return where parts of known names occur in the text, as (start, end) in characters.

    Somebody who is introduced as "Ms Ruth Calder" is often only "Calder" later on. Parts of fewer than three letters,
    parts without a capital, and names of diseases ("Parkinson's disease") do not count.
    """
    parts = {part for name in names for part in re.findall(r"[^\W\d_][\w’'-]{2,}", name) if part[0].isupper()}
    if not parts:
        return []
    any_part = "|".join(sorted(map(re.escape, parts), reverse=True))  # a longer part before its beginning
    again = re.compile(rf"{_OF_DISEASE}(?<![\w-])(?:{any_part})(?![\w-]){_EPONYM}")
    return [match.span() for match in again.finditer(text)]


def without_public(text: str, spans: Mapping[tuple[int, int], str]) -> dict[tuple[int, int], str]:
    """Return the spans without numbers that public registers gave to substances, genes, trials, codes or standards.

    Only kinds that are numbers are left out, and only where the whole span is in the register's number.
    """
    public = public_numbers(text) if not _PUBLIC_KINDS.isdisjoint(spans.values()) else []
    return {
        (start, end): kind
        for (start, end), kind in spans.items()
        if kind not in _PUBLIC_KINDS or not any(first <= start and end <= last for first, last in public)
    }


def replaced(text: str, spans: Mapping[tuple[int, int], str]) -> tuple[str, dict[str, int]]:
    """Return the text with placeholders instead of identifiers, and the number of placeholders of each kind.

    `spans` gives the kind of each identifier by its (start, end) in characters. Overlapping spans become one
    placeholder, of the kind of the longest span and of the first one where several are equally long.
    """
    parts: list[str] = []
    counts: Counter[str] = Counter()
    done = 0
    for group in _groups(spans):
        parts += [text[done : group.start], f"[{group.kind}]"]
        counts[group.kind] += 1
        done = group.end
    return "".join([*parts, text[done:]]), dict(sorted(counts.items()))


class _Group(NamedTuple):
    """Spans that overlap: the whole of them, and the length and kind of the longest."""

    start: int
    end: int
    longest: int
    kind: str


def _groups(spans: Mapping[tuple[int, int], str]) -> Iterator[_Group]:
    """Return groups of overlapping spans, in the order of the text."""
    group: _Group | None = None
    for (start, end), kind in sorted(spans.items()):
        if group is None or start >= group.end:
            if group is not None:
                yield group
            group = _Group(start, end, end - start, kind)
            continue
        kind = kind if end - start > group.longest else group.kind
        group = _Group(group.start, max(group.end, end), max(group.longest, end - start), kind)
    if group is not None:
        yield group
