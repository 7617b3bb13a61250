"""Rules of entailment: planted pairs of each kind, and what decides about numbers, opposites and medicines."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.judging import opposites
from medpipe.core.judging.entailment import grade, verdict
from medpipe.core.judging.quantities import Quantity, quantities
from tests.core.judging.entailment_pairs import FRESH, PLANTED, Planted


@pytest.mark.parametrize("pair", PLANTED, ids=lambda pair: f"{pair.kind}: {pair.claim[:40]}")
def test_a_planted_pair_gets_the_verdict_of_a_reader(pair: Planted) -> None:
    assert verdict(pair.premise, pair.claim) == pair.verdict


def test_the_page_says_how_often_the_rules_are_right_about_pairs_that_they_were_not_written_for() -> None:
    given_verdicts = Counter((verdict(pair.premise, pair.claim), pair.verdict) for pair in FRESH)
    right = {name: given_verdicts[name, name] for name in ("contradicted", "entailed", "neutral")}
    assert right == {"contradicted": 21, "entailed": 8, "neutral": 6}
    assert sum(count for (said, true), count in given_verdicts.items() if said == "contradicted" != true) == 0
    assert sum(count for (said, true), count in given_verdicts.items() if said == "entailed" != true) == 0


@pytest.mark.parametrize("kind", ["number", "negated", "opposite", "drug"])
def test_an_answer_of_each_bad_kind_is_seen_to_contradict(kind: str) -> None:
    bad = [grade(pair.claim, pair.premise) for pair in PLANTED if pair.kind == kind]
    assert len(bad) >= 10 and all(each == (0.0, 1.0) for each in bad)


def test_an_answer_that_omits_everything_recalls_nothing_and_contradicts_nothing() -> None:
    assert {grade(pair.claim, pair.premise) for pair in PLANTED if pair.kind == "omitted"} == {(0.0, 0.0)}


@given(st.text(), st.text())
def test_grades_are_shares(answer: str, target: str) -> None:
    assert all(0 <= share <= 1 for share in grade(answer, target))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5 g or 500 mg", {Quantity(500, "mg")}),
        ("0,5 g", {Quantity(500, "mg")}),
        ("40,000 people", {Quantity(40000, "peopl")}),
        ("two weeks", {Quantity(336, "hour")}),
        ("14 days", {Quantity(336, "hour")}),
        ("dos semanas", {Quantity(336, "hour")}),
        ("12 mois, un an", {Quantity(8760, "hour")}),
        ("10%", {Quantity(10, "%")}),
        ("10 percent", {Quantity(10, "%")}),
        ("vitamin B12", set()),
        ("no number", set()),
    ],
)
def test_quantities_are_equal_in_whatever_unit_they_are_written(text: str, expected: set[Quantity]) -> None:
    assert quantities(text) == expected


def test_a_prefix_or_a_pair_of_words_turns_a_statement() -> None:
    assert opposites.turned("Hypotension is common.", "Hypertension is common.")
    assert opposites.turned("It decreased.", "It increases.")
    assert not opposites.turned("It decreased and increased.", "It increases.")
    assert not opposites.turned("Hyper is common.", "Hypo is common.")


def test_names_of_medicines_are_one_in_three_languages() -> None:
    assert opposites.medicines("Amoxicillin") == {"amoxicillin"} == opposites.medicines("amoxicilline")
    assert opposites.medicines("Rest and tea") == frozenset()
