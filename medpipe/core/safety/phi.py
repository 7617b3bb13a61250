"""What identifies a person in a text: the kinds, and what is done with the places where they were found.

The kinds follow the 18 identifiers of HIPAA's Safe Harbor method (45 CFR 164.514(b)(2)); docs/data-quality.md
tells which are covered and how well. The patterns are in `core.safety.phi_patterns`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from medpipe.core.safety.given_names import GIVEN_NAMES

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
)
"""The words of the placeholders: a name becomes `[NAME]`."""

NIR = r"\b[1-478]\s?\d{2}\s?(?:0[1-9]|1[0-2]|[2-9]\d)\s?(?:\d{2}|2[AB])\s?\d{3}\s?\d{3}\s?\d{2}\b"
"""French national numbers (numéro d'inscription au répertoire) with their key: see `nir_is_valid`."""


def nir_is_valid(text: str) -> bool:
    """Whether the key, the last two digits, is 97 - number modulo 97 (INSEE; Corsica's 2A is 19, 2B is 18)."""
    number = re.sub(r"\s", "", text).replace("2A", "19").replace("2B", "18")
    return len(number) == 15 and number.isdigit() and 97 - int(number[:13]) % 97 == int(number[13:])


_EPONYM = (
    r"(?![’']?s? (?:disease|syndrome|disorder|sign|test|score|scale|law|virus|tumou?r|lymphoma|sarcoma|palsy"
    r"|cells?|reflex|fracture|index))"
)
_OF_DISEASE = r"(?<!maladie de )(?<!syndrome de )(?<!enfermedad de )(?<!síndrome de )"
"""A name beside one of these words is a disease's, or an instrument's."""


def has_given_name(text: str) -> bool:
    """Whether any of the common given names is a word of the text."""
    return not GIVEN_NAMES.isdisjoint(re.findall(r"[^\W\d_]+", text))


def has_number(text: str) -> bool:
    """Whether there are four digits near each other: no number that identifies has fewer."""
    return re.search(r"\d\D{0,3}\d\D{0,3}\d\D{0,3}\d", text) is not None


def names_again(text: str, names: frozenset[str]) -> list[tuple[int, int]]:
    """Where parts of names that were found occur again: Ms Ruth Calder is Calder later in the text."""
    parts = {part for name in names for part in re.findall(r"[^\W\d_][\w’'-]{2,}", name) if part[0].isupper()}
    if not parts:
        return []
    any_part = "|".join(sorted(map(re.escape, parts), reverse=True))
    again = re.compile(rf"{_OF_DISEASE}(?<![\w-])(?:{any_part})(?![\w-]){_EPONYM}")
    return [match.span() for match in again.finditer(text)]


def replaced(text: str, spans: Mapping[tuple[int, int], str]) -> tuple[str, dict[str, int]]:
    """The text with a placeholder for each group of overlapping spans, by the kind of the longest, and the counts."""
    groups: list[tuple[int, int, int, str]] = []
    for (start, end), kind in sorted(spans.items()):
        if groups and start < groups[-1][1]:
            first, last, longest, known = groups.pop()
            better = kind if end - start > longest else known
            groups.append((first, max(last, end), max(longest, end - start), better))
        else:
            groups.append((start, end, end - start, kind))
    parts, found, done = [], dict[str, int](), 0
    for start, end, _, kind in groups:
        parts += [text[done:start], f"[{kind}]"]
        found[kind] = found.get(kind, 0) + 1
        done = end
    return "".join([*parts, text[done:]]), dict(sorted(found.items()))
