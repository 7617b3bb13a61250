"""A judge that is wrong does not mislead, and one that is right makes the interval narrower."""

from __future__ import annotations

import numpy as np
import pytest

from medpipe.core.judging.rating.prediction_powered import Corrected, Rated, corrected

TRUE = 3.8
"""Mean of 1, 3 and 5 with probabilities 0.1, 0.4 and 0.5."""
KINDS = ("right", "harsh", "noise", "opposite", "constant")


def draw(random: np.random.Generator, kind: str, count: int = 600, rated: int = 60, each: int = 1) -> Corrected:
    """Answers of which clinicians rated a random sample. `kind`: of the judge; `each`: answers about one document."""
    levels = np.repeat(random.choice([1.0, 3.0, 5.0], count // each, p=[0.1, 0.4, 0.5]), each)
    judge = {
        "right": np.where(random.random(count) < 0.85, levels, random.choice([1.0, 3.0, 5.0], count)),
        "harsh": np.maximum(1.0, levels - 2),
        "noise": random.choice([1.0, 3.0, 5.0], count),
        "opposite": 6 - levels,
        "constant": np.full(count, 5.0),
    }[kind]
    documents = random.permutation(count // each)[: rated // each]
    chosen = {int(document) * each + place for document in documents for place in range(each)}
    answers = [
        Rated(f"d{number // each}", float(judge[number]), float(levels[number]) if number in chosen else None)
        for number in range(count)
    ]
    found = corrected("safety", answers)
    assert found is not None
    return found


@pytest.mark.parametrize(("kind", "each"), [*((kind, 1) for kind in KINDS), ("right", 3), ("harsh", 3)])
def test_intervals_cover_the_truth_whatever_the_judge(kind: str, each: int) -> None:
    random = np.random.default_rng(5)
    runs = [draw(random, kind, each=each).corrected for _ in range(150)]
    covered = sum(run.low <= TRUE <= run.high for run in runs) / len(runs)
    assert covered > 0.90, "95 %, less almost three standard errors of 150 runs"
    assert abs(np.mean([run.value for run in runs]) - TRUE) < 0.05


def test_a_good_judge_narrows_the_interval_and_a_useless_one_does_not_widen_it() -> None:
    random = np.random.default_rng(6)

    def narrowing(kind: str) -> float:
        runs = [draw(random, kind) for _ in range(30)]
        return float(
            np.mean(
                [(run.corrected.high - run.corrected.low) / (run.clinicians.high - run.clinicians.low) for run in runs]
            )
        )

    assert narrowing("right") < 0.8
    assert narrowing("harsh") < 0.65
    assert narrowing("noise") == pytest.approx(1, abs=0.03)
    assert narrowing("opposite") == pytest.approx(1, abs=0.001), "its weight is 0"
    assert narrowing("constant") == 1


def test_the_bias_of_the_judge_is_told() -> None:
    found = draw(np.random.default_rng(7), "harsh")
    assert found.bias == pytest.approx(-1.8, abs=0.2)
    assert found.judge == pytest.approx(TRUE - 1.8, abs=0.2)
    assert found.weight > 0.8


def test_too_few_clusters_give_no_interval() -> None:
    assert corrected("safety", [Rated("a", 5, 5), Rated("b", 5, 5)]) is None
    assert corrected("safety", [Rated("a", 5, 5), Rated("a", 5, 3), Rated("b", 5), Rated("c", 5)]) is None
    assert corrected("safety", []) is None
