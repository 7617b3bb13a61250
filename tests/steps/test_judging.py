"""compare and freeze_anchor: what a decision rests on, what every look costs, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe import code_digest, errors, records, steps
from medpipe.core.judging import reasons
from medpipe.core.judging.evaluation import Evaluation, Sample, Score
from medpipe.core.judging.gates import Outcome
from medpipe.core.manifests import AnchorManifest, DecisionManifest, DecisionOutcome, EvaluationManifest
from medpipe.core.refs import ref
from medpipe.core.text import stable_share
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import means, scores_of
from tests import fakes
from tests.manifests import put

ITEMS = dict.fromkeys(("new-knowledge", "old-knowledge", "anchor", "red-team-model", "over-refusal"), "items")


def adapter(ports: fakes.FakePorts, number: int) -> str:
    made = ref("adapter", number)
    return made if ports.store.find(made) else put(ports.store, made)


def evaluation(
    ports: fakes.FakePorts,
    number: int,
    right: int,
    unsafe: int = 0,
    model: str = "base",
    old: int = 40,
    digests: dict[str, str] | None = None,
    tasks: tuple[range, int] = (range(0), 0),
) -> str:
    """An evaluation of 40 new items (`right` of them answered right), 40 old ones and 110 questions of the red team.

    `tasks`: numbers of the questions of `unseen`, and the number from which they are answered right.
    """

    def scores(good: int) -> tuple[Score, ...]:
        return tuple(Score(sample_id=str(n), value=float(n < good), answer="", cluster=str(n)) for n in range(40))

    whole = Evaluation(
        model=model,
        examples="examples/1",
        metrics={},
        scores={
            "new-knowledge": scores(right),
            "old-knowledge": scores(old),
            "anchor": scores(old),
            "red-team-model": tuple(Score(sample_id=str(n), value=float(n < unsafe), answer="") for n in range(110)),
            "over-refusal": tuple(Score(sample_id=str(n), value=0.0, answer="") for n in range(200)),
            "unseen": tuple(
                Score(sample_id=str(n), value=float(n >= tasks[1]), answer="", item=f"item {n}") for n in tasks[0]
            ),
        },
        digests=digests or (ITEMS | {"unseen": str(tasks[0])} if tasks[0] else ITEMS),
        faults=("over-refusal", "red-team-model"),
        claims=(),
    )
    return put(
        ports.store,
        ref("evaluation", number),
        lambda folder: (folder / "evaluation.json").write_text(whole.model_dump_json()),
        model=model,
        digests=whole.digests,
        metrics=means(whole.scores),
    )


def decided(ports: fakes.FakePorts, decision: str) -> DecisionOutcome:
    return manifest(ports, decision, DecisionManifest).outcome


def crown(ports: fakes.FakePorts, number: int) -> str:
    """Make an adapter champion; return it."""
    model = adapter(ports, number)
    named = put(ports.store, f"version/medqa-v{number}-abcdef", adapter=model)
    assert ports.ledger.swap_champion(ports.ledger.champion(), named, ref("decision", number), ())
    return model


@pytest.mark.parametrize(
    ("right", "unsafe", "said"),
    [(40, 0, Outcome.PASS), (0, 0, Outcome.INCONCLUSIVE), (40, 40, Outcome.FAIL), (5, 0, Outcome.INCONCLUSIVE)],
)
def test_a_decision_names_what_it_compared_and_every_look_is_in_the_ledger(
    ports: fakes.FakePorts, right: int, unsafe: int, said: Outcome
) -> None:
    base, challenger = evaluation(ports, 1, 0), evaluation(ports, 2, right, unsafe, adapter(ports, 1))
    decision = steps.compare(challenger, base, "first", ports=ports)
    assert steps.compare(challenger, base, "first", ports=ports) == decision
    stored = manifest(ports, decision, DecisionManifest)
    assert (stored.outcome.outcome, stored.outcome.plan) == (said, "first")
    assert (stored.outcome.challenger, stored.outcome.champion) == (challenger, base)
    assert [gate.name for gate in stored.outcome.gates] == [
        "gained new-knowledge",
        "absent withdrawn",
        "not_worse_than_best red-team-model",
        "not_worse_than_best over-refusal",
        "not_worse_than_best omission",
        "not_worse_than_best general",
        "triage",
    ]
    (entry,) = ports.ledger.entries()
    assert (entry.event, entry.version, entry.decision) == ("compared", challenger, str(said))
    assert entry.reasons == stored.outcome.reasons != ()
    assert stored.inputs.model_dump() == {
        "challenger": challenger,
        "champion": base,
        "plan": "first",
        "gates": ports.plan().model_dump(mode="json"),
        "looks": dict.fromkeys(ITEMS, ()),
        "champions": (),
        "code": code_digest.of("compare"),
    }


def test_what_is_not_an_evaluation_or_a_plan_cannot_be_compared(ports: fakes.FakePorts) -> None:
    base, decision = evaluation(ports, 1, 0), put(ports.store, ref("decision", 1))
    for arguments in ((decision, base), (base, decision)):
        with pytest.raises(errors.UsageError, match=f"expected an evaluation/… ref, got {decision}"):
            steps.compare(*arguments, "first", ports=ports)
    with pytest.raises(errors.MedpipeError, match=r"no plan 'last' in gates\.yaml; there are: better-recipe, "):
        steps.compare(base, base, "last", ports=ports)
    assert ports.ledger.entries() == []


def test_the_plan_first_does_not_get_a_challenger_past_a_champion(ports: fakes.FakePorts) -> None:
    base, challenger = evaluation(ports, 1, 0), evaluation(ports, 2, 40, model=adapter(ports, 2))
    crown(ports, 1)
    with pytest.raises(errors.UsageError, match="the plan 'first' is for the first promotion"):
        steps.compare(challenger, base, "first", ports=ports)
    assert list(ports.store.manifests(DecisionManifest)) == []


def test_the_plan_first_compares_with_the_base_and_nothing_else(ports: fakes.FakePorts) -> None:
    weak = evaluation(ports, 1, 0, model=adapter(ports, 1))
    with pytest.raises(errors.UsageError, match="compares with the base"):
        steps.compare(evaluation(ports, 2, 40, model=adapter(ports, 2)), weak, "first", ports=ports)


def test_every_other_plan_compares_with_the_champion_in_force(ports: fakes.FakePorts) -> None:
    champion = crown(ports, 1)
    challenger = evaluation(ports, 3, 40, model=adapter(ports, 3))
    for number, model in ((4, "base"), (5, adapter(ports, 2))):
        other = evaluation(ports, number, 0, model=model)
        with pytest.raises(errors.UsageError, match="compares with the champion in force"):
            steps.compare(challenger, other, "news", ports=ports)
    in_force = evaluation(ports, 6, 0, model=champion)
    assert decided(ports, steps.compare(challenger, in_force, "news", ports=ports)).outcome is Outcome.PASS


def test_a_scorer_that_changed_between_two_evaluations_is_noticed(ports: fakes.FakePorts) -> None:
    base = evaluation(ports, 1, 0, digests=ITEMS | {"new-knowledge": "scored otherwise"})
    challenger = evaluation(ports, 2, 40, model=adapter(ports, 1))
    (reason,) = decided(ports, steps.compare(challenger, base, "first", ports=ports)).reasons
    assert reason == f"gained new-knowledge: inconclusive. {reasons.OTHER_ITEMS}"


def level(ports: fakes.FakePorts, decision: str, gate: str = "gained new-knowledge") -> float:
    (budget,) = [result.budget for result in decided(ports, decision).gates if result.name == gate]
    assert budget is not None
    return budget.level


def test_an_evaluation_that_was_never_compared_costs_as_much_as_one_that_was(ports: fakes.FakePorts) -> None:
    base = evaluation(ports, 1, 0)
    first = steps.compare(evaluation(ports, 2, 5, model=adapter(ports, 2)), base, "first", ports=ports)
    peeked = evaluation(ports, 3, 5, model=adapter(ports, 3))
    third = steps.compare(evaluation(ports, 4, 5, model=adapter(ports, 4)), base, "first", ports=ports)
    looks = manifest(ports, third, DecisionManifest).inputs.looks["new-knowledge"]
    assert [look.evaluation for look in looks] == [ref("evaluation", 2), peeked]
    assert level(ports, first) / level(ports, third) == pytest.approx(3**1.6)


def test_an_evaluation_of_fewer_questions_than_a_gate_judges_spends_nothing(ports: fakes.FakePorts) -> None:
    base = evaluation(ports, 1, 0, tasks=(range(29), 0))
    few = evaluation(ports, 2, 5, model=adapter(ports, 2), tasks=(range(29), 0))
    steps.compare(few, base, "first", ports=ports)
    enough = evaluation(ports, 3, 5, model=adapter(ports, 3), tasks=(range(30), 0))
    evaluated = steps.compare(enough, evaluation(ports, 4, 0, tasks=(range(30), 0)), "first", ports=ports)
    looks = manifest(ports, evaluated, DecisionManifest).inputs.looks
    assert (looks["unseen"], [look.evaluation for look in looks["new-knowledge"]]) == ((), [few])


def test_a_look_that_passed_hands_its_level_to_the_next(ports: fakes.FakePorts) -> None:
    base = evaluation(ports, 1, 0)
    first = steps.compare(evaluation(ports, 2, 40, model=adapter(ports, 2)), base, "first", ports=ports)
    assert decided(ports, first).outcome is Outcome.PASS
    second = steps.compare(evaluation(ports, 3, 5, model=adapter(ports, 3)), base, "first", ports=ports)
    (look,) = manifest(ports, second, DecisionManifest).inputs.looks["new-knowledge"]
    assert look.passed
    assert level(ports, second) == pytest.approx(level(ports, first) * (1 + 2**-1.6))


def test_a_look_on_fresh_items_costs_less_than_a_third_look_on_the_same(ports: fakes.FakePorts) -> None:
    base = evaluation(ports, 1, 0)
    for number in (2, 3):
        evaluation(ports, number, 5, model=adapter(ports, number))
    fresh_items = dict.fromkeys(ITEMS, "fresh")
    same = steps.compare(evaluation(ports, 4, 5, model=adapter(ports, 4)), base, "first", ports=ports)
    fresh_base = evaluation(ports, 5, 0, digests=fresh_items)
    challenger = evaluation(ports, 6, 5, model=adapter(ports, 6), digests=fresh_items)
    fresh = steps.compare(challenger, fresh_base, "first", ports=ports)
    assert level(ports, fresh) > level(ports, same)


def test_a_comparison_that_is_repeated_later_has_the_same_level_and_ref(ports: fakes.FakePorts) -> None:
    base, challenger = evaluation(ports, 1, 0), evaluation(ports, 2, 40, model=adapter(ports, 2))
    decision = steps.compare(challenger, base, "first", ports=ports)
    steps.compare(evaluation(ports, 3, 40, model=adapter(ports, 3)), base, "first", ports=ports)
    assert steps.compare(challenger, base, "first", ports=ports) == decision


def test_a_challenger_that_is_worse_than_an_earlier_champion_is_held_although_the_last_one_is_no_better(
    ports: fakes.FakePorts,
) -> None:
    base = evaluation(ports, 1, 0)
    best = evaluation(ports, 2, 40, model=adapter(ports, 1), old=40)
    assert decided(ports, steps.compare(best, base, "first", ports=ports)).outcome is Outcome.PASS
    incumbent = evaluation(ports, 3, 0, model=crown(ports, 2), old=20)
    challenger = evaluation(ports, 4, 40, model=adapter(ports, 3), old=20)
    decision = decided(ports, steps.compare(challenger, incumbent, "news", ports=ports))
    assert [(gate.name, gate.outcome) for gate in decision.gates if gate.outcome is not Outcome.PASS] == [
        ("not_worse_than_best anchor", Outcome.FAIL)
    ]
    assert manifest(ports, steps.compare(challenger, incumbent, "news", ports=ports), DecisionManifest).inputs


def test_a_challenger_that_is_less_safe_than_an_earlier_champion_is_held_although_the_last_one_is_no_safer(
    ports: fakes.FakePorts,
) -> None:
    base = evaluation(ports, 1, 0)
    safest = evaluation(ports, 2, 40, unsafe=0, model=adapter(ports, 1))
    assert decided(ports, steps.compare(safest, base, "first", ports=ports)).outcome is Outcome.PASS
    incumbent = evaluation(ports, 3, 0, unsafe=45, model=crown(ports, 2))
    challenger = evaluation(ports, 4, 40, unsafe=50, model=adapter(ports, 3))
    decision = decided(ports, steps.compare(challenger, incumbent, "news", ports=ports))
    assert [(gate.name, gate.outcome) for gate in decision.gates if gate.outcome is not Outcome.PASS] == [
        ("not_worse_than_best red-team-model", Outcome.FAIL)
    ]


def test_tasks_that_are_never_taught_are_held_against_a_champion_that_was_asked_an_earlier_set(
    ports: fakes.FakePorts,
) -> None:
    base = evaluation(ports, 1, 0, tasks=(range(100), 100))
    best = evaluation(ports, 2, 40, model=adapter(ports, 1), tasks=(range(100), 0))
    first = decided(ports, steps.compare(best, base, "first", ports=ports))
    assert first.outcome is Outcome.PASS
    assert any("there is nothing to lose. So this benchmark holds nobody yet." in gate.reason for gate in first.gates)
    incumbent = evaluation(ports, 3, 0, model=crown(ports, 2), tasks=(range(2, 120), 60))
    challenger = evaluation(ports, 4, 40, model=adapter(ports, 3), tasks=(range(2, 120), 60))
    made = steps.compare(challenger, incumbent, "news", ports=ports)
    assert [gate.name for gate in decided(ports, made).gates if gate.outcome is not Outcome.PASS] == [
        "not_worse_than_best unseen"
    ]
    assert manifest(ports, made, DecisionManifest).inputs.champions == (best,)


def line(ports: fakes.FakePorts, first_documents: int = 60) -> tuple[str, str]:
    """A first champion that was taught a number of documents, and a later one that was taught 90."""

    def taught(number: int, documents: range) -> str:
        samples = [Sample(id=f"{n}-1", question=f"q{n}?", target="a", cluster=f"mplus:{n}") for n in documents]
        return put(
            ports.store,
            ref("examples", number),
            lambda folder: [
                records.write(folder / "benchmarks" / f"{name}.jsonl", asked)
                for name, asked in {"new-knowledge": samples, "old-knowledge": []}.items()
            ],
        )

    early, late = taught(1, range(first_documents)), taught(2, range(100, 190))
    first = put(ports.store, "version/medqa-v1-abcdef", examples=early, adapter=adapter(ports, 1), incumbent="base")
    later = put(ports.store, "version/medqa-v2-abcdef", examples=late, adapter=adapter(ports, 2), incumbent=first)
    return first, later


def frozen(ports: fakes.FakePorts, anchor: str) -> list[Sample]:
    return list(records.read(ports.store.folder(anchor) / "samples.jsonl", Sample))


def test_every_champion_of_a_line_has_the_anchor_of_the_first(ports: fakes.FakePorts) -> None:
    first, later = line(ports)
    anchor = steps.freeze_anchor(first, ports=ports)
    assert anchor is not None and steps.freeze_anchor(later, ports=ports) == anchor
    outcome = manifest(ports, anchor, AnchorManifest).outcome
    assert outcome.samples == outcome.documents == len(frozen(ports, anchor))
    assert 5 < outcome.samples < 40
    share = ports.recipe("tiny-sft").data.heldout_share
    assert all(stable_share(sample.cluster, "held-out") < share for sample in frozen(ports, anchor))


def test_a_first_champion_that_was_taught_too_little_leaves_the_anchor_to_a_later_one(ports: fakes.FakePorts) -> None:
    first, later = line(ports, first_documents=12)
    small, large = steps.freeze_anchor(first, ports=ports), steps.freeze_anchor(later, ports=ports)
    assert small is not None and large is not None
    assert manifest(ports, small, AnchorManifest).outcome.documents < 10
    assert manifest(ports, large, AnchorManifest).outcome.documents >= 10
    assert manifest(ports, large, AnchorManifest).inputs.examples == ref("examples", 2)


def test_there_is_no_anchor_without_a_champion(ports: fakes.FakePorts) -> None:
    assert steps.freeze_anchor(None, ports=ports) is None


def test_a_frozen_question_is_asked_while_its_answer_is_right_and_the_items_stay_the_same_items(
    ports: fakes.FakePorts,
) -> None:
    anchor = steps.freeze_anchor(line(ports)[0], ports=ports)
    assert anchor is not None
    (corrected, *right) = frozen(ports, anchor)

    def fill(folder: Path) -> None:
        changed = corrected.model_copy(update={"target": "b"})
        records.write(folder / "benchmarks" / "old-knowledge.jsonl", [changed, *right])
        records.write(folder / "benchmarks" / "new-knowledge.jsonl", [])

    now, before = put(ports.store, ref("examples", 3), fill), ref("examples", 1)
    late, early = (
        steps.evaluate("base", "tiny-sft", examples, anchor=anchor, ports=ports) for examples in (now, before)
    )
    assert [score.sample_id for score in scores_of(ports, late).scores["anchor"]] == [sample.id for sample in right]
    assert len(scores_of(ports, early).scores["anchor"]) == len(right) + 1
    digests = [manifest(ports, made, EvaluationManifest).outcome.digests["anchor"] for made in (late, early)]
    assert digests[0] == digests[1]
