"""What answers by labels show beside their accuracy: a model that gives one label to everything is seen."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from medpipe.core.judging.evaluation import Score
from medpipe.core.judging.labels import Labelled, labelled
from medpipe.core.judging.statistics import jackknifed


def scores(*pairs: tuple[str, str], copies: int = 1, by_rule: Sequence[int] = ()) -> list[Score]:
    """Scores of (right, given) labels, each a cluster of `copies` equal questions."""
    return [
        Score(
            sample_id=f"{place}-{copy}",
            value=float(right == given),
            answer=given,
            cluster=str(place),
            target=right,
            by="rule" if place in by_rule else "model",
        )
        for place, (right, given) in enumerate(pairs)
        for copy in range(copies)
    ]


def shown(*pairs: tuple[str, str], copies: int = 1, by_rule: Sequence[int] = ()) -> Labelled:
    return labelled({"b": scores(*pairs, copies=copies, by_rule=by_rule)})["b"]


MIXED = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15


def test_the_figures_are_those_of_the_textbook() -> None:
    """Agreement 0.7 where chance gives 0.5: kappa 0.4. F1 of yes is 40/55, and of no 30/45."""
    mixed = shown(*MIXED)
    assert mixed.labels == ("no", "yes")
    assert mixed.confusion == ((15, 10), (5, 20))
    assert mixed.kappa.value == pytest.approx(0.4)
    assert mixed.macro_f1.value == pytest.approx((40 / 55 + 30 / 45) / 2)
    assert {label: metric.value for label, metric in mixed.recall.items()} == {"no": 0.6, "yes": 0.8}
    assert [metric.n for metric in (mixed.macro_f1, mixed.recall["no"])] == [50, 25]
    assert list(mixed.metrics()) == ["b macro-F1", "b kappa", "b recall of no", "b recall of yes"]


def test_one_label_for_everything_has_a_high_accuracy_and_no_kappa_and_misses_a_whole_class() -> None:
    always = shown(*[("delayed", "delayed")] * 90, *[("immediate", "delayed")] * 10)
    assert (always.recall["immediate"].value, always.kappa.value) == (0.0, 0.0)
    assert always.macro_f1.value < 0.5


def test_intervals_are_over_clusters() -> None:
    once, often = shown(*MIXED), shown(*MIXED, copies=10)
    for one, same in zip(once.metrics().values(), often.metrics().values(), strict=True):
        assert one.low < one.value < one.high
        assert (same.low, same.high) == pytest.approx((one.low, one.high), abs=0.02), "copies say nothing new"
    many = shown(*MIXED * 10)
    assert many.kappa.high - many.kappa.low < 0.5 * (once.kappa.high - once.kappa.low)


def test_that_no_answer_is_wrong_does_not_prove_that_none_can_be() -> None:
    perfect = shown(("yes", "yes"), ("no", "no"), ("yes", "yes"), ("no", "no"))
    assert (perfect.kappa.value, perfect.macro_f1.value) == (1.0, 1.0)
    assert perfect.kappa.low < 0.7 > perfect.macro_f1.low
    alone = shown(("yes", "yes"))
    assert (alone.kappa.low, alone.kappa.high) == (-1.0, 1.0)


def test_what_a_rule_answered_is_no_label_unless_the_rule_gave_one() -> None:
    ruled = shown(("yes", "Call a doctor."), ("no", "no"), by_rule=[0])
    assert ruled.labels == ("", "no", "yes")
    assert ruled.confusion == ((0, 0, 0), (0, 1, 0), (1, 0, 0))
    raised = shown(("immediate", "immediate"), ("delayed", "delayed"), by_rule=[0])
    assert (raised.labels, raised.recall["immediate"].value) == (("delayed", "immediate"), 1.0)


def test_answers_without_labels_show_nothing() -> None:
    assert labelled({"b": [Score(sample_id="1", value=1.0, answer="Rest.")], "none": []}) == {}


def test_the_jackknife_of_a_mean_is_the_interval_of_a_mean() -> None:
    values = [0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0]
    metric = jackknifed("m", lambda chosen: sum(chosen) / len(chosen), values, [""] * 10)
    assert metric.value == 0.6
    assert metric.value - metric.low == pytest.approx(2.262 * (0.24 / 9) ** 0.5, abs=1e-3)


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_a_statistic_that_every_cluster_agrees_on_has_an_interval_all_the_same(value: float) -> None:
    few, many = (jackknifed("m", lambda _: value, [value] * n, [""] * n, least=-1.0) for n in (10, 1000))
    for metric in (few, many):
        assert metric.low <= metric.value <= metric.high
        assert metric.high - metric.low > 0
    assert few.high - few.low > 0.3 > 0.02 > many.high - many.low


def test_rounding_alone_is_no_spread() -> None:
    values = [0.1 + 0.2, 0.3, 0.3, 0.1 + 0.2]
    metric = jackknifed("m", lambda chosen: sum(chosen) / len(chosen), values, [""] * 4)
    assert metric.high - metric.low > 0.3
