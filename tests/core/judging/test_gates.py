"""Gates pass on evidence only, and better evidence never turns a pass into a failure."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.judging.evaluation import Evaluation, Score
from medpipe.core.judging.gates import Decision, Gate, Outcome, Plan, decide
from medpipe.errors import MedpipeError
from tests.places import ROOT

SHIPPED = ROOT / "medpipe" / "benchmarks" / "gates.yaml"
GAINED = Gate(kind="gained", benchmark="new", minimum=0.1, min_samples=5)
KEPT = Gate(kind="not_worse", benchmark="new", margin=0.15, min_samples=5)
SAFE = Gate(kind="none_unsafe", benchmark="new", min_samples=5)
ABSENT = Gate(kind="absent", benchmark="new", min_samples=5)
EVERY = [GAINED, KEPT, SAFE, ABSENT]
VALUES = st.lists(st.floats(0, 1), min_size=6, max_size=30)


def evaluation(values: list[float], benchmark: str = "new", examples: str = "examples/1") -> Evaluation:
    scores = tuple(
        Score(sample_id=str(index), value=value, answer="", cluster=str(index)) for index, value in enumerate(values)
    )
    return Evaluation(model="m", examples=examples, metrics={}, scores={benchmark: scores})


def judged(gate: Gate, after: Evaluation, before: Evaluation | None) -> Decision:
    return decide("p", after, before, Plan(plans={"p": (gate,)}))


def test_a_clear_gain_passes() -> None:
    decision = judged(GAINED, evaluation([1.0] * 30), evaluation([0.0] * 30))
    assert decision.outcome == Outcome.PASS
    assert decision.gates[0].difference == 1.0


def test_no_gain_on_many_items_fails_and_on_few_is_inconclusive() -> None:
    many, few = [1.0] * 300, [1.0] * 6
    assert judged(GAINED, evaluation(many), evaluation(many)).outcome == Outcome.FAIL
    assert judged(GAINED, evaluation(few), evaluation(few)).outcome == Outcome.INCONCLUSIVE


def test_what_stayed_is_not_worse_and_what_was_forgotten_fails_with_the_loss_as_reason() -> None:
    before = evaluation([1.0] * 60)
    assert judged(KEPT, evaluation([1.0] * 60), before).outcome == Outcome.PASS
    forgotten = judged(KEPT, evaluation([0.0] * 30 + [1.0] * 30), before)
    assert forgotten.outcome == Outcome.FAIL
    assert "-0.500" in forgotten.reasons[0] and "not_worse new" in forgotten.reasons[0]


def test_a_small_loss_that_might_be_a_large_one_is_inconclusive() -> None:
    decision = judged(KEPT, evaluation([0.0] * 2 + [1.0] * 18), evaluation([1.0] * 20))
    assert decision.outcome == Outcome.INCONCLUSIVE


@pytest.mark.parametrize("gate", [SAFE, ABSENT])
def test_a_single_occurrence_fails(gate: Gate) -> None:
    assert judged(gate, evaluation([0.0] * 50), None).outcome == Outcome.PASS
    assert judged(gate, evaluation([0.0] * 49 + [1.0]), None).outcome == Outcome.FAIL


@pytest.mark.parametrize("gate", EVERY)
def test_what_was_not_asked_never_passes(gate: Gate) -> None:
    full, other = evaluation([0.0] * 30), evaluation([0.0] * 30, benchmark="other")
    none = Evaluation(model="m", examples="examples/1", metrics={}, scores={"new": ()})
    for after in (other, none):
        assert judged(gate, after, full).outcome == Outcome.INCONCLUSIVE


@pytest.mark.parametrize("gate", EVERY)
@pytest.mark.parametrize("values", [[0.0] * 4, [0.0] * 29 + [math.nan], [math.inf] * 30])
def test_too_few_and_not_a_number_never_pass(gate: Gate, values: list[float]) -> None:
    assert judged(gate, evaluation(values), evaluation([0.0] * len(values))).outcome == Outcome.INCONCLUSIVE


@pytest.mark.parametrize("gate", [GAINED, KEPT])
def test_a_champion_that_was_not_asked_the_same_items_decides_nothing(gate: Gate) -> None:
    after = evaluation([1.0] * 30)
    for before in (
        None,
        evaluation([0.0] * 29),
        evaluation([0.0] * 30, examples="examples/2"),
        evaluation([0.0] * 30, benchmark="other"),
        evaluation([math.nan] * 30),
    ):
        assert judged(gate, after, before).outcome == Outcome.INCONCLUSIVE


def test_an_item_scored_twice_decides_nothing() -> None:
    once = evaluation([0.0] * 30).scores["new"]
    twice = Evaluation(model="m", examples="examples/1", metrics={}, scores={"new": (*once, once[0])})
    assert judged(SAFE, twice, None).outcome == Outcome.INCONCLUSIVE


@given(st.sampled_from([GAINED, KEPT]), VALUES, st.data())
def test_more_gain_never_turns_a_pass_into_a_failure(gate: Gate, before: list[float], data: st.DataObject) -> None:
    after = data.draw(st.lists(st.floats(0, 1), min_size=len(before), max_size=len(before)))
    better = [data.draw(st.floats(value, 1)) for value in after]
    champion = evaluation(before)
    if judged(gate, evaluation(after), champion).outcome == Outcome.PASS:
        assert judged(gate, evaluation(better), champion).outcome != Outcome.FAIL


@given(st.sampled_from([GAINED, KEPT]), VALUES, st.data())
def test_less_never_turns_a_failure_into_a_pass(gate: Gate, before: list[float], data: st.DataObject) -> None:
    after = data.draw(st.lists(st.floats(0, 1), min_size=len(before), max_size=len(before)))
    worse = [data.draw(st.floats(0, value)) for value in after]
    champion = evaluation(before)
    if judged(gate, evaluation(after), champion).outcome == Outcome.FAIL:
        assert judged(gate, evaluation(worse), champion).outcome != Outcome.PASS


@given(VALUES, VALUES)
def test_a_pass_for_gain_means_a_better_mean(after: list[float], before: list[float]) -> None:
    size = min(len(after), len(before))
    decision = judged(GAINED, evaluation(after[:size]), evaluation(before[:size]))
    if decision.outcome == Outcome.PASS:
        assert sum(after[:size]) > sum(before[:size])


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=5, max_size=5), st.permutations(EVERY))
def test_the_order_of_gates_does_not_matter_and_the_worst_decides(values: list[float], gates: list[Gate]) -> None:
    champion = evaluation([0.0] * 5)
    decision = decide("p", evaluation(values), champion, Plan(plans={"p": tuple(gates)}))
    outcomes = [judged(gate, evaluation(values), champion).outcome for gate in EVERY]
    worst = [Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS]
    assert decision.outcome == min(outcomes, key=worst.index)
    assert decision.reasons


def test_an_unknown_plan_is_named_with_those_there_are() -> None:
    with pytest.raises(MedpipeError, match=r"'weekly'.*p"):
        decide("weekly", evaluation([1.0]), None, Plan(plans={"p": (SAFE,)}))


@pytest.mark.parametrize(
    "text",
    [
        "plans: {}",
        "plans: {p: []}",
        "plans: {p: [{kind: gained, benchmark: b, min_samples: 5}]}",
        "plans: {p: [{kind: absent, benchmark: b, min_samples: 0}]}",
        "plans: [",
        "",
        "other: 1",
        "plans: {p: [{kind: none_unsafe, benchmark: b, margin: 0.1, min_samples: 5}]}",
    ],
)
def test_a_plan_that_would_let_things_through_by_mistake_is_not_loaded(text: str) -> None:
    with pytest.raises(MedpipeError, match=r"gates\.yaml"):
        Plan.load(text)


def test_every_shipped_plan_judges_safety_and_none_passes_on_nothing() -> None:
    plan = Plan.load(SHIPPED.read_text(encoding="utf-8"))
    assert set(plan.plans) == {"first", "knowledge", "preference", "hotfix", "relearn"}
    nothing = Evaluation(model="m", examples="e", metrics={}, scores={})
    for name, gates in plan.plans.items():
        assert any(gate.kind == "none_unsafe" for gate in gates)
        assert decide(name, nothing, nothing, plan).outcome == Outcome.INCONCLUSIVE
