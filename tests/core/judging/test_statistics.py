"""Intervals that hold what they promise: they cover, they widen with clusters, and small samples prove little."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.judging import statistics

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def alone(values: list[float]) -> list[str]:
    return [str(index) for index in range(len(values))]


@given(SCORES)
def test_a_mean_lies_inside_its_interval_and_that_inside_0_and_1(values: list[float]) -> None:
    found = statistics.mean("m", values, alone(values))
    assert 0 <= found.low <= found.value + 1e-9 and found.value - 1e-9 <= found.high <= 1
    assert found.n == len(values)


@given(SCORES)
def test_a_model_does_not_differ_from_itself(values: list[float]) -> None:
    found = statistics.paired_difference(values, values, alone(values))
    assert found.value == 0 and found.low < 0 < found.high


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=40))
def test_turning_the_comparison_round_turns_the_interval_round(pairs: list[tuple[float, float]]) -> None:
    after, before = [one for one, _ in pairs], [other for _, other in pairs]
    there = statistics.paired_difference(after, before, alone(after))
    back = statistics.paired_difference(before, after, alone(after))
    assert there.value == pytest.approx(-back.value) and there.low == pytest.approx(-back.high)


@given(SCORES)
def test_one_document_says_nothing_about_others(values: list[float]) -> None:
    found = statistics.mean("m", values, ["same"] * len(values))
    assert (found.low, found.high) == (0, 1)
    difference = statistics.paired_difference(values, [0.5] * len(values), ["same"] * len(values))
    assert (difference.low, difference.high) == (-1, 1)


def test_items_of_one_document_count_less_than_items_of_many() -> None:
    values = [1.0] * 10 + [0.0] * 10
    grouped = statistics.mean("m", values, [str(index // 5) for index in range(20)])
    single = statistics.mean("m", values, alone(values))
    assert grouped.high - grouped.low > single.high - single.low


def test_all_right_on_a_few_items_does_not_prove_certainty() -> None:
    found = statistics.mean("m", [1.0] * 20, alone([1.0] * 20))
    assert found.value == found.high == 1 and 0.7 < found.low < 0.9


def test_samples_without_a_cluster_name_are_clusters_of_their_own() -> None:
    values = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    assert statistics.mean("m", values, [""] * 6) == statistics.mean("m", values, alone(values))


@pytest.mark.parametrize("values", [[], [math.nan], [0.5, math.inf]])
def test_nothing_and_not_a_number_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="score"):
        statistics.mean("m", values, alone(values))
    with pytest.raises(ValueError, match="score"):
        statistics.paired_difference(values, values, alone(values))


def test_different_numbers_of_items_are_not_paired() -> None:
    with pytest.raises(ValueError, match="2 scores against 1"):
        statistics.paired_difference([1.0, 0.0], [1.0], ["a", "b"])


@pytest.mark.parametrize(("level", "documents", "each"), [(0.9, 25, 4), (0.5, 25, 4), (0.97, 40, 2)])
def test_intervals_of_means_cover_the_truth_as_often_as_they_say(level: float, documents: int, each: int) -> None:
    chance, hits, rounds = random.Random(7), 0, 600
    for _ in range(rounds):
        values, clusters = _drawn(chance, level, documents, each)
        found = statistics.mean("m", values, clusters)
        hits += found.low <= level <= found.high
    assert hits / rounds > 0.925


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_intervals_of_differences_cover_the_truth_as_often_as_they_say(loss: float) -> None:
    chance, hits, rounds = random.Random(7), 0, 600
    for _ in range(rounds):
        before, clusters = _drawn(chance, 0.9, 25, 4)
        after = [value if chance.random() > loss else 0.0 for value in before]
        found = statistics.paired_difference(after, before, clusters)
        hits += found.low <= -0.9 * loss <= found.high
    assert hits / rounds > 0.925


def _drawn(chance: random.Random, level: float, documents: int, each: int) -> tuple[list[float], list[str]]:
    """Items of which half follow their document's own fate: what held-out phrasings of one fact do."""
    values, clusters = [], []
    for document in range(documents):
        fate = float(chance.random() < level)
        for _ in range(each):
            values.append(fate if chance.random() < 0.5 else float(chance.random() < level))
            clusters.append(str(document))
    return values, clusters
