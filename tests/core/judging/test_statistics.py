"""Intervals cover the truth as often as they say, widen with clusters, and prove little on small samples."""

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
    metric = statistics.mean("m", values, alone(values))
    assert 0 <= metric.low <= metric.value + 1e-9 and metric.value - 1e-9 <= metric.high <= 1
    assert metric.n == len(values)


@given(SCORES)
def test_a_model_does_not_differ_from_itself(values: list[float]) -> None:
    difference = statistics.paired_difference(values, values, alone(values))
    assert difference.value == 0 and difference.low < 0 < difference.high


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=40))
def test_turning_the_comparison_round_turns_the_interval_round(pairs: list[tuple[float, float]]) -> None:
    after, before = [new for new, _ in pairs], [old for _, old in pairs]
    there = statistics.paired_difference(after, before, alone(after))
    back = statistics.paired_difference(before, after, alone(after))
    assert there.value == pytest.approx(-back.value) and there.low == pytest.approx(-back.high)


@given(SCORES)
def test_one_document_says_nothing_about_others(values: list[float]) -> None:
    metric = statistics.mean("m", values, ["same"] * len(values))
    assert (metric.low, metric.high) == (0, 1)
    difference = statistics.paired_difference(values, [0.5] * len(values), ["same"] * len(values))
    assert (difference.low, difference.high) == (-1, 1)


def test_items_of_one_document_count_less_than_items_of_many() -> None:
    values = [1.0] * 10 + [0.0] * 10
    grouped = statistics.mean("m", values, [str(index // 5) for index in range(20)])
    single = statistics.mean("m", values, alone(values))
    assert grouped.high - grouped.low > single.high - single.low


def test_all_right_on_a_few_items_does_not_prove_certainty() -> None:
    metric = statistics.mean("m", [1.0] * 20, alone([1.0] * 20))
    assert metric.value == metric.high == 1 and 0.7 < metric.low < 0.9


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
        metric = statistics.mean("m", values, clusters)
        hits += metric.low <= level <= metric.high
    assert hits / rounds > 0.925


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_intervals_of_differences_cover_the_truth_as_often_as_they_say(loss: float) -> None:
    chance, hits, rounds = random.Random(7), 0, 600
    for _ in range(rounds):
        before, clusters = _drawn(chance, 0.9, 25, 4)
        after = [value if chance.random() > loss else 0.0 for value in before]
        difference = statistics.paired_difference(after, before, clusters)
        hits += difference.low <= -0.9 * loss <= difference.high
    assert hits / rounds > 0.925


def _drawn(chance: random.Random, level: float, documents: int, each: int) -> tuple[list[float], list[str]]:
    """Draw items. Half of them share the outcome of their document, as held-out phrasings of one fact do."""
    values, clusters = [], []
    for document in range(documents):
        fate = float(chance.random() < level)
        for _ in range(each):
            values.append(fate if chance.random() < 0.5 else float(chance.random() < level))
            clusters.append(str(document))
    return values, clusters


def test_a_clustered_mean_has_the_interval_computed_by_hand() -> None:
    # Clusters (1, 1), (0, 0), (1, 0): mean 1/2. Variance of the mean as if independent: 0.25 / 6 = 1/24. Between
    # clusters: squares 1 + 1 + 0 = 2, times 3/2, over 36 = 1/12. So 6 items count as 3. Wilson with t(2) = 4.3027.
    metric = statistics.mean("m", [1, 1, 0, 0, 1, 0], ["a", "a", "b", "b", "c", "c"])
    weight = 4.302652729749464**2 / 3
    half = math.sqrt(weight / 4 + weight**2 / 4) / (1 + weight)

    assert (metric.name, metric.value, metric.n) == ("m", 0.5, 6)
    assert metric.low == pytest.approx(0.5 - half, abs=1e-9)
    assert metric.high == pytest.approx(0.5 + half, abs=1e-9)


def test_the_order_of_items_does_not_matter() -> None:
    ordered = statistics.mean("m", [1, 1, 0, 0, 1, 0], ["a", "a", "b", "b", "c", "c"])

    assert statistics.mean("m", [1, 0, 1, 1, 0, 0], ["a", "b", "c", "a", "b", "c"]) == ordered


def test_clusters_that_balance_out_count_no_more_than_their_items() -> None:
    # (1, 0) in every cluster: no variance between clusters at all, so the design effect would be 0
    balanced = statistics.mean("m", [1, 0] * 4, ["a", "a", "b", "b", "c", "c", "d", "d"])
    weight = 3.182446305284263**2 / 8  # t(3); 8 items
    half = math.sqrt(weight / 4 + weight**2 / 4) / (1 + weight)

    assert balanced.low == pytest.approx(0.5 - half, abs=1e-9)


def test_items_in_nearly_balanced_clusters_count_no_more_than_their_number() -> None:
    # squares (2 - 1.6)^2 + 4 (0.5 - ...) stay small: the effective size is capped at the number of items
    values = [1, 0] * 4 + [1, 1]
    metric = statistics.mean("m", values, [str(index // 2) for index in range(10)])
    weight = 2.7764451051977987**2 / 10  # t(4); 10 items, and not the 10 * 0.024 / 0.01 = 24 of the design effect
    middle = (0.6 + weight / 2) / (1 + weight)
    half = math.sqrt(weight * 0.24 + weight**2 / 4) / (1 + weight)

    assert metric.low == pytest.approx(middle - half, abs=1e-9)
    assert metric.high == pytest.approx(middle + half, abs=1e-9)


def test_scores_that_do_not_vary_count_as_many_items_as_there_are_clusters() -> None:
    metric = statistics.mean("m", [1.0] * 9, ["a"] * 3 + ["b"] * 3 + ["c"] * 3)
    weight = 4.302652729749464**2 / 3

    assert (metric.value, metric.high) == (1.0, 1.0)
    assert metric.low == pytest.approx(1 / (1 + weight), abs=1e-9)
    assert metric == statistics.mean("m", [1.0] * 3, ["a", "b", "c"]).model_copy(update={"n": 9})


def test_a_cluster_counts_as_one_item_at_least() -> None:
    # two clusters that contradict each other: the design effect leaves 1 item of 200
    metric = statistics.mean("m", [1.0] * 100 + [0.0] * 100, ["a"] * 100 + ["b"] * 100)
    weight = 12.706204736174705**2 / 1
    half = math.sqrt(weight / 4 + weight**2 / 4) / (1 + weight)

    assert metric.low == pytest.approx(0.5 - half, abs=1e-9)


def test_a_difference_without_losses_has_the_exact_interval_of_a_share() -> None:
    # One gain in ten items, each a cluster: the effective size is 10. Exact limits of 1 in 10 at 2.5 % each side, and
    # of 0 in 10 for the losses, joined by the root of the sum of squares.
    difference = statistics.paired_difference([1.0] + [0.5] * 9, [0.0] + [0.5] * 9, alone([0.0] * 10))
    low, high, no_loss = 0.00252857854446178, 0.4450161124, 1 - 0.025 ** (1 / 10)

    assert difference.value == pytest.approx(0.1)
    assert difference.low == pytest.approx(0.1 - math.hypot(0.1 - low, no_loss), abs=1e-6)
    assert difference.high == pytest.approx(high, abs=1e-6)
    assert (difference.n, difference.clusters) == (10, 10)


def test_a_loss_that_never_happened_is_ruled_out_as_far_as_the_documents_allow() -> None:
    # Four questions about each of 23 documents: 23 observations and not 92.
    same = [1.0] * 92
    difference = statistics.paired_difference(same, same, [str(index // 4) for index in range(92)])
    assert difference.low == pytest.approx(-(1 - 0.025 ** (1 / 23)), abs=1e-9)


def test_a_large_document_counts_as_few_observations() -> None:
    # Sizes 37 and nine times 1: (46 squared) / (37 squared + 9) = 1.54 documents by Kish.
    same, clusters = [1.0] * 46, ["large"] * 37 + [str(index) for index in range(9)]
    assert statistics.paired_difference(same, same, clusters).low == pytest.approx(
        -(1 - 0.025 ** (1378 / 2116)), abs=1e-9
    )


def test_a_smaller_level_gives_a_wider_interval() -> None:
    after, before = [1.0, 0.0] * 20, [1.0, 1.0] * 20
    wide, usual = (statistics.paired_difference(after, before, alone(after), alpha) for alpha in (0.001, 0.025))
    assert wide.low < usual.low < usual.high < wide.high
    assert (wide.alpha, usual.alpha) == (0.001, 0.025)


def test_losses_that_come_by_the_document_widen_the_interval() -> None:
    before = [1.0] * 100
    scattered = [float(index % 4 > 0) for index in range(100)]
    by_document = [float(index >= 25) for index in range(100)]
    clusters = [str(index // 5) for index in range(100)]
    one, other = (statistics.paired_difference(after, before, clusters) for after in (scattered, by_document))
    assert one.value == other.value
    assert other.low < one.low


def test_a_difference_stays_between_minus_1_and_1() -> None:
    gain = statistics.paired_difference([1.0, 1.0], [0.0, 0.0], ["a", "b"])
    loss = statistics.paired_difference([0.0, 0.0], [1.0, 1.0], ["a", "b"])

    assert (gain.value, gain.high) == (1.0, 1.0)
    assert (loss.value, loss.low) == (-1.0, -1.0)
    assert -1.0 <= gain.low < 0 < loss.high <= 1.0


def test_two_clusters_are_enough_for_an_interval_and_one_is_not() -> None:
    many = [1.0] * 50
    assert statistics.mean("m", many, ["a"] * 50).low == 0
    assert statistics.mean("m", many, ["a"] * 25 + ["b"] * 25).low > 0
    assert statistics.paired_difference(many, many, ["a"] * 50).low == -1
    assert statistics.paired_difference(many, many, ["a"] * 25 + ["b"] * 25).low > -1
    (value, low, high, n, clusters, _) = statistics.paired_difference(many, [0.5] * 50, ["a"] * 50)
    assert (value, low, high, n, clusters) == (0.5, -1.0, 1.0, 50, 1)


def test_a_cluster_named_like_a_position_is_not_mixed_up_with_a_nameless_one() -> None:
    values = [1.0, 0.0, 1.0, 0.0]
    assert statistics.mean("m", values, ["", "", "0", "1"]) == statistics.mean("m", values, ["a", "b", "c", "d"])


def test_messages_say_what_is_wrong_with_the_scores() -> None:
    with pytest.raises(ValueError, match=r"^no scores: nothing can be said about none$"):
        statistics.mean("m", [], [])
    with pytest.raises(ValueError, match=r"^2 scores but 1 clusters$"):
        statistics.mean("m", [1.0, 0.0], ["a"])
    with pytest.raises(ValueError, match=r"^a score is not a number$"):
        statistics.mean("m", [1.0, math.nan], ["a", "b"])
    with pytest.raises(ValueError, match=r"^2 scores against 1: a pair needs the same items$"):
        statistics.paired_difference([1.0, 0.0], [1.0], ["a", "b"])
