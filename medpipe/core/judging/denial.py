"""What a statement does with the words in question: deny them, doubt them, or list them among others.

Cues are English, French and Spanish together, because an answer may be in another language than its question. They are
cues and not a grammar: docs/instruments.md says how often they are right.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from medpipe.core.endings import roots
from medpipe.core.markdown import unmarked
from medpipe.core.text import words

_MARK = "§"
"""Stands for the words in question."""
_END = re.compile(r"(?<=[.!?])\s+(?=[^a-z])|\s*\n\s*")

_CLAUSE_END = re.compile(
    r"[;:()—–]|\b(?:but|however|yet|although|though|while|whereas|because|since|therefore|mais|cependant|alors que|donc"
    r"|pero|sino|aunque|porque|mientras)\b|,\s*(?=(?:and|it|they|he|she|we|which|who|so|et|il|elle|ils|qui|y|que|lo)\b)"
)
_ONLY = re.compile(r"\bnot (?:only|just)\b|\b(?:non|pas) (?:seulement|que)\b|\bno (?:sólo|solo|solamente)\b")
"""Denials that add instead: "not only X but also Y"."""
_DENIED_BEFORE = re.compile(
    r"\b(?:not|no|never|cannot|nor|neither|none|nothing|nobody|without|avoid\w*|except|unlike|unlikely|instead of"
    r"|rather than|other than|contraindicat\w*|fails? to|stop\w*|false|wrong|incorrect"
    r"|mistakes?|errors?|stay away|keep away|erreur|error"
    r"|ne|pas|jamais|sans|ni|aucune?|non|évite\w*|sauf|au lieu d[eu]|plutôt qu[e']|contre-indiqu\w*|faux"
    r"|nunca|jamás|sin|ning[úu]n\w*|tampoco|evit\w*|salvo|excepto|en lugar de|en vez de|contraindicad\w*|falso)\b|\bn'"
)
_DENIED_AFTER = re.compile(
    r"(?:[\s-]+[^\W\d_]+){0,3}?\s+(?:(?:not|never|cannot|contraindicated|ineffective|useless|wrong|incorrect|forbidden|abandoned|obsolete|withdrawn"
    r"|ne|jamais|contre-indiqu\w+|inefficace\w*|inutile\w*|interdit\w*|à éviter"
    r"|no|nunca|contraindicad\w+|ineficaz|ineficaces|inútil\w*|prohibid\w+|incorrect\w+)\b|n')"
)
"""Up to three words may stand between: "tazomib is therefore not …"."""
_NO_DENIAL = re.compile(r"\b(?:and|et|y|e|or|ou|o|while|that|which|qui|que)\b|,")
"""What parts a denial that follows from the words in question: "tazomib and not rest"."""
_DOUBT = re.compile(
    r"\b(?:may or may not|can or cannot|might|maybe|perhaps|possibly|conceivably|probably|presumably|who knows"
    r"|could(?: also)? be|whether|or not|unclear"
    r"|peut-être|peut ou (?:non|ne)|possiblement|éventuellement|sans doute|probablement|pourrai(?:t|ent)|ou non|ou pas"
    r"|quizás?|tal vez|a lo mejor|posiblemente|probablemente|acaso|podrían?|puede(?:n)? o no|o no)\b"
)
_IGNORANCE = re.compile(
    r"\b(?:not (?:\w+ )?(?:sure|certain|known)|unsure|uncertain|do not know|cannot (?:say|tell)|guess"
    r"|pas (?:\w+ )?(?:sûre?s?|certaine?s?)|incertaine?s?|(?:ne )?sais pas|on ignore|j'ignore"
    r"|no (?:estoy|está|estamos) segur\w+|no (?:lo )?sé|no se sabe|inciert\w+|desconozco)\b"
)
_OR = r"or|ou|o|u|either|nor|versus|vs"
_JOINT = re.compile(rf"\s*(,|/|\||\+|&|\b(?:{_OR}|and|plus|et|y|e)\b)\s*")
_OF_TWO = re.compile(rf"(?:{_OR}|/|\|)")
_PREPOSITIONS = frozenset(
    "with by to from of in on at the a an avec par de du des le la les l con por el los un una".split()
)


def statements(text: str) -> list[str]:
    """Return the sentences and items of a text, without marks of Markdown."""
    return [part for part in map(unmarked, _END.split(text.strip())) if words(part)]


def plain(text: str) -> str:
    """Return a statement in one spelling: lower case, straight apostrophes, "not" for "n't"."""
    small = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return re.sub(r"\bcan't\b|\bcan not\b", "cannot", re.sub(r"\bwon't\b", "will not", small)).replace("n't", " not")


def clauses(statement: str) -> list[str]:
    """Return the clauses of a statement, in one spelling (`plain`)."""
    return [clause for clause in _CLAUSE_END.split(plain(statement)) if words(clause)]


def denied(statement: str, part: str) -> bool:
    """Return whether a statement denies some words of it, wherever it has them."""
    return any(_is_denied(before, after) for before, after in _clauses_with(plain(statement), part))


def doubted(statement: str) -> bool:
    """Return whether a statement leaves open whether it is so: "it may or may not be", "perhaps"."""
    return bool(_DOUBT.search(plain(statement))) or unsure(statement)


def unsure(text: str) -> bool:
    """Return whether a text says that its writer does not know."""
    return bool(_IGNORANCE.search(plain(text)))


def denies(statement: str) -> bool:
    """Return whether a statement denies anything."""
    return bool(_DENIED_BEFORE.search(_ONLY.sub(" ", plain(statement))))


def listed(statement: str, part: str, known: frozenset[str]) -> bool:
    """Return whether some words are one of several that a statement offers.

    One alternative is enough ("X or Y"), and two more in a row ("X, Y and Z"). `known`: roots that are no alternative,
    since question or right answer have them.
    """
    for before, after in _clauses_with(plain(statement), part):
        row = [*_before(before), *_after(after)]
        rivals = [(joint, text) for joint, text in row if roots(text) - known]
        if len(rivals) > 1 or any(_OF_TWO.fullmatch(joint) for joint, _ in rivals):
            return True
    return False


def _clauses_with(text: str, part: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before and after each place of some words, within their clause."""
    marked = re.sub(rf"(?<!\w){'[^a-z0-9]+'.join(map(re.escape, words(part)))}(?!\w)", _MARK, text)
    for clause in _CLAUSE_END.split(marked):
        pieces = clause.split(_MARK)
        for place in range(1, len(pieces)):
            yield _MARK.join(pieces[:place]), _MARK.join(pieces[place:])


def _is_denied(before: str, after: str) -> bool:
    if _DENIED_BEFORE.search(_ONLY.sub(" ", before)):
        return True
    follows = _DENIED_AFTER.match(_ONLY.sub(" ", after))
    return follows is not None and not _NO_DENIAL.search(follows.group())


def _before(text: str) -> Iterator[tuple[str, str]]:
    """Yield what is listed before some words, with what joins it to them: the last word of each item."""
    items = _JOINT.split(text)
    if _new(items[-1]):
        return  # something stands between the last joint and the words
    for joint, item in zip(items[-2::-2], items[-3::-2], strict=False):
        if split := item.split():
            yield joint, split[-1]
        if len(words(item)) > 3:
            return  # the item begins the sentence


def _after(text: str) -> Iterator[tuple[str, str]]:
    """Yield what is listed after some words, with what joins it to them: the first words of each item."""
    items = _JOINT.split(text)
    if _new(items[0]):
        return
    for joint, item in zip(items[1::2], items[2::2], strict=True):
        yield joint, " ".join(item.split()[:3])
        if len(words(item)) > 4:
            return


def _new(text: str) -> bool:
    return bool(set(words(text)) - _PREPOSITIONS)
