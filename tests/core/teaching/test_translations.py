"""A question that translates a benchmark's is found by an embedding; the planted one puts translations on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from medpipe.core.corpus.document import Document
from medpipe.core.teaching import contamination, questions
from medpipe.core.teaching.fact_table import FactTable
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.options import parted, with_options
from medpipe.core.teaching.origin import Origin
from medpipe.core.teaching.translations import SAME_MEANING, Meanings, agree, asked, nearness
from medpipe.core.teaching.unrelated_questions import BY_LANGUAGE

AXES = {"asthma": 0, "asthme": 0, "asma": 0, "scurvy": 1, "scorbut": 1}
BENCHMARKS = {"exam": ["What is asthma?"]}


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """One axis for each meaning; what means nothing is on the third."""
    words = ([AXES.get(word, 2) for word in text.lower().rstrip(" ?").split()] for text in texts)
    return np.eye(3, dtype=np.float32)[[min(axes) for axes in words]]


def embed_options(texts: Sequence[str]) -> NDArray[np.float32]:
    """Questions about a macrolide are one, and options are the sum of their words."""
    rows = [[1, 0, 0, 0] if "macrolide" in text else [0, *embed(text.split("; ")).sum(axis=0)] for text in texts]
    return np.array([unit(row) for row in rows], np.float32)


def unit(values: Sequence[float]) -> NDArray[np.float32]:
    row = np.array(values, np.float32)
    return row / np.linalg.norm(row)


def fact(question: str, language: str) -> Fact:
    document = Document(id="frenchmedmcqa:1", revision=1, source="x", title="", published=date(2020, 1, 1))
    return Fact(Origin.of(document), "question", question, "Yes, it is so.", language=language)


def guess(text: str) -> tuple[str, float]:
    return ("en", 1.0) if text.startswith("What") else ("fr", 1.0)


def kept(*facts: Fact, threshold: float | None = 3.3) -> list[str]:
    return [facts[number].focus for number in clean(*facts, threshold=threshold).kept]


def clean(*facts: Fact, threshold: float | None = 3.3) -> contamination.Clean:
    table = FactTable.of(facts)
    reasons = contamination.repeats(table, table.numbers(), BENCHMARKS, Hygiene())
    translated = {} if threshold is None else Meanings(BENCHMARKS, embed, guess).translated(facts, threshold)
    return contamination.without(table.numbers(), reasons | translated)


def test_a_translation_is_left_out_and_counted_under_its_benchmark() -> None:
    translated = fact("Qu'est-ce que l' asthme ?", "fr")
    assert kept(translated, fact("Qu'est-ce que le scorbut ?", "fr")) == ["Qu'est-ce que le scorbut ?"]
    assert clean(translated).contamination == {("exam", SAME_MEANING): 1}


@pytest.mark.parametrize(("language", "threshold"), [("en", 3.3), ("fr", None)])
def test_texts_of_one_language_and_recipes_without_a_threshold_are_compared_by_words_only(
    language: str, threshold: float | None
) -> None:
    assert kept(fact("Tell me of asthma", language), threshold=threshold) == ["Tell me of asthma"]


@pytest.mark.parametrize(
    ("near", "one", "other", "same"),
    [
        (3.3, "What causes asthma?", "Pourquoi a-t-on de l'asthme ?", True),
        (3.2, "What causes asthma?", "Pourquoi a-t-on de l'asthme ?", False),
        (2.9, "Why do I cough?", "Pourquoi est-ce que je tousse ?", True),
        (2.7, "Why do I cough?", "Pourquoi est-ce que je tousse ?", False),
        (9.0, "What causes asthma?", "Parmi les propositions suivantes, laquelle cause l'asthme ?", False),
        (9.0, "What causes asthma?", f"Quelle est la cause de l'asthme {'chez un enfant ' * 5}?", False),
    ],
)
def test_questions_ask_the_same_if_they_are_near_and_of_one_form_and_length(
    near: float, one: str, other: str, same: bool
) -> None:
    assert agree(near, 3.3, asked(one), asked(other)) is same


def test_a_text_that_is_near_to_everything_is_nearer_to_its_translation_only_by_a_little() -> None:
    hub, plain = unit([1, 1, 0]), unit([1, 0, 1])
    unrelated = np.stack([unit([1, 0.9, 0]), unit([1, 1.1, 0.1])])
    to_hub, to_plain = nearness(unit([1, 0.8, 0.6])[None], np.stack([hub, plain]), unrelated, unrelated)[0]
    assert unit([1, 0.8, 0.6]) @ hub > unit([1, 0.8, 0.6]) @ plain, "the cosine alone would choose the hub"
    assert to_plain > to_hub


EXAM = "What drug is a macrolide? A. Asthma B. Scurvy"


@pytest.mark.parametrize(
    ("benchmark", "left_out"),
    [(EXAM, True), ("What drug is a macrolide?", True), ("What drug is a macrolide? A. Asthma B. Asthma", False)],
)
def test_questions_with_options_on_both_sides_need_the_same_options(benchmark: str, left_out: bool) -> None:
    taught = fact("Quel est le macrolide ? A. Asthme B. Scorbut", "fr")
    meanings = Meanings({"exam": [benchmark]}, embed_options, guess)
    assert bool(meanings.translated([taught], 3.3)) is left_out


def test_a_question_that_asks_for_an_option_is_compared_only_with_its_options() -> None:
    stem = "What of the following is a macrolide?"
    taught = fact("Parmi les suivants, lequel est un macrolide ? A. Asthme B. Scorbut", "fr")
    for benchmark, left_out in ((stem, False), (f"{stem} A. Asthma B. Scurvy", True)):
        assert bool(Meanings({"exam": [benchmark]}, embed_options, guess).translated([taught], 3.3)) is left_out


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Which? A. One B. Two C. Three", ("One", "Two", "Three")),
        ("Which?\n\nA) One\nB) Two", ("One", "Two")),
        ("Which? A. One C. Three", ("One", "Three")),
        ("A. J. Smith's disease?", ()),
        ("Is vitamin A. B. C.?", ()),
    ],
)
def test_options_are_read_from_behind_a_question(text: str, options: tuple[str, ...]) -> None:
    assert parted(text)[1] == options


def test_options_are_read_as_they_were_written() -> None:
    assert parted(with_options("Which?", ("One", "", "Three"))) == ("Which?", ("One", "Three"))


def test_the_unrelated_questions_are_as_many_in_each_language() -> None:
    assert len({len(texts) for texts in BY_LANGUAGE.values()}) == 1
    assert BY_LANGUAGE.keys() == questions.LANGUAGES
