"""Measures compare two models on the same items, and their intervals are over clusters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from medpipe.core.judging import measures
from medpipe.core.judging.measures import Measure


def texts(mean: float, count: int = 40, seed: int = 1) -> list[tuple[float, float]]:
    """Log-likelihoods and tokens of texts whose tokens cost `mean` nats or so."""
    drawn = np.random.default_rng(seed)
    tokens = drawn.integers(5, 60, count)
    return [
        (-float(cost * size), float(size)) for cost, size in zip(drawn.normal(mean, 0.4, count), tokens, strict=True)
    ]


def compared(before: list[tuple[float, float]], after: list[tuple[float, float]], clusters: list[str]) -> Measure:
    return measures.of_sums("b", "perplexity", before, after, clusters, measures.perplexity, "lower")


def test_the_perplexity_of_texts_is_that_of_all_their_tokens() -> None:
    before, after = [(-8.0, 4.0), (-2.0, 1.0)], [(-3.0, 4.0), (-2.0, 1.0)]
    measure = compared(before, after, ["a", "b"])
    assert measure.before.value == pytest.approx(math.exp(10 / 5))
    assert measure.after.value == pytest.approx(math.exp(5 / 5))
    assert measure.change.value == pytest.approx(math.e - math.e**2)
    assert (measure.n, measure.clusters, measure.better) == (2, 2, "lower")


def test_a_true_gain_is_outside_the_interval_of_no_change_and_noise_is_inside() -> None:
    clusters = [str(number) for number in range(40)]
    gain = compared(texts(2.0), [(log * 0.9, size) for log, size in texts(2.0)], clusters)
    assert gain.change.high < 0
    noise = compared(texts(2.0, seed=1), texts(2.0, seed=2), clusters)
    assert noise.change.low < 0 < noise.change.high
    assert gain == compared(texts(2.0), [(log * 0.9, size) for log, size in texts(2.0)], clusters)


def test_questions_about_one_document_are_drawn_together() -> None:
    old, new = texts(2.0), texts(1.9, seed=2)
    alone = compared(old * 4, new * 4, [str(number) for number in range(160)])
    together = compared(old * 4, new * 4, [str(number % 40) for number in range(160)])
    assert together.clusters == 40 and together.n == 160
    width = together.change.high - together.change.low
    assert width > 1.6 * (alone.change.high - alone.change.low)


def test_one_cluster_says_nothing_about_others_and_its_interval_can_be_stored() -> None:
    measure = compared([(-8.0, 4.0), (-1.0, 1.0)], [(-8.0, 4.0), (-1.0, 1.0)], ["a", "a"])
    assert (measure.change.low, measure.change.high) == (-math.inf, math.inf)
    assert Measure.model_validate_json(measure.model_dump_json()) == measure


def test_the_interval_of_a_perplexity_contains_the_truth() -> None:
    truth = math.exp(2.0)
    held = 0
    for seed in range(100):
        measure = compared(texts(2.0, seed=seed), texts(2.0, seed=seed), [str(number) for number in range(40)])
        held += measure.after.low <= truth <= measure.after.high
    assert held >= 88, "94 of 100 on average"


def test_scores_of_items_have_the_intervals_of_gates() -> None:
    measure = measures.of_scores("b", "token_f1", [0.2] * 30, [0.6] * 30, [str(number) for number in range(30)])
    assert (measure.before.value, measure.after.value) == (pytest.approx(0.2), pytest.approx(0.6))
    assert measure.change.value == pytest.approx(0.4)
    assert 0 < measure.change.low < 0.4 < measure.change.high < 1
    assert str(measure).startswith("b token_f1: 0.200 → 0.600, +0.400 (+0.")


@pytest.mark.parametrize("clusters", [[], ["a"]])
def test_sums_without_their_cluster_are_refused(clusters: list[str]) -> None:
    with pytest.raises(ValueError, match="rows of sums"):
        compared([(-1.0, 1.0)] * 2, [(-1.0, 1.0)] * 2, clusters)
