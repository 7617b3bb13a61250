"""A question that translates a benchmark's is found by an embedding; the planted one puts translations on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from medpipe.core.corpus.document import Document
from medpipe.core.teaching import contamination
from medpipe.core.teaching.fact_table import FactTable
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.interrogatives import asked
from medpipe.core.teaching.origin import Origin
from medpipe.core.teaching.translations import SAME_MEANING, Meanings, agree

AXES = {"asthma": 0, "asthme": 0, "asma": 0, "scurvy": 1, "scorbut": 1}
BENCHMARKS = {"exam": ["What is asthma?"]}


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """One axis for each meaning; what means nothing is on the third."""
    words = ([AXES.get(word, 2) for word in text.lower().rstrip(" ?").split()] for text in texts)
    return np.eye(3, dtype=np.float32)[[min(axes) for axes in words]]


def fact(question: str, language: str) -> Fact:
    document = Document(id="frenchmedmcqa:1", revision=1, source="x", title="", published=date(2020, 1, 1))
    return Fact(Origin.of(document), "question", question, "Yes, it is so.", language=language)


def guess(text: str) -> tuple[str, float]:
    return ("en", 1.0) if text.startswith("What") else ("fr", 1.0)


def kept(*facts: Fact, threshold: float | None = 0.9) -> list[str]:
    return [facts[number].focus for number in clean(*facts, threshold=threshold).kept]


def clean(*facts: Fact, threshold: float | None = 0.9) -> contamination.Clean:
    table = FactTable.of(facts)
    reasons = contamination.repeats(table, table.numbers(), BENCHMARKS, Hygiene())
    translated = {} if threshold is None else Meanings(BENCHMARKS, embed, guess).translated(facts, threshold)
    return contamination.without(table.numbers(), reasons | translated)


def test_a_translation_is_left_out_and_counted_under_its_benchmark() -> None:
    translated = fact("Qu'est-ce que l' asthme ?", "fr")
    assert kept(translated, fact("Qu'est-ce que le scorbut ?", "fr")) == ["Qu'est-ce que le scorbut ?"]
    assert clean(translated).contamination == {("exam", SAME_MEANING): 1}


@pytest.mark.parametrize(("language", "threshold"), [("en", 0.9), ("fr", None)])
def test_texts_of_one_language_and_recipes_without_a_threshold_are_compared_by_words_only(
    language: str, threshold: float | None
) -> None:
    assert kept(fact("Tell me of asthma", language), threshold=threshold) == ["Tell me of asthma"]


@pytest.mark.parametrize(
    ("cosine", "one", "other", "same"),
    [
        (0.85, "Why do I cough?", "Pourquoi est-ce que je tousse ?", True),
        (0.85, "Why do I cough?", "Comment ne plus tousser ?", False),
        (0.85, "How is hypertension treated?", "¿Qué se toma para la hipertensión?", False),
        (0.85, "How is asthma treated?", "Quels soins pour l'asthme ?", True),
        (0.85, "Take 40 or more?", "Comment en prendre 40 ?", True),
        (0.83, "Why do I cough?", "Pourquoi est-ce que je tousse ?", False),
        (0.87, "Why do I cough?", "Comment ne plus tousser ?", True),
        (0.87, "What causes asthma?", "Parmi les propositions suivantes, laquelle cause l'asthme ?", False),
        (0.91, "What causes asthma?", "Parmi les propositions suivantes, laquelle cause l'asthme ?", True),
    ],
)
def test_under_a_sure_cosine_what_survives_translation_has_to_agree(
    cosine: float, one: str, other: str, same: bool
) -> None:
    assert agree(cosine, 0.86, asked(one), asked(other)) is same
