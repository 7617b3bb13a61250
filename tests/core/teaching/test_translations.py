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
from medpipe.core.teaching.origin import Origin
from medpipe.core.teaching.translations import SAME_MEANING, Meanings

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
