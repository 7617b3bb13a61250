"""Names that somebody wrote in small letters: "im gemma and …", "my husband gary snores"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from medpipe.core.safety import people_cues as cues
from medpipe.core.safety.people_runs import GRAMMAR, Lists, Span, folded, has_part

_SECOND = (
    r"(\s(?!(?:and|et|y|here|from|aged?)\b)[^\W\d_]{2,}(?:\s[^\W\d_]{3,})?(?=\s(?:and|et|y)\s(?i:i|my|j|je|mon|ma|tengo|me)\b"
    r"|,\s(?:\d|a\s|(?:mother|father|mum|mom|dad)\b)|\s(?:here|from)\b))?"
)
_INTRODUCED = re.compile(
    r"(?i:\b(?:i['’]?m|i am|it['’]?s|this is|ici|c['’]est(?:\s(?:encore|toujours|bien|moi,?))?|je suis"
    r"|soy)\s)([^\W\d_]{3,}(?:-[^\W\d_]+)?)(?![\w-])" + _SECOND
)
_OF_THINGS = ("this is", "c’est", "c'est", "it")
"""Things are introduced so, too: "this is true"."""
_PRESENTED = re.compile(
    r",\s(?:aged?\s)?(?:\d{1,3}\b(?!\s(?:weeks?|months?|semaines?|mois|days?|jours?|kg|cm|hours?|h)\b)|(?:a\s|une?\s)?(?:\w+\s)?"
    r"(?:mother|father|mum|mom|dad|student|nurse|teacher|mère|père|maman|papa|étudiante?|madre|padre)\b)|\s(?:here|speaking|again|calling|writing|back)\b|\sfrom\s"
)
"""What people add to their own name: their age, and what they are."""
_OF_SOMEBODY = re.compile(
    r"(?i:\b(?:my|our|his|her|their|mon|ma|notre|son|sa|mi|su)\s(?:[a-z]+\s)?(?:husband|wife|son|daughter|mother|father|mom|mum|dad"
    r"|brother|sister|friend|neighbou?r|boyfriend|girlfriend|partner|baby|aunt|uncle|grand(?:mother|father|ma|pa|son|daughter)|cousin"
    r"|mari|femme|fils|fille|mère|père|frère|s(?:œ|oe)ur|amie?|voisine?|copain|copine|conjointe?|compagnon|compagne|bébé|tante|oncle"
    r"|marido|esposa|hij[oa]|herman[oa]|madre|padre|amig[oa])\s)([a-zà-ÿ]{3,}(?:-[a-zà-ÿ]+)?)(?![\w-])"
)
_BESIDE = frozenset("ADP AUX CCONJ DET NUM PART PRON SCONJ ADV".split())
"""Parts of speech of what is said of a relative in place of a name: "my husband will", "my son very"."""


def names_in_small(text: str, parts: dict[int, str], lists: Lists) -> Iterator[Span]:
    """Yield (start, end) of names without a capital. `parts`: parts of speech by where a word starts."""
    for match in _INTRODUCED.finditer(text):
        if match[1].islower() and _is_introduced(match, parts, lists):
            yield match.start(1), match.end(2) if match[2] else match.end(1)
    for match in _OF_SOMEBODY.finditer(text):
        word = folded(match[1])
        if (
            word in lists.usual
            and word not in lists.grammar | lists.medical
            and parts.get(match.start(1)) not in _BESIDE
        ):
            yield match.span(1)


def _is_introduced(match: re.Match[str], parts: dict[int, str], lists: Lists) -> bool:
    word, part = folded(match[1]), parts.get(match.start(1))
    given = has_part(word, lists.given)
    of_things = match[0].casefold().startswith(_OF_THINGS)
    presented = _PRESENTED.match(match.string, match.end())
    if presented and given and word not in cues.HUMAN | lists.grammar | lists.medical:
        return True
    if not of_things and presented and word not in cues.HUMAN | lists.grammar:
        if given or part == "PROPN":
            return True
        return word not in lists.medical and part in ("NOUN", "X")
    known = given and part not in GRAMMAR and not (of_things and part in ("ADJ", "VERB"))
    return word not in lists.medical and (known or part == "PROPN")
