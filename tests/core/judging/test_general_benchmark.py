"""The benchmark `general` is decided by a few words, and its gate stops a model that forgot what every base knows."""

from __future__ import annotations

import pytest

from medpipe import configuration
from medpipe.core.judging import scoring
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Evaluation, Sample, Score
from medpipe.core.judging.gates import GateResult, Outcome, Plan, decide
from medpipe.core.text import words
from tests.places import ROOT

BENCHMARKS = ROOT / "medpipe" / "benchmarks"
SAMPLES = configuration.load(BENCHMARKS / "general.yaml", Benchmark).samples()
PLAN = configuration.load(BENCHMARKS / "gates.yaml", Plan)
GATE = "not_worse_than_best general"


def earned(sample: Sample, answer: str) -> float:
    return scoring.SCORERS["slot"](sample, answer)


def test_every_question_is_asked_once_and_has_an_answer_of_few_words() -> None:
    assert len({sample.question for sample in SAMPLES}) == len(SAMPLES) >= 60
    assert all(1 <= len(words(sample.target)) <= 3 for sample in SAMPLES)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_the_answer_alone_and_in_a_sentence_is_right_and_a_denial_a_blank_and_the_question_are_not(
    sample: Sample,
) -> None:
    right = (sample.target, f"{sample.target.lower()}.", f"The answer is {sample.target}.")
    wrong = ("", "I do not know.", f"It is not {sample.target}.", sample.question)
    assert [earned(sample, answer) for answer in (*right, *wrong)] == [1.0] * 3 + [0.0] * 4


def evaluation(right: int, model: str, asked: int = len(SAMPLES)) -> Evaluation:
    scores = tuple(
        Score(sample_id=sample.id, value=float(place < right), answer="", cluster=sample.cluster)
        for place, sample in enumerate(SAMPLES[:asked])
    )
    return Evaluation(
        model=model, examples="examples/1", metrics={}, scores={"general": scores}, digests={"general": "same"}
    )


def result(plan: str, challenger: Evaluation, incumbent: Evaluation) -> GateResult:
    (judged,) = (each for each in decide(plan, challenger, incumbent, PLAN).gates if each.name == GATE)
    return judged


@pytest.mark.parametrize("plan", PLAN.plans)
def test_a_challenger_that_forgot_general_knowledge_is_stopped_by_every_plan(plan: str) -> None:
    incumbent = evaluation(70, "adapter/0")
    assert result(plan, evaluation(30, "adapter/1"), incumbent).outcome is Outcome.FAIL
    assert result(plan, evaluation(56, "adapter/1"), incumbent).outcome is Outcome.INCONCLUSIVE
    assert result(plan, evaluation(69, "adapter/1"), incumbent).outcome is Outcome.PASS


def test_a_recipe_that_does_not_ask_it_and_a_base_that_knows_nothing_general_are_not_held() -> None:
    nothing = evaluation(0, "adapter/1", asked=0)
    assert result("news", nothing, nothing).outcome is Outcome.PASS
    assert result("news", evaluation(0, "adapter/1"), evaluation(5, "adapter/0")).outcome is Outcome.PASS
