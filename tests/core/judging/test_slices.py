"""Slices: means over a part of a benchmark, with their own intervals, and without a say in what an item is."""

from __future__ import annotations

import pytest

from medpipe.core.judging import benchmark, slices
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Metric, Sample, Score

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


def topical(number: int, *topics: str) -> Sample:
    """A sample about a document of its own."""
    return sample(number, *topics).model_copy(update={"cluster": f"d{number}"})


def means(samples: list[Sample]) -> dict[str, Metric]:
    return slices.means("b", samples, [score(number, 1.0) for number in range(len(samples))])


def test_rare_topics_are_in_one_slice_and_a_sample_with_a_common_one_is_not_in_it() -> None:
    asthma = [topical(number, "topic Asthma", "topic Cough") for number in range(12)]
    rare = [topical(number, f"topic Disease {number}") for number in range(12, 17)]
    found = means([*asthma, *rare, topical(17)])
    assert {name: metric.n for name, metric in found.items()} == {
        "topic Asthma": 12,
        "topic Cough": 12,
        "topic (others)": 5,
    }
    assert found["topic Asthma"].clusters == 6, "the clusters of the scores"
    assert found["topic (others)"].low < found["topic (others)"].high


def test_a_topic_with_many_questions_about_few_documents_is_rare() -> None:
    one_document = [sample(0, "topic Asthma").model_copy(update={"id": str(number)}) for number in range(30)]
    assert list(means([*one_document, topical(30)])) == ["topic (others)"]


def test_as_many_topics_as_people_can_read_have_a_slice() -> None:
    names = [f"{kind} {letter}" for kind in ("topic", "group") for letter in "abcdefghijklmnopqrstuvwxyz"]
    samples = [topical(number, name) for number, name in enumerate(names * slices.LEAST)]
    common = ["topic c", "group z"] * 5
    found = means([*samples, *(topical(len(samples) + number, name) for number, name in enumerate(common))])
    for kind, last in (("topic", "t"), ("group", "s")):
        own = sorted(name for name in found if name.startswith(f"{kind} "))
        assert len(own) == slices.MOST + 1 and f"{kind} (others)" in own
        assert f"{kind} {last}" in own, "of equally common ones, the first by name"
    assert "group z" in found


def test_how_and_on_whom_an_article_worked_is_no_topic_and_a_document_names_what_is_known_of_it() -> None:
    found = slices.of_document(
        "pubmed", "fr", 2025, ("Humans", "Asthma", "Retrospective Studies", "Asthma"), ("Lungs",)
    )
    assert found == ("source pubmed", "language fr", "year 2025", "topic Asthma", "group Lungs")


def test_scores_of_other_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        slices.means("b", [sample(1, "language fr")], [])


def test_a_sample_in_another_slice_is_the_same_item() -> None:
    one, other = sample(1, "year 2025"), sample(1, "year 2026")
    assert benchmark.item(BENCHMARK, one, "c") == benchmark.item(BENCHMARK, other, "c")
    assert benchmark.digest(BENCHMARK, [one], "c") == benchmark.digest(BENCHMARK, [other], "c")
    assert "slices" not in sample(1).model_dump(mode="json")


def test_a_sample_whose_earlier_answer_or_other_language_became_known_is_the_same_item() -> None:
    known = {"stale": "Tea.", "stale_slot": "tea", "changed": 2026, "counterpart": "mplus:2"}
    one, other = sample(1), sample(1).model_copy(update=known)
    assert benchmark.item(BENCHMARK, one, "c") == benchmark.item(BENCHMARK, other, "c")
    assert not known.keys() & one.model_dump(mode="json").keys()
    assert benchmark.item(BENCHMARK, one, "c") != benchmark.item(BENCHMARK, one.model_copy(update={"slot": "x"}), "c")
