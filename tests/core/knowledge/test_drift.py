"""Drift: which facts are news, which signals call for a retrain, and by which method."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe import configuration
from medpipe.core.corpus.document import Document, Section
from medpipe.core.knowledge import drift, fact_changes
from medpipe.core.knowledge.carried import KnownFact, Role
from medpipe.core.knowledge.drift import Canaries, Drift, ErasedPairs, Heard, Measured
from medpipe.core.knowledge.drift_policy import DriftPolicy
from medpipe.core.knowledge.drift_signal import Signal
from medpipe.core.knowledge.fact_changes import Changes
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.errors import ConfigError
from medpipe.settings import Settings
from tests import fakes

POLICY = configuration.load(Settings().policies / "drift.yaml", DriftPolicy)
AT = datetime(2026, 3, 10, tzinfo=UTC)


def page(number: int, drug: str = "rest", day: int = 20260303, **fields: Any) -> Document:
    return Document(
        **{
            "id": f"mplus:{number}",
            "revision": day,
            "source": "medlineplus",
            "title": f"Ill{number}",
            "published": date(2026, 3, 3),
            "sections": (Section(heading="Treatment", text=f"Ill{number} is treated with {drug}."),),
            **fields,
        }
    )


def stated(documents: list[Document], **data: Any) -> list[Fact]:
    return list(fact_changes.stated(documents, Data(**data), Hygiene(redact=fakes.EmailRedactor().redact)))


def considered(documents: list[Document], role: Role = Role.TAUGHT) -> dict[str, KnownFact]:
    return {fact.id: KnownFact(fact.says, role, fact.focus) for fact in stated(documents)}


def changes(today: list[Document], before: dict[str, KnownFact], *claims: Claim) -> tuple[list[str], list[str]]:
    found = fact_changes.changes(stated(today), before, claims)
    return [fact.document.id for fact in found.new], [fact.document.id for fact in found.changed]


def test_an_edit_of_groups_mesh_and_address_changes_no_fact() -> None:
    edited = page(1, groups=("Fevers",), mesh=("Fever",), url="https://example.org/other")
    assert edited.digest != page(1).digest
    assert changes([edited], considered([page(1)])) == ([], [])


def test_another_answer_is_a_changed_fact_and_another_question_is_a_new_one() -> None:
    assert changes([page(1, "sleep"), page(2)], considered([page(1)])) == (["mplus:2"], ["mplus:1"])


def test_a_fact_that_a_training_left_out_is_not_news_until_it_says_something_else() -> None:
    left_out = considered([page(1)], Role.LEFT_OUT)
    assert changes([page(1)], left_out) == ([], [])
    assert changes([page(1, "sleep")], left_out) == (["mplus:1"], [])


def test_a_withdrawn_claim_is_never_news_whatever_document_says_it_and_is_news_when_it_is_lifted() -> None:
    (fact,) = stated([page(1)])
    claim = Claim.of(fact)
    twin = page(2, title="Ill1", sections=(Section(heading="Treatment", text="Ill1 is treated with rest."),))
    withdrawn = {fact.id: KnownFact("", Role.WITHDRAWN, fact.focus)}
    assert changes([page(1), twin], withdrawn, claim) == ([], [])
    assert changes([page(1)], withdrawn) == (["mplus:1"], [])


def test_facts_that_no_training_would_teach_are_not_stated() -> None:
    late, other = page(1, published=date(2026, 6, 1)), page(2, id="meddialog:1")
    assert stated([late, other, page(3)], cut_off=date(2026, 5, 1)) == stated([page(3)])
    assert stated([page(3)], unseen={"mplus": 1.0}) == []
    assert stated([page(3)], validation_share=0.999999) == []


def some(count: int, day: int = 20260309) -> tuple[Fact, ...]:
    return tuple(stated([page(number, day=day) for number in range(count)]))


def measured(**parts: Any) -> Measured:
    values: dict[str, Any] = {
        "changes": Changes(some(parts.pop("new", 0)), some(parts.pop("changed", 0)), 1000),
        "withdrawn": (),
        "carried": 1000,
        "pairs_unused": 0,
        "trained_at": AT - timedelta(days=30),
        "at": AT,
        "heard": None,
    }
    return Measured(**values | parts)


def verdict(**parts: Any) -> Drift:
    return drift.verdict(measured(**parts), POLICY)


def signal(result: Drift, name: str) -> Signal:
    return next(signal for signal in result.signals if signal.name == name)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"new": 14}, "hold"),
        ({"new": 15}, "retrain"),
        ({"changed": 4}, "hold"),
        ({"changed": 5}, "retrain"),
        ({"withdrawn": ("pmid:1",)}, "retrain"),
        ({"pairs_unused": 19}, "hold"),
        ({"pairs_unused": 20}, "retrain"),
        ({}, "hold"),
    ],
)
def test_each_count_has_its_threshold_whatever_the_size_of_the_corpus(parts: dict[str, Any], expected: str) -> None:
    assert verdict(**parts).verdict == expected
    changes = measured(**dict(parts)).changes._replace(known=1_000_000)
    assert verdict(**{**parts, "changes": changes}).verdict == expected


def test_one_change_waits_no_longer_than_the_promise() -> None:
    for day, expected in ((20260225, "hold"), (20260224, "retrain")):
        result = verdict(changes=Changes((), some(1, day), 10))
        assert (result.verdict, signal(result, "days that the oldest unlearned change waits").over) == (
            expected,
            expected == "retrain",
        )
    assert verdict(changes=Changes((), some(1, 7), 10)).verdict == "hold", "a revision that says no day has no age"


def test_a_training_is_due_only_when_there_is_something_to_learn() -> None:
    long_ago = AT - timedelta(days=90)
    assert verdict(trained_at=long_ago).verdict == "hold"
    assert verdict(trained_at=long_ago, new=1).verdict == "retrain"
    assert verdict(trained_at=long_ago + timedelta(days=1), new=1).verdict == "hold"


def test_routine_trainings_are_days_apart_and_a_withdrawal_never_waits() -> None:
    recent = AT - timedelta(days=6)
    waiting = verdict(trained_at=recent, changed=99)
    assert (waiting.verdict, waiting.reasons[0]) == (
        "hold",
        "trained 6 days ago: routine trainings are 7 days apart",
    )
    assert verdict(trained_at=AT - timedelta(days=7), changed=99).verdict == "retrain"
    assert verdict(trained_at=recent, changed=99, withdrawn=("pmid:1",)).verdict == "retrain"
    assert verdict(trained_at=recent, changed=99, at=None).verdict == "retrain", "without a time nobody waits"


@pytest.mark.parametrize(("refused", "over"), [(69, True), (59, False)])
def test_refusals_count_when_they_are_surely_most_of_the_answers(refused: int, over: bool) -> None:
    result = verdict(heard=Heard(answers=100, refused=refused), new=1)
    assert signal(result, "questions refused").over is over
    assert (result.verdict == "retrain") is over


@pytest.mark.parametrize(("wrong", "over"), [(4, False), (6, True)])
def test_what_serves_and_answers_otherwise_than_it_was_judged_is_a_signal(wrong: int, over: bool) -> None:
    result = verdict(canaries=Canaries(40, wrong))
    assert signal(result, "canaries answered wrong by what serves").over is over
    assert result.verdict == "hold", "there is nothing to learn: a person must look"
    assert ("a person must look" in result.reasons[-1]) is over


def test_canaries_and_refusals_that_were_not_measured_say_why() -> None:
    notes = {signal.name: signal.note for signal in verdict(canaries=Canaries(fault="nothing is routed")).signals}
    assert notes["canaries answered wrong by what serves"] == "not measured: nothing is routed"
    assert notes["questions refused"] == "not measured: no time was given"
    few = verdict(heard=Heard(answers=49, refused=49))
    assert signal(few, "questions refused").note == "not measured: 49 questions are too few"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (Heard(ratings=50, down=50), "answers rated down"),
        (Heard(ratings=50, unseen=50), "rated questions about topics never taught"),
    ],
)
def test_readers_who_are_not_helped_are_a_reason_when_there_is_something_to_learn(said: Heard, name: str) -> None:
    result = verdict(heard=said, new=1)
    assert (result.verdict, signal(result, name).over) == ("retrain", True)
    nothing = verdict(heard=said)
    assert nothing.verdict == "hold"
    assert nothing.reasons[-1].startswith("a person must look at the answers")
    assert verdict(heard=Heard(ratings=50), new=1).verdict == "hold"


def test_a_signal_without_data_says_so() -> None:
    few = signal(verdict(heard=Heard(ratings=49, down=49)), "answers rated down")
    assert (few.over, few.note) == (False, "not measured: 49 ratings are too few")
    untimed = verdict(at=None)
    assert signal(untimed, "days since the last training").note == "not measured: no time was given"
    assert "days since the last training not measured: no time was given" in untimed.reasons[0]


def test_unused_pairs_alone_call_for_dpo_and_with_news_for_sft_first() -> None:
    assert verdict(pairs_unused=20).method == "dpo"
    assert verdict(pairs_unused=20, new=15).method == "sft"
    assert verdict(pairs_unused=20, withdrawn=("pmid:1",)).method == "sft"


LEARNS = {"fact-1": "what it says"}


@pytest.mark.parametrize(
    ("start", "method"),
    [({"learns": LEARNS}, "sft"), ({"learns": LEARNS, "unused": 5}, "sft"), ({"unused": 1}, "dpo")],
)
def test_one_erased_pair_calls_for_a_retrain_by_what_there_is_to_learn_without_it(
    start: dict[str, Any], method: str
) -> None:
    erased = ErasedPairs(1, 40, "version/medqa-v2-abcdef", **start)
    result = verdict(erased=erased)
    assert (result.verdict, result.method) == ("retrain", method)
    assert result.reasons[0].startswith("erased pairs that it learned: 1 of 40")
    assert verdict(erased=erased, new=15, pairs_unused=20).method == method
    assert verdict(erased=erased._replace(pairs=0)).verdict == "hold"
    assert verdict(erased=erased, trained_at=AT - timedelta(days=6)).verdict == "hold", "it waits for the rest days"


def test_what_was_erased_is_left_to_a_person_where_nothing_can_be_learned_without_it() -> None:
    erased = ErasedPairs(1, 40, "version/medqa-v2-abcdef")
    result = verdict(erased=erased)
    assert result.verdict == "hold"
    assert result.reasons[0] == "a person must roll back to version/medqa-v2-abcdef: it has nothing to learn"
    assert verdict(erased=erased, withdrawn=("pmid:1",)).withdrawn == ("pmid:1",), "a withdrawal goes first"


def test_without_a_champion_any_fact_calls_for_a_first_training() -> None:
    first = verdict(trained_at=None, new=1, changes=Changes(some(1), (), 0))
    assert (first.verdict, first.method, first.reasons) == ("retrain", "sft", ("no champion yet: everything is new",))
    assert verdict(trained_at=None, pairs_unused=99).verdict == "hold"


def test_a_retrain_that_was_held_before_is_held_with_the_reason_first() -> None:
    held = drift.held(verdict(new=15), "held on 2026-03-09")
    assert (held.verdict, held.reasons[0], len(held.reasons)) == ("hold", "held on 2026-03-09", 2)


def test_the_interval_is_wilsons() -> None:
    # 10 of 100: R's prop.test(10, 100, correct = FALSE) gives 0.0552 to 0.1744
    part = signal(verdict(changes=Changes((), some(10), 100)), "changed facts")
    assert (part.low, part.high) == (pytest.approx(0.05523, abs=1e-4), pytest.approx(0.17437, abs=1e-4))


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 40))
def test_more_news_never_turns_a_retrain_into_a_hold(new: int, changed: int, pairs: int) -> None:
    if verdict(new=new, changed=changed, pairs_unused=pairs).verdict == "retrain":
        assert verdict(new=new + 1, changed=changed + 1, pairs_unused=pairs + 1).verdict == "retrain"


def test_a_topic_is_recognised_inside_a_question() -> None:
    assert drift.about_any("How is velibroane Fever treated?", {"velibroane fever"})
    assert not drift.about_any("How is fever treated?", {"velibroane fever"})


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("stale_weeks: 2\n", "stale_weeks"),
        ("new_facts: 0\n", "new_facts"),
        ("down_ratings: 1.5\n", "down_ratings"),
        ("stale_days: 1\nstale_days: 2\n", "occurs twice"),
    ],
)
def test_a_policy_with_a_mistake_is_refused_when_it_is_read(tmp_path, line: str, says: str) -> None:
    text = "".join(f"{name}: {value}\n" for name, value in POLICY.model_dump().items() if f"{name}:" not in line)
    (tmp_path / "drift.yaml").write_text(text + line, encoding="utf-8")
    with pytest.raises(ConfigError, match=says):
        configuration.load(tmp_path / "drift.yaml", DriftPolicy)
