"""Which words are people, from parts of speech, a model's finds, lists of names and what the sentence says."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from medpipe.core.safety.people import is_home, people
from medpipe.core.safety.people_runs import Lists, Token

LISTS = Lists(
    given={"ngozi", "clement", "vera"},
    family={"kowalczyk", "akhmetova"},
    medical=frozenset({"parkinson", "polycythemia", "glasgow", "keppra"}),
    countries={"jordan"},
)
PARTS = {"was": "AUX", "came": "VERB", "dish": "NOUN", "the": "DET", "Can": "AUX", "and": "CCONJ", "for": "ADP"}


def found(text: str, believed: Sequence[str] = ()) -> list[str]:
    tokens = [
        Token(match.start(), PARTS.get(match[0], "PROPN" if match[0][0].isupper() else "X"))
        for match in re.finditer(r"[^\W_]+", text)
    ]
    spans = [(text.index(name), text.index(name) + len(name)) for name in believed]
    return [text[start:end] for start, end in people(text, tokens, spans, LISTS)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Can Ngozi fly?", ["Ngozi"]),
        ("Clement Parkinson takes levodopa.", ["Clement Parkinson"]),
        ("The nurse told Makoa to wait.", ["Makoa"]),
        ("R. J. Pemberton is here.", ["R. J. Pemberton"]),
        ("im ngozi and i cough", ["ngozi"]),
        ("im ngozi okafor and i cough", ["ngozi okafor"]),
        ("Zyra who coughs is here", ["Zyra"]),
        ("9:20 Kowalczyk", ["Kowalczyk"]),
        ("Does it hurt, Zyra?", ["Zyra"]),
        ("Seen by Łucja Żakowska today.", ["Łucja Żakowska"]),
        ("hi, im zyra, 41, can i", ["zyra"]),
        ("La mère de Makoa attend.", []),
        ("Le Bihan is here. Seen by Le Bihan.", ["Le Bihan"]),
        ("Seen by Gulnara Akhmetova today.", ["Gulnara Akhmetova"]),
    ],
)
def test_lists_and_sentences_tell_people_that_the_model_misses(text: str, names: list[str]) -> None:
    assert found(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Parkinson disease is slow.",
        "Polycythemia Vera is rare.",
        "a Petri dish",
        "the foramen of Kowalczyk",
        "Zyra-Okafor is negative",
        "Ngozi and Parkinson are signs",
        "les cellules de Schwann",
        "I have Ngozi",
        "The Glasgow University",
        "We met in January",
        "the Avon Longitudinal Study",
        "a trial from Jordan",
        "the Okafor and Zyra criteria",
        "Zyra plus syndrome is rare",
    ],
)
def test_eponyms_institutions_and_months_are_nobody_even_to_a_model(text: str) -> None:
    words = re.findall(r"[A-Z][a-z]+(?: [A-Z][a-z]+)?", text)
    assert found(text, words[-1:]) == []


def test_a_model_is_believed_about_two_words_that_nothing_else_knows() -> None:
    assert found("Can Zyra Okafor cry?", ["Zyra Okafor"]) == ["Zyra Okafor"]
    assert found("Can Zyra Okafor cry?") == []


@pytest.mark.parametrize(
    ("text", "home"), [("She lives in Tulsa.", True), ("A trial in Jordan.", False), ("Cases from Tulsa.", False)]
)
def test_a_home_is_smaller_than_a_country(text: str, home: bool) -> None:
    place = text.split()[-1].rstrip(".")
    assert is_home(text, text.index(place), text.index(place) + len(place), LISTS) is home
