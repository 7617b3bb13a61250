"""Which words of a medical text are people and homes, by a language model's finds, lists of names, and their places.

Models of general text miss half of the names in clinical notes and forum posts, and take drugs, genes and eponyms for
people ("Adalimumab was compared with …", "BRCA1 in breast cancer", "la maladie de Charcot"). So neither is believed
alone. A run of words with capitals is a person where a model or a list says so, or where the sentence speaks of a
person; it is none where an eponym stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from medpipe.core.safety import people_cues as cues
from medpipe.core.safety.people_in_small import names_in_small
from medpipe.core.safety.people_runs import (
    BEFORE,
    CLAUSE,
    WORD,
    Lists,
    Run,
    Span,
    Token,
    folded,
    has_part,
    runs,
)

_CODE = re.compile(r"\d|\b[A-Z]{2,6}\b|\b[A-Z][a-z]{1,2}[A-Z]\b|^[A-Z]-")
"""A gene or an abbreviation."""
_LETTERS = re.compile(r"[^\W\d_]+")
_SURNAME_FIRST = re.compile(rf"(?:^|\n|[:;]\s)((?:(?:LE|LA|DE|DU|EL|AL|VAN|VON|DI|DA)\s)?{WORD}),\s$")
_BETWEEN = re.compile(r",?\s(?:et|and|y|&)\s|,\s(?:\d{1,2}\s?[:h]\s?(?:\d{2}\s)?)?|\s?/\s?")
"""Between the members of an enumeration."""


def people(
    text: str,
    tokens: Sequence[Token],
    believed: Sequence[Span],
    lists: Lists,
    places: Sequence[Span] = (),
) -> Iterator[Span]:
    """Yield (start, end) of the people in a text. `believed`, `places`: what a language model takes for either."""
    parts = {token.start: token.part for token in tokens}
    for members in _enumerations(list(runs(text, parts, believed, places, lists))):
        for run in _people_of(members, lists):
            surname = _SURNAME_FIRST.search(text, max(0, run.start - BEFORE), run.start)
            yield surname.start(1) if surname else run.first, run.end
    yield from names_in_small(text, parts, lists)


def _enumerations(found: Sequence[Run]) -> Iterator[list[Run]]:
    """Yield the runs that are enumerated together: "Phalen and Tinel"."""
    members: list[Run] = []
    for run in found:
        if members and not _BETWEEN.fullmatch(run.text, members[-1].end, run.first):
            yield members
            members = []
        members.append(run)
    if members:
        yield members


def _people_of(members: Sequence[Run], lists: Lists) -> list[Run]:
    """Return the people of an enumeration. People are enumerated with people, and eponyms with eponyms."""
    people_of = [run for run in members if _is_person(run, lists)]
    if len(members) == 1 or not people_of:
        return people_of
    if any(run.words[0] in lists.medical and run not in people_of for run in members):
        return [run for run in people_of if len(run.words) > 1 or _is_said(run)]
    return [run for run in members if run in people_of or (len(run.words) == 1 and _may_be_person(run, lists))]


def _may_be_person(run: Run, lists: Lists) -> bool:
    (word,) = run.words
    if run.part not in ("PROPN", "X", "NOUN") or run.placed or _CODE.search(run.text[run.start : run.end]):
        return False
    known = word in lists.medical or word in lists.grammar or word in cues.STATES or word in lists.countries
    return not known and not _is_nobody(run, lists, said=False) and not _is_eponym(run.text, run.end, run.before)


def is_home(text: str, start: int, end: int, lists: Lists) -> bool:
    """Return whether a model's place is believed: smaller than a state, after words of a home, no word of medicine."""
    place, before = text[start:end], text[max(0, start - BEFORE) : start]
    words = [folded(word) for word in _LETTERS.findall(place)]
    if all(word in cues.STATES or word in lists.medical for word in words) or folded(place) in lists.countries:
        return False
    if not place[0].isupper() or _CODE.search(place) or not cues.OF_NOBODY.isdisjoint(words):
        return False
    if _is_eponym(text, end, before) or not cues.HOME_BEFORE.search(before):
        return False
    return _speaks_of_one(text, start, end)


def _is_person(run: Run, lists: Lists) -> bool:
    words, name = run.words, run.text[run.start : run.end]
    said = _is_said(run)
    if _is_eponym(run.text, run.end, run.before) or _is_nobody(run, lists, said):
        return False
    given = [word for word in words if has_part(word, lists.given) and word not in lists.medical]
    if _CODE.search(name) and not (given and len(words) > 1):
        return False
    if cues.ARTICLE.search(run.before) and not (given and len(words) > 1):
        return False
    if len(words) == 1 and not said and not run.initials and _is_named_after(run, lists):
        return False
    noun = cues.OF_A_WORD.search(run.before)
    if noun and (noun[1] or "").casefold() not in cues.HUMAN:
        if len(words) == 1 and words[0] in lists.eponyms:  # "le polygone de Willis"
            return False
        first = next((word for word in words if word.capitalize() not in cues.PARTICLES), words[0])
        named = first in given if len(words) > 1 else words[0] in lists.usual or words[0] not in lists.family
        return named and bool(given)
    return _is_full_name(run, lists, said) if len(words) > 1 else _is_one_name(run, lists, said)


def _is_named_after(run: Run, lists: Lists) -> bool:
    """Return whether one word with a capital stands as the name of a method, a sign or a part of the body does."""
    (word,) = run.words
    parts = word.split("-")
    if len(parts) > 1 and run.text[run.start : run.end].count("-") == len(parts) - 1:
        second = run.text[run.start : run.end].split("-")[1]
        if second[:1].isupper() and not (parts[0] in lists.usual and parts[1] in lists.given):  # "Dix-Hallpike"
            return not has_part(word, lists.given) or any(part in lists.medical for part in parts)
    usual = word in lists.usual and word not in lists.eponyms
    if usual:
        return False
    noun = cues.OF_IN_ENGLISH.search(run.before)  # "the foramen of Monro"
    owned = cues.OWNED.match(run.text, run.end)  # "Bruch's membrane"
    return bool((noun and noun[1].casefold() not in cues.HUMAN) or (owned and folded(owned[1]) in lists.medical))


def _is_said(run: Run) -> bool:
    """Return whether the sentence speaks of a person where the words stand."""
    return bool(cues.PERSON_BEFORE.search(run.before) or cues.PERSON_AFTER.match(run.text, run.end))


def _is_full_name(run: Run, lists: Lists, said: bool) -> bool:
    """Return whether several words are a name. "Polycythemia Vera" is nobody, "Angelica" a herb and a name."""
    first, last = run.words[0], run.words[-1]
    unknown = not any(word in lists.medical for word in run.words)
    said = said or cues.LABEL.search(run.before) is not None
    of_family = last in lists.family or (unknown and cues.FAMILY_ENDS.search(last) is not None)
    if last in lists.given or of_family or " ".join(run.words) in lists.family:
        believed = (run.found or said) and (first not in lists.medical or first in lists.family)
        return has_part(first, lists.given) or believed or unknown
    if has_part(first, lists.given) and first not in lists.medical:
        goes_on = run.following in ("VERB", "AUX", "PRON")
        return first in lists.usual or run.found or said or goes_on or not CLAUSE.search(run.before)
    goes_on = run.part == "PROPN" and cues.STATE_AFTER.match(run.text, run.end) is not None
    return unknown and (said or run.found or goes_on)


def _is_one_name(run: Run, lists: Lists, said: bool) -> bool:
    """Return whether one word is a name."""
    (word,) = run.words
    given, family, medical = has_part(word, lists.given), word in lists.family, word in lists.medical
    if medical and not given and not family:
        return False
    if run.initials and (family or run.initials == 2 or (run.found and not medical)):
        return True
    if cues.HAD.search(run.before):
        return False
    listed = cues.SCHEDULED.search(run.before) or _SURNAME_FIRST.search(run.text, max(0, run.start - BEFORE), run.start)
    if listed and (given or family) and not medical:
        return True
    asked = run.part == "PROPN" and run.before.endswith(", ") and run.text[run.end : run.end + 1] == "?"
    addressed = asked or (cues.ADDRESSED.search(run.before) and run.text[run.end : run.end + 1] == ",")
    weak = cues.THING_AFTER.match(run.text, run.end) and not cues.PERSON_BEFORE.search(run.before)
    if (said and (given or family or run.found or not weak)) or (addressed and not medical):
        return True
    usual, begins = word in lists.usual, CLAUSE.search(run.before) is not None
    stated = cues.STATE_AFTER.match(run.text, run.end) is not None
    if begins and given and not medical and stated and run.part in ("PROPN", "NOUN", "X"):
        return True
    if medical or (run.placed and not usual and (not given or cues.PLACED.search(run.before) is not None)):
        return False
    if word in lists.eponyms and run.following == "NOUN":  # "Morton neuroma"
        return False
    if run.following == "NOUN" and run.text[run.end : run.end + 1] == " ":  # "Wells criteria"
        return given and not begins and (usual or not family)
    proper = run.part == "PROPN"
    if begins:
        alone = cues.ALONE.match(run.text, run.end) and cues.SENTENCE_BEFORE.search(run.before)  # "Foie. Rein. Sang."
        if alone and not usual:
            return False
        other = cues.COORDINATED.match(run.text, run.end)
        if given and other:
            return folded(other[1]) in lists.given and (usual or not run.placed)
        comma = run.text[run.end : run.end + 1] == ","
        usual = usual and word not in lists.eponyms  # "Olive, canola and …"
        goes_on = run.following in ("VERB", "AUX", "PRON") or (run.following == "PUNCT" and (usual or not comma))
        goes_on |= run.following == "PART" and (usual or not family)  # "Barrett's cells", an eponym
        return (given and goes_on and (run.found or proper or usual)) or (family and (run.found or proper) and stated)
    if run.following == "PART" and family and not usual and not run.found:
        return False
    beside = proper and cues.BESIDE.search(run.before) and cues.ENDED.match(run.text, run.end)
    return given or (family and (run.found or bool(beside)))


def _is_nobody(run: Run, lists: Lists, said: bool) -> bool:
    """Return whether a run is a saint, an institution, a day, a country, or nothing but words of medicine."""
    words = run.words
    if words[0].startswith(("saint-", "sainte-")) or not cues.OF_NOBODY.isdisjoint(words):
        return True
    if not said and not cues.CALENDAR.isdisjoint(words):
        return len(words) == 1 or words[-1] not in lists.family or words[-1] in cues.CALENDAR
    places = " ".join(words) in lists.countries or all(word in cues.STATES or word in lists.countries for word in words)
    if places and not (words[0] in lists.given and (run.found or said) and not cues.PLACED.search(run.before)):
        return True
    return all(word in lists.medical and word not in lists.given and word not in lists.family for word in words)


def _speaks_of_one(text: str, start: int, end: int) -> bool:
    """Return whether the sentence so far speaks of one person."""
    return cues.ONE_PERSON.search(text, max(0, text.rfind(". ", 0, start)), end) is not None


def _is_eponym(text: str, end: int, before: str) -> bool:
    return bool(
        cues.OF_MEDICINE_AFTER.match(text, end) or cues.OF_MEDICINE_BEFORE.search(before) or cues.CITED.match(text, end)
    )
