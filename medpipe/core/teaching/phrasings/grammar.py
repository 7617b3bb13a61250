"""English grammar of a question about a condition: its article, and a verb for one or for many.

Nobody asks "What is Abscess?" or "What is Gallstones?".
"""

from __future__ import annotations

import re

_VERB = re.compile(r"(?<!\bit )\b([Ii]s|[Dd]oes) (?=\{focus\})")
_MANY = {"is": "are", "Is": "Are", "does": "do", "Does": "Do"}
_HEAD = re.compile(r"\s+(?:of|in|with|and|or|for|by|due|from|without)\s.*|\s*[(,:/].*")
"""What follows the noun that decides the number: "Urinary Tract Infections | in Children"."""
_ONE = re.compile(r"(?:ss|us|is|os|ics|ans|ens|'s)$", re.IGNORECASE)
_ONE_THING = frozenset(
    "ascites atlas biceps caries diabetes erysipelas facies gas herpes hives measles mumps pancreas prediabetes rabies "
    "rickets scabies shingles tabes triceps yaws".split()
)
"""Words that end like a plural and name one thing."""


def plural(name: str) -> bool:
    """Return whether a condition's English name is a plural: "Gallstones", "Urinary Tract Infections in Children"."""
    words = _HEAD.sub("", name.replace("’", "'")).split()
    last = words[-1] if words else ""
    return last.endswith("s") and not _ONE.search(last) and last.casefold() not in _ONE_THING


def filled(template: str, condition: str) -> str:
    """Return an English template with the condition in it, and a verb that agrees: "What are Gallstones?"."""
    agreeing = _VERB.sub(lambda verb: f"{_MANY[verb[1]]} ", template) if plural(condition) else template
    return agreeing.format(focus=condition)


def with_article(name: str, text: str) -> str:
    """Return a condition's name with the article with which a text about it begins, as the text writes both.

    "Abscess" is "an abscess" where the text says "An abscess is a pocket of pus", else it stays as it is.
    """
    if text.lstrip()[:1] not in ("a", "A"):
        return name  # most texts: a pattern for each name is dear
    said = re.match(rf"\s*(an?\s+{re.escape(name)})\s+(?:is|means|happens|occurs|can|may)\b", text, re.IGNORECASE)
    return f"{said[1][0].lower()}{said[1][1:]}" if said else name
