"""Calibration: confidence against accuracy, for models whose confidence is known to be right or wrong."""

from __future__ import annotations

import math

import pytest

from medpipe.core.judging import calibration
from medpipe.core.judging.calibration import Judged
from medpipe.core.judging.measures import Measure

CLUSTERS = [str(number) for number in range(200)]
SURE = [Judged(0.95, float(number % 2)) for number in range(200)]
"""Right in half of the answers, and always sure."""
HONEST = [
    Judged(0.9, float(number % 20 < 18)) if number < 100 else Judged(0.5, float(number % 2)) for number in range(200)
]
"""Right as often as it says."""


def measured(before: list[Judged], after: list[Judged], suffix: str = "") -> dict[str, Measure]:
    clusters = CLUSTERS[: len(before)]
    return {one.name: one for one in calibration.measured("b", suffix, before, after, clusters)}


def test_a_model_that_is_sure_and_often_wrong_has_a_large_calibration_error() -> None:
    found = measured(SURE, HONEST)
    assert found["ece"].before.value == pytest.approx(0.45)
    assert found["ece"].after.value == pytest.approx(0.0, abs=1e-9)
    assert found["ece"].change.high < 0 and found["ece"].better == "lower"
    assert found["brier"].before.value == pytest.approx((0.95**2 + 0.05**2) / 2)
    assert found["brier"].change.high < 0
    assert {(one.n, one.clusters) for one in found.values()} == {(200, 200)}


def test_what_it_is_confident_of_is_right_more_often_only_where_the_confidence_tells() -> None:
    found = measured(SURE, HONEST)
    half, most = (found[f"accuracy_of_most_confident_{share}"] for share in (50, 80))
    assert (half.before.value, most.before.value) == (0.5, 0.5), "equal confidences are not told apart"
    assert half.after.value == pytest.approx(0.9)
    assert 0.5 < most.after.value < 0.9
    assert half.after.low < 0.9 < half.after.high


def test_equal_confidences_are_in_one_bin_and_every_bin_says_how_many_answers_it_has() -> None:
    assert [one.n for one in calibration.bins(HONEST)] == [100, 100]
    (only,) = calibration.bins(SURE)
    assert (only.n, only.confidence, only.accuracy) == (200, pytest.approx(0.95), 0.5)
    spread = [Judged(number / 200, 1.0) for number in range(200)]
    assert [one.n for one in calibration.bins(spread)] == [20] * 10
    assert [one.n for one in calibration.bins(spread[:25])] == [12, 13]
    assert [one.n for one in calibration.bins(spread[:3])] == [3]


def test_the_interval_is_over_clusters() -> None:
    alone = {one.name: one for one in calibration.measured("b", "", SURE, SURE, ["one"] * 200)}
    assert alone["ece"].before.low == -math.inf, "one cluster says nothing about others"
    assert alone["ece"].clusters == 1


def test_the_confidence_is_the_probability_among_the_labels() -> None:
    logs = {"yes": math.log(3e-9), "no": math.log(1e-9)}
    assert calibration.confidence(logs, "yes") == pytest.approx(0.75)
    assert calibration.confidence({"yes": -2000.0, "no": -2000.0}, "no") == 0.5
    with pytest.raises(KeyError):
        calibration.confidence(logs, "maybe")


def test_agreement_over_wordings_is_called_by_another_name() -> None:
    assert calibration.agreement(["yes", "yes", "no", "yes"]) == [0.75, 0.75, 0.25, 0.75]
    assert set(measured(SURE, SURE, "_by_agreement")) == {
        "ece_by_agreement",
        "brier_by_agreement",
        "accuracy_of_most_confident_50_by_agreement",
        "accuracy_of_most_confident_80_by_agreement",
    }
