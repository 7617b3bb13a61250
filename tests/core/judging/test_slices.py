"""Slices: means over a part of a benchmark, with their own intervals, and without a say in what an item is."""

from __future__ import annotations

import pytest

from medpipe.core.judging import benchmark, slices
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Sample, Score

BENCHMARK = Benchmark(name="b", scorer="slot", summary="A test.")


def sample(number: int, *parts: str) -> Sample:
    return Sample(id=str(number), question="?", target="Rest.", cluster=str(number // 2), slices=parts)


def score(number: int, value: float) -> Score:
    return Score(sample_id=str(number), value=value, answer="", cluster=str(number // 2))


def test_a_slice_has_the_mean_the_samples_and_the_clusters_of_its_part() -> None:
    samples = [sample(number, "language fr" if number < 4 else "language en", "source x") for number in range(10)]
    found = slices.means("b", samples, [score(number, float(number >= 4)) for number in range(10)])
    assert list(found) == ["language en", "language fr"], "all samples have one source"
    french = found["language fr"]
    assert (french.name, french.value, french.n, french.clusters) == ("b language fr", 0.0, 4, 2)
    assert french.low == 0.0 < french.high < 1.0
    assert slices.means("b", [sample(1)], [score(1, 1.0)]) == {}


def test_scores_of_other_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        slices.means("b", [sample(1, "language fr")], [])


def test_a_sample_in_another_slice_is_the_same_item() -> None:
    one, other = sample(1, "year 2025"), sample(1, "year 2026")
    assert benchmark.item(BENCHMARK, one, "c") == benchmark.item(BENCHMARK, other, "c")
    assert benchmark.digest(BENCHMARK, [one], "c") == benchmark.digest(BENCHMARK, [other], "c")
    assert "slices" not in sample(1).model_dump(mode="json")
