"""Small losses do not add up: a challenger is compared with every champion on questions that stay the same."""

from __future__ import annotations

import pytest

from medpipe.core.judging import anchor, reasons
from medpipe.core.judging.benchmark import Benchmark, digest, item
from medpipe.core.judging.evaluation import Evaluation, Sample, Score
from medpipe.core.judging.gates import Decision, Gate, Grounds, Outcome, Plan, decide
from medpipe.core.text import stable_share

DOCUMENTS = 100
PLAN = Plan(
    plans={
        "p": (
            Gate(
                kind="not_worse_than_best",
                benchmark="anchor",
                margin=0.1,
                floor=0.3,
                min_documents=20,
                min_samples=30,
            ),
        )
    }
)


def version(name: str, lost: int, items: str = "same", only: int = DOCUMENTS) -> Evaluation:
    """A version that has lost a number of the facts that the first one knew."""
    scores = tuple(
        Score(sample_id=str(number), value=float(number >= lost), answer="", cluster=str(number))
        for number in range(only)
    )
    return Evaluation(model=name, examples=name, metrics={}, scores={"anchor": scores}, digests={"anchor": items})


def judged(challenger: Evaluation, *champions: Evaluation) -> Decision:
    return decide("p", challenger, champions[-1], PLAN, Grounds(champions=champions))


def test_26_retrains_that_each_lose_two_percent_are_not_all_promoted() -> None:
    champions = [version("adapter/0", 0)]
    for retrain in range(1, 27):
        lost = 2 + sum(score.value == 0 for score in champions[-1].scores["anchor"])
        challenger = version(f"adapter/{retrain}", lost)
        if judged(challenger, *champions).outcome is Outcome.PASS:
            champions.append(challenger)
    known = sum(score.value for score in champions[-1].scores["anchor"]) / DOCUMENTS
    assert 1 < len(champions) < 27
    assert known > 0.9, "the limit is the margin, and not the margin 26 times"


def test_the_worst_of_the_comparisons_is_reported() -> None:
    best, incumbent = version("adapter/1", 0), version("adapter/2", 20)
    (result,) = judged(version("adapter/3", 20), best, incumbent).gates
    assert (result.outcome, result.difference) == (Outcome.FAIL, -0.2)


def test_a_version_that_is_equal_to_the_best_passes() -> None:
    assert judged(version("adapter/3", 0), version("adapter/1", 0), version("adapter/2", 3)).outcome is Outcome.PASS


def test_a_champion_that_was_asked_other_items_is_no_reference_and_an_incumbent_that_was_is_inconclusive() -> None:
    other = version("adapter/1", 0, items="other")
    assert judged(version("adapter/3", 20), other, version("adapter/2", 20)).outcome is Outcome.PASS
    (result,) = judged(version("adapter/3", 20), version("adapter/2", 20), other).gates
    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, reasons.OTHER_ITEMS)


def test_questions_that_are_asked_no_longer_are_left_out_of_the_comparison() -> None:
    (result,) = judged(version("adapter/3", 0, only=60), version("adapter/1", 0)).gates
    assert result.outcome is Outcome.PASS
    (more,) = judged(version("adapter/3", 0), version("adapter/1", 0, only=60)).gates
    assert (more.outcome, more.reason) == (Outcome.INCONCLUSIVE, reasons.OTHER_ITEMS)


def test_a_question_that_comes_back_is_not_compared_with_a_champion_that_was_never_asked_it() -> None:
    early, incumbent = version("adapter/1", 2, only=60), version("adapter/2", 2)
    assert judged(version("adapter/3", 2), early, incumbent).outcome is Outcome.PASS
    (result,) = judged(version("adapter/3", 60), early, incumbent).gates
    assert result.outcome is not Outcome.PASS, "what both were asked still counts"
    (few,) = judged(version("adapter/3", 0), version("adapter/1", 0, only=3), incumbent).gates
    assert few.outcome is Outcome.INCONCLUSIVE


def untaught(name: str, lost: int, items: range, way: str = "way") -> Evaluation:
    """A version that was asked a set of its own, and gets all right but the first `lost` questions of all."""
    scores = tuple(
        Score(sample_id=str(n), value=float(n >= lost), answer="", cluster=str(n), item=f"{way} {n}") for n in items
    )
    digests = {"anchor": f"{way} {items}"}
    return Evaluation(model=name, examples=name, metrics={}, scores={"anchor": scores}, digests=digests)


def test_sets_that_grow_are_compared_with_every_champion_on_what_both_were_asked() -> None:
    """Each corpus has other documents that are never taught, and each version loses a little on those that stay."""
    best = untaught("adapter/1", 0, range(100))
    incumbent, challenger = (untaught(f"adapter/{number}", 30, range(10, 140)) for number in (2, 3))
    assert decide("p", challenger, incumbent, PLAN).outcome is Outcome.PASS
    (result,) = judged(challenger, best, incumbent).gates
    assert (result.outcome, result.difference) == (Outcome.FAIL, pytest.approx(-20 / 90))


@pytest.mark.parametrize("early", [untaught("adapter/1", 0, range(20)), untaught("adapter/1", 0, range(100), "other")])
def test_a_champion_that_shares_too_few_questions_or_was_scored_in_another_way_is_no_reference(
    early: Evaluation,
) -> None:
    incumbent, challenger = (untaught(f"adapter/{number}", 30, range(100)) for number in (2, 3))
    assert judged(challenger, early, incumbent).outcome is Outcome.PASS


def test_a_comparison_says_how_many_champions_it_left_out_because_they_were_scored_in_another_way() -> None:
    early = [untaught(f"adapter/{number}", 0, range(100), "other") for number in (1, 2)]
    before, incumbent, challenger = (untaught(f"adapter/{number}", 30, range(100)) for number in (3, 4, 5))
    fewer = untaught("adapter/6", 0, range(20))
    (whole,) = judged(challenger, fewer, before, incumbent).gates
    assert "left out" not in whole.reason
    (one,) = judged(challenger, early[0], before, incumbent).gates
    assert one.reason == f"{whole.reason} {reasons.left_out(1)}"
    again = untaught("adapter/4", 0, range(100), "other")
    (two,) = judged(challenger, *early, again, before, incumbent).gates
    assert two.reason == f"{whole.reason} {reasons.left_out(2)}", "the incumbent was asked again"
    assert reasons.left_out(2).startswith("2 earlier champions were left out: ")


def sample(number: int, target: str = "x") -> Sample:
    return Sample(id=str(number), question=f"q{number}", target=target, cluster=f"mplus:{number}")


def test_only_documents_that_replay_never_shows_are_frozen() -> None:
    frozen = anchor.frozen([sample(number) for number in range(200)], 0.3)
    assert 30 < len(frozen) < 90
    assert all(stable_share(kept.cluster, "held-out") < 0.3 for kept in frozen)


def test_a_frozen_question_with_another_answer_today_is_not_asked() -> None:
    frozen = [sample(1), sample(2), sample(3)]
    assert anchor.in_force(frozen, [sample(1), sample(2, "corrected")]) == [sample(1)]


ASKED = Benchmark(name="b", scorer="slot", summary="s")


@pytest.mark.parametrize(
    ("benchmark", "samples", "code"),
    [
        (ASKED.model_copy(update={"scorer": "exact"}), [sample(1), sample(2)], "code"),
        (ASKED.model_copy(update={"faults": "faults"}), [sample(1), sample(2)], "code"),
        (ASKED.model_copy(update={"through": "service"}), [sample(1), sample(2)], "code"),
        (ASKED, [sample(1)], "code"),
        (ASKED, [sample(1), sample(2, "y")], "code"),
        (ASKED, [sample(1), sample(2)], "other code"),
    ],
)
def test_another_way_of_scoring_or_other_items_give_another_digest(
    benchmark: Benchmark, samples: list[Sample], code: str
) -> None:
    usual = digest(ASKED, [sample(1), sample(2)], "code")
    assert digest(benchmark, samples, code) != usual
    assert digest(ASKED, [sample(2), sample(1)], "code") == usual
    if len(samples) == 2:
        assert item(ASKED, sample(2), "code") != item(benchmark, samples[1], code), (
            "and of the items, each that changed"
        )
