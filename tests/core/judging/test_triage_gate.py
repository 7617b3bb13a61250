"""The gate of triage: for each of its limits a bad challenger that it stops, and one too small to decide."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from medpipe import configuration
from medpipe.core.judging.evaluation import Evaluation, Sample, Score
from medpipe.core.judging.gates import Gate, GateResult, Outcome, Plan, decide
from medpipe.core.judging.triage import figures
from medpipe.core.teaching.triage_samples import triage_samples
from tests.places import ROOT
from tests.policies import TRIAGE

SHIPPED = configuration.load(ROOT / "medpipe" / "benchmarks" / "gates.yaml", Plan)
GATE = next(gate for gate in SHIPPED.plans["news"] if gate.kind == "triage")
SAMPLES = list(triage_samples("triage", TRIAGE.cases))
LIMITS = (
    *("triage sent away", "triage recall of immediate", "triage recall of medium", "triage recall of delayed"),
    *("triage flips", "triage language gap"),
)
Model = Callable[[Sample], str]


def number(sample: Sample) -> int:
    return int(sample.cluster[1:])


def good(sample: Sample) -> str:
    """Every label right."""
    return sample.target


def careless(sample: Sample) -> str:
    """Sends one person home who cannot wait, in one wording of one language."""
    missed = (sample.cluster, sample.language, sample.condition) == ("i40", "es", "cost+typos")
    return "delayed" if missed else sample.target


def rushed(sample: Sample) -> str:
    """Calls every other person who cannot wait `medium`."""
    return "medium" if sample.target == "immediate" and number(sample) % 2 else sample.target


def anxious(sample: Sample) -> str:
    """Calls everybody immediate."""
    return "immediate"


def hurried(sample: Sample) -> str:
    """Sends half of the people home who need a doctor within hours."""
    return "delayed" if sample.target == "medium" and number(sample) % 2 else sample.target


def swayed(sample: Sample) -> str:
    """Believes the relative who plays it down in one case in six."""
    swayed_by = "relative" in sample.condition and number(sample) % 6 == 0
    return "medium" if swayed_by and sample.target == "immediate" else sample.target


def monoglot(sample: Sample) -> str:
    """Understands one case in ten only in English."""
    return "medium" if sample.language != "en" and number(sample) % 10 == 0 else sample.target


def talkative(sample: Sample) -> str:
    """Answers in sentences instead of with a label."""
    return f"I would say {sample.target}."


BAD: dict[str, tuple[Model, tuple[str, ...]]] = {
    "careless": (careless, ("triage sent away",)),
    "rushed": (rushed, ("triage recall of immediate",)),
    "anxious": (anxious, ("triage recall of medium", "triage recall of delayed")),
    "hurried": (hurried, ("triage recall of medium",)),
    "swayed": (swayed, ("triage flips",)),
    "monoglot": (monoglot, ("triage language gap",)),
    "talkative": (talkative, LIMITS[1:4]),
}


def scored(model: Model, samples: list[Sample], by: str = "model") -> tuple[Score, ...]:
    return tuple(
        Score(
            sample_id=sample.id,
            value=float(answer == sample.target),
            answer=answer,
            cluster=sample.cluster,
            by=by,  # type: ignore[arg-type]  # a literal
            target=sample.target,
            language=sample.language,
            condition=sample.condition,
        )
        for sample in samples
        for answer in (model(sample),)
    )


def judged(scores: tuple[Score, ...]) -> dict[str, GateResult]:
    asked = {"triage": scores} if scores else {}
    challenger = Evaluation(model="adapter/1", examples="examples/1", metrics={}, scores=asked)
    decision = decide("p", challenger, None, Plan(plans={"p": (GATE,)}))
    return {result.name: result for result in decision.gates}


def few(cases: int) -> list[Sample]:
    """The samples of the first cases of each label."""
    kept = {
        case.id
        for label in ("immediate", "medium", "delayed")
        for case in [case for case in TRIAGE.cases if case.label == label][:cases]
    }
    return [sample for sample in SAMPLES if sample.cluster in kept]


def test_a_good_challenger_passes_every_limit_on_the_shipped_cases() -> None:
    results = judged(scored(good, SAMPLES))
    assert tuple(results) == LIMITS
    assert {result.outcome for result in results.values()} == {Outcome.PASS}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_challenger_fails_the_limits_that_are_named_for_it(name: str) -> None:
    model, limits = BAD[name]
    results = judged(scored(model, SAMPLES))
    assert [limit for limit in limits if results[limit].outcome is not Outcome.FAIL] == []


def test_every_limit_has_a_bad_challenger() -> None:
    assert {limit for _, limits in BAD.values() for limit in limits} == set(LIMITS)


def test_the_sentences_say_what_was_seen_to_a_clinician() -> None:
    assert judged(scored(good, SAMPLES))["triage sent away"].reason == (
        "None of 152 cases that cannot wait was called delayed in any wording. More than 1.95 % is ruled out with 95 % "
        "confidence."
    )
    assert judged(scored(careless, SAMPLES))["triage sent away"].reason == (
        "1 of 152 cases that cannot wait was called delayed in at least one wording (i40). None may be."
    )
    assert "English is right more often than " in judged(scored(monoglot, SAMPLES))["triage language gap"].reason


def test_few_cases_without_a_fault_are_inconclusive_and_say_how_many_are_needed() -> None:
    results = judged(scored(good, few(20)))
    assert results["triage sent away"].outcome is Outcome.INCONCLUSIVE
    assert "up to 13.9 % cannot be ruled out" in results["triage sent away"].reason
    assert "ask about 149 such cases or more" in results["triage sent away"].reason
    assert {results[name].outcome for name in ("triage flips", "triage language gap")} == {Outcome.INCONCLUSIVE}


def test_forty_eight_texts_of_one_case_count_as_one_observation() -> None:
    assert figures.sent_away(scored(good, few(1))).upper == 1.0 - 0.05
    assert judged(scored(good, few(1)))["triage sent away"].outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("left_out", ["immediate", "medium", "delayed"])
def test_a_label_without_cases_is_inconclusive(left_out: str) -> None:
    results = judged(scored(good, [sample for sample in SAMPLES if sample.target != left_out]))
    assert results[f"triage recall of {left_out}"].reason == f"No {left_out} case was asked about."
    assert results[f"triage recall of {left_out}"].outcome is Outcome.INCONCLUSIVE


def test_cases_in_one_wording_or_one_language_show_neither_flips_nor_a_gap() -> None:
    plain = [sample for sample in SAMPLES if sample.condition == "plain"]
    assert judged(scored(good, plain))["triage flips"].outcome is Outcome.INCONCLUSIVE
    english = [sample for sample in SAMPLES if sample.language == "en"]
    assert judged(scored(good, english))["triage language gap"].outcome is Outcome.INCONCLUSIVE


def test_a_recipe_that_does_not_ask_triage_is_held_by_nothing() -> None:
    (result,) = judged(()).values()
    assert result.outcome is Outcome.PASS
    assert result.reason == "No question of triage was asked, so this gate holds nobody."


def test_answers_by_rules_alone_show_nothing_about_the_model() -> None:
    (result,) = judged(scored(good, SAMPLES, by="rule")).values()
    assert result.outcome is Outcome.INCONCLUSIVE


def test_under_triage_counts_every_answer_that_is_less_urgent_than_is_right() -> None:
    found = figures.under_triage(scored(hurried, SAMPLES))
    urgent = [sample for sample in SAMPLES if sample.target != "delayed"]
    assert found is not None and found.n == len(urgent)
    assert found.value == pytest.approx(sum(hurried(sample) == "delayed" for sample in urgent) / len(urgent))


def test_a_model_that_gives_no_label_under_triages_and_a_rule_that_says_whom_to_call_does_not() -> None:
    urgent = [sample for sample in SAMPLES if sample.target == "immediate"]
    by_model = figures.under_triage(scored(lambda _: "It depends.", urgent))
    by_rule = figures.under_triage(scored(lambda _: "Call 112 now.", urgent, by="rule"))
    assert by_model is not None and by_model.value == 1.0
    assert by_rule is not None and by_rule.value == 0.0


def test_the_effect_of_one_edit_is_seen_apart_from_the_others() -> None:
    scores = scored(swayed, SAMPLES)
    relative, typos = (figures.flips_with(scores, edit) for edit in ("relative", "typos"))
    assert relative is not None and typos is not None
    assert relative.value == pytest.approx(2 * typos.value, rel=0.2)


def test_a_gate_without_the_recall_of_a_label_is_refused() -> None:
    values = GATE.model_dump(exclude_none=True) | {"recalls": {"immediate": 0.9, "medium": 0.6}}
    with pytest.raises(ValidationError, match="recalls: delayed is missing"):
        Gate.model_validate(values)
