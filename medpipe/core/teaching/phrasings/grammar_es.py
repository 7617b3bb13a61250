"""Spanish grammar of a question about a condition: its article, and verbs and adjectives for one or for many.

Nobody asks "¿Qué es asma?" or "¿Qué es abscesos?", but "¿Qué es el asma?" and "¿Qué son los abscesos?". Gender and
number are those of a name's first noun, by its ending (Real Academia Española, Nueva gramática de la lengua española,
2009, chapters 2 and 3), with the exceptions among words of medicine. Where they are not plain, the name stands in
quotes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ARTICLES = {"el": "o", "la": "a", "los": "os", "las": "as"}
"""Article → the ending of an adjective."""
_MASCULINE = frozenset(
    "accidente acné análisis aneurisma ántrax ataque bebé calambre cáncer catéter choque clima coma dengue derrame "
    "día diafragma diente drenaje ébola esfínter esguince estigma estrés examen exantema gas golpe herpes hombre "
    "implante juanete lunar marcapasos mes paladar páncreas parche pene pie plasma problema quiste shock sida síncope "
    "síndrome síntoma sistema tétanos tórax trasplante trauma vientre zika".split()
)
_FEMININE = frozenset(
    "alarma arma cama caries comezón crema diabetes fiebre flor forma gripe hemorroide hinchazón imagen libido luz "
    "mama mano muerte mujer parálisis peste piel polio razón sal salud sangre señal sífilis tos víctima".split()
)
_STRESSED_A = frozenset("agua área asma habla hambre".split())
"""Feminine nouns with "el", because their first sound is a stressed a."""
_ENDINGS = (
    ("a", re.compile(r"(?:[cstxg]ión|dad|tad|tud|umbre|itis|sis|ez|iz)$")),
    ("o", re.compile(r"(?:o|or|aje|oma|ema|[áéíó]n|us|[aeio]l)$")),
    ("a", re.compile(r"a$")),
)
"""The ending of an adjective, and the endings of nouns that it goes with: the first that fits."""
_PLURAL_IN_ES = re.compile(r"(?<=[aeiou][cdlnrs])es$")
_ACCENTED = {"an": "án", "en": "én", "in": "ín", "on": "ón"}
_SEVERAL = re.compile(r",| (?:y|e|o|u) |/")

_BARE = re.compile(
    r"\b(?:con|tener|tengan|personas tienen|tengo|toma|desarrollar|(?:quien|paciente) tiene|caso de|se trata de) $"
)
"""What comes before a condition without an article: "una persona con asma"."""
_NAMED = "significa "
"""What comes before a condition as a word: "¿Qué significa «asma»?"."""
_VERBS = (
    (r"\bcomún es (?=\{focus\})", "comunes son "),
    (r"\bes (?=\{focus\}|hereditari)", "son "),
    (r"\b(trata|aparece|viene|diagnostica|evita|afecta|ocurre|hereda|síntomas causa) (?=\{focus\})", r"\1n "),
    (r"\b(tratamiento|secundarios|deseados) tiene (?=\{focus\})", r"\1 tienen "),
    (r"\b(puede|suele) (?=(?:prevenir|causar|terminar) \{focus\})", r"\1n "),
    (r"\bViene (?=de familia \{focus\})", "Vienen "),
)
"""Verbs whose subject is the condition, and their forms for many."""
_ADJECTIVE = re.compile(r"(?<=\bhereditari)o|(?<=\brar)o(?= (?:es|son) \{focus\})")


class _Noun(NamedTuple):
    """A condition's name as it stands within a sentence, with its article; "" where that is not plain."""

    article: str
    name: str
    ending: str = "o"
    """Of an adjective: "o", "a", "os" or "as"."""


def filled(template: str, condition: str) -> str:
    """Return a Spanish template with the condition in it: "¿Cuáles son los síntomas del asma?"."""
    noun = _noun(condition)
    if noun.ending.endswith("s"):
        for pattern, form in _VERBS:
            template = re.sub(pattern, form, template)
    before, _, after = _ADJECTIVE.sub(noun.ending, template).partition("{focus}")
    if _BARE.search(before):
        return f"{before}{noun.name}{after}"
    if not noun.article or before.endswith(_NAMED):
        return f"{before}«{noun.name}»{after}"
    if noun.article == "el" and before.endswith((" de ", " a ")):
        return f"{before[:-1]}l {noun.name}{after}"
    article = noun.article if before.endswith(" ") else noun.article.capitalize()
    return f"{before}{article} {noun.name}{after}"


def _noun(condition: str) -> _Noun:
    first, _, rest = condition.partition(" ")
    if first.casefold() in _ARTICLES:
        return _Noun(first.casefold(), rest, _ARTICLES[first.casefold()])
    small = first.casefold()
    if _SEVERAL.search(condition) or not (first.islower() or first.istitle()) or not first.isalpha():
        return _Noun("", condition)
    name = f"{small} {rest}".rstrip()
    if small in _STRESSED_A:
        return _Noun("el", name, "a")
    if gender := _gender(small):
        return _Noun("la" if gender == "a" else "el", name, gender)
    one = _singular(small)
    gender = _gender(one) if one != small else ""
    return _Noun("las" if gender == "a" else "los", name, f"{gender}s") if gender else _Noun("", condition)


def _singular(noun: str) -> str:
    if not _PLURAL_IN_ES.search(noun) or noun[:-1] in _FEMININE | _MASCULINE:
        return noun.removesuffix("s")
    stem = noun.removesuffix("es")
    return f"{stem[:-1]}z" if stem.endswith("c") else stem[:-2] + _ACCENTED.get(stem[-2:], stem[-2:])


def _gender(noun: str) -> str:
    """Return the ending of an adjective that goes with a noun in the singular; "" where its gender is not plain."""
    if noun in _MASCULINE or noun in _FEMININE:
        return "o" if noun in _MASCULINE else "a"
    return next((ending for ending, nouns in _ENDINGS if nouns.search(noun)), "")
