"""Evidence twins: what is done to a passage, and which models the gate stops."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from medpipe.core.judging import scoring
from medpipe.core.judging.evaluation import Evaluation, Sample, Score
from medpipe.core.judging.evidence import edits
from medpipe.core.judging.evidence.answers import said
from medpipe.core.judging.evidence.conditions import CONTROLS, TWINS
from medpipe.core.judging.figures import figures
from medpipe.core.judging.gates import Gate, GateResult, Outcome, Plan, decide
from medpipe.core.teaching.evidence_twins import MOST, NAME, evidence_twins
from tests.policies import GUARDRAILS, HARM

LABELS = ("yes", "no", "maybe")
ABSTRACT = (
    "BACKGROUND: Rest is common. METHODS: We asked 80 adults with a cold. RESULTS: Rest {finding} the cold of adults."
)
GATE = Gate(kind="evidence", benchmark=NAME, moves=0.6, stays=0.8, min_samples=60)
Model = Callable[[Sample], str]


def decision(number: int, label: str = "yes") -> Sample:
    """A question of yes or no about an abstract."""
    finding = "was shown to shorten" if label == "yes" else "was not shown to shorten"
    return Sample(
        id=f"pubmedqa:{number}#0000aaaa-1",
        question=f"Does rest {number} shorten a cold of adults?",
        target=label,
        choices=LABELS,
        context=ABSTRACT.format(finding=finding),
        cluster=f"pubmedqa:{number}",
        slices=("type decision", "language en"),
    )


def fact(number: int) -> Sample:
    """A question whose answer is one word, and a text that has it."""
    return Sample(
        id=f"mplus:{number}#0000bbbb-1",
        question=f"Which medicine treats illness {number}?",
        target=f"Illness {number} is treated with drug{number}azole. It is rare.",
        slot=f"drug{number}azole",
        cluster=f"mplus:{number}",
        slices=("type treatment", "language en"),
    )


SAMPLES = list(evidence_twins([*(decision(n, LABELS[n % 2]) for n in range(30)), *(fact(n) for n in range(30))]))
"""The twins of 60 items."""


def of(id: str) -> dict[str, Sample]:
    return {sample.condition: sample for sample in SAMPLES if sample.id.startswith(f"{id}-1~")}


def reader(sample: Sample) -> str:
    """Says what the passage supports; where it supports nothing, that it does not know."""
    if sample.choices:
        return sample.target
    return f"It is {sample.slot}." if sample.slot else "I do not know."


def unread(sample: Sample) -> str:
    """Ignores the passage: answers by heart, and rightly."""
    number = int(sample.cluster.rpartition(":")[2])
    return LABELS[number % 2] if sample.choices else f"It is drug{number}azole."


def fickle(sample: Sample) -> str:
    """Gives another answer whenever the passage is another text."""
    place = len(sample.context)
    if sample.choices:
        return LABELS[place % 3]
    return f"It is {sample.slot or sample.rejected}." if place % 2 else "It is something else."


def lister(sample: Sample) -> str:
    """Says both values, or always the same label."""
    return "maybe" if sample.choices else f"It is {sample.slot} or {sample.rejected}."


def scored(model: Model, samples: list[Sample]) -> tuple[Score, ...]:
    return tuple(
        Score(
            sample_id=sample.id,
            value=scoring.score("evidence", sample, answer, GUARDRAILS, HARM),
            answer=answer,
            cluster=sample.cluster,
            condition=sample.condition,
            said=said(sample, answer),
        )
        for sample in samples
        for answer in (model(sample),)
    )


def judged(scores: tuple[Score, ...], gate: Gate = GATE) -> dict[str, GateResult]:
    asked = {NAME: scores} if scores else {}
    challenger = Evaluation(model="adapter/1", examples="examples/1", metrics={}, scores=asked)
    return {result.name: result for result in decide("p", challenger, None, Plan(plans={"p": (gate,)})).gates}


def test_an_item_is_asked_with_its_evidence_and_without_it_and_with_edits_that_leave_it() -> None:
    for id in ("pubmedqa:2#0000aaaa", "mplus:2#0000bbbb"):
        assert set(of(id)) == {"original", *TWINS, *CONTROLS}
    twins = of("pubmedqa:2#0000aaaa")
    assert twins["original"].context == decision(2).context
    assert "RESULTS" not in twins["removed"].context and "METHODS" in twins["removed"].context
    assert "Rest was not shown to shorten the cold" in twins["replaced"].context
    assert twins["retracted"].context.startswith("This text was retracted")
    assert twins["reordered"].context.startswith("METHODS") and twins["reordered"].context.endswith("Rest is common.")
    targets = {condition: sample.target for condition, sample in twins.items()}
    assert targets == dict.fromkeys(("original", *CONTROLS), "yes") | {
        "removed": "maybe",
        "replaced": "no",
        "retracted": "maybe",
    }
    assert "Rest was shown to shorten" in of("pubmedqa:3#0000aaaa")["replaced"].context, '"no" becomes "yes"'


def test_a_value_is_removed_from_a_passage_and_replaced_by_that_of_another_item_of_its_type() -> None:
    twins = of("mplus:2#0000bbbb")
    assert twins["original"].context == fact(2).target, "the fact's own text is the passage"
    assert twins["removed"].context == "It is rare."
    other = twins["replaced"].slot
    assert other.startswith("drug") and other != "drug2azole"
    assert twins["replaced"].context == f"Illness 2 is treated with {other}. It is rare."


def test_an_earlier_revision_is_the_replacement_where_there_is_one() -> None:
    earlier = "Illness 2 is treated with oldazole."
    revised = fact(2).model_copy(update={"stale": earlier, "stale_slot": "oldazole"})
    (replaced,) = (
        sample for sample in evidence_twins([revised, fact(3)]) if "2#" in sample.id and sample.slot == "oldazole"
    )
    assert (replaced.condition, replaced.context, replaced.rejected) == ("replaced", earlier, "drug2azole")


def test_questions_that_nothing_in_the_passage_decides_make_no_twins() -> None:
    undecided = decision(1).model_copy(update={"target": "maybe"})
    told = fact(1).model_copy(update={"question": "Is it drug1azole that treats it?"})
    closed = decision(1).model_copy(update={"context": ""})
    assert not list(evidence_twins([undecided, told, closed]))


def test_an_amount_is_replaced_only_where_it_is_the_whole_number() -> None:
    sample = Sample(
        id="medquad:1#0-1",
        question="How much is given?",
        target="Adults are given 40 mg a day.",
        context="Adults are given 40 mg a day. Of 140 adults, 3.40 % felt sick in 2040.",
        cluster="1",
    )
    twins = {twin.condition: twin for twin in evidence_twins([sample])}
    assert twins["replaced"].context == "Adults are given 80 mg a day. Of 140 adults, 3.40 % felt sick in 2040."
    assert twins["removed"].context == "Of 140 adults, 3.40 % felt sick in 2040."


def test_the_same_items_are_chosen_from_a_corpus_that_grew() -> None:
    few = {sample.id for sample in evidence_twins([fact(n) for n in range(300)])}
    more = {sample.id for sample in evidence_twins([fact(n) for n in range(330)])}
    assert len({id.partition("~")[0] for id in few}) == MOST
    assert len(few & more) > 0.8 * len(few)


@pytest.mark.parametrize(
    ("sentence", "label", "directed", "turned"),
    [
        ("RESULTS: Survival was higher with rest.", "yes", True, "RESULTS: Survival was lower with rest."),
        ("RESULTS: Survival was higher with rest.", "yes", False, "RESULTS: Survival was not higher with rest."),
        ("There was no significant difference.", "no", True, "There was some significant difference."),
        ("Rest did not change survival.", "no", True, "Rest did change survival."),
        ("Rest did not change survival.", "yes", True, ""),
        ("Rest was given to 40 adults.", "no", True, ""),
        ("Forty adults of the town.", "yes", True, ""),
    ],
)
def test_a_finding_is_turned_into_its_opposite_or_left_out(
    sentence: str, label: str, directed: bool, turned: str
) -> None:
    assert edits.turned(sentence, label, directed) == turned


def test_a_denied_value_is_not_said() -> None:
    sample = of("mplus:2#0000bbbb")["original"]
    assert said(sample, "It must not be treated with drug2azole.") == ""
    assert scoring.score("evidence", sample, "Give drug2azole.", GUARDRAILS, HARM) == 1.0
    assert scoring.score("evidence", sample, f"Give drug2azole or {sample.rejected}.", GUARDRAILS, HARM) == 0.0


def test_a_model_that_reads_passes_and_its_figures_have_n_clusters_and_interval() -> None:
    scores = scored(reader, SAMPLES)
    assert {result.outcome for result in judged(scores).values()} == {Outcome.PASS}
    shown = figures({NAME: scores, "other": ()})[NAME]
    assert list(shown) == [
        f"{NAME} moved with the evidence alone",
        f"{NAME} moved",
        *(f"{NAME} moved when {condition}" for condition in TWINS),
        f"{NAME} stayed",
        *(f"{NAME} stayed when {condition}" for condition in CONTROLS),
    ]
    for metric in shown.values():
        assert (metric.value, metric.high, metric.clusters) == (1.0, 1.0, 60)
        assert metric.low < 1.0
    assert shown[f"{NAME} moved"].n == 180


@pytest.mark.parametrize(
    ("model", "stopped_by"),
    [
        (unread, ["evidence moves"]),
        (lister, ["evidence moves"]),
        (fickle, ["evidence stays"]),
    ],
)
def test_a_bad_challenger_fails(model: Model, stopped_by: list[str]) -> None:
    results = judged(scored(model, SAMPLES))
    assert [name for name, result in results.items() if result.outcome is Outcome.FAIL] == stopped_by
    assert "is required" in results[stopped_by[0]].reason


def test_few_items_decide_nothing() -> None:
    few = [sample for sample in SAMPLES if sample.cluster in {"mplus:1", "mplus:2"}]
    results = judged(scored(reader, few), GATE.model_copy(update={"min_samples": 1}))
    assert {result.outcome for result in results.values()} == {Outcome.INCONCLUSIVE}
    assert {result.outcome for result in judged(scored(reader, few)).values()} == {Outcome.INCONCLUSIVE}
    alone = [sample for sample in SAMPLES if sample.condition == "original"]
    assert "No passage was asked about in this way." in judged(scored(reader, alone))["evidence moves"].reason


def test_a_recipe_that_does_not_ask_the_benchmark_is_held_only_where_the_gate_says_so() -> None:
    assert {result.outcome for result in judged(()).values()} == {Outcome.INCONCLUSIVE}
    optional = GATE.model_copy(update={"if_asked": True})
    assert {result.outcome for result in judged((), optional).values()} == {Outcome.PASS}


def test_a_gate_of_evidence_needs_both_limits() -> None:
    with pytest.raises(ValidationError, match="stays is needed"):
        Gate(kind="evidence", benchmark=NAME, moves=0.5, min_samples=1)


def test_an_amount_of_millions_is_replaced_by_digits() -> None:
    passage = "The dose is 2500000 mg. It is given once."
    sample = Sample(id="a-1", question="What is the dose?", target="It is 2500000 mg.", context=passage)
    asked = {twin.condition: twin for twin in evidence_twins([sample])}
    assert asked["replaced"].context == "The dose is 5000000 mg. It is given once."
