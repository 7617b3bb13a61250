"""A deployment goes live completely or not at all; in that case the earlier version keeps serving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.errors import DeployFailed, EngineError, MedpipeError
from medpipe.ports import Route
from medpipe.steps.deployment import Patience, deploy
from tests.contracts import CONTRACT
from tests.steps.deploying import SMOKE, A, B, Outside, disturbed, live, on_disk


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    return on_disk(tmp_path)


def test_the_first_version_goes_live(outside: Outside) -> None:
    assert live(outside, A) == Route(A, "medqa-v1-aaaaaa", 1, CONTRACT)
    assert outside.routes.current() == Route(A, "medqa-v1-aaaaaa", 1, CONTRACT)
    assert outside.events() == [("deployed", A)]


def test_the_next_version_takes_over_and_the_previous_one_is_unloaded(outside: Outside) -> None:
    live(outside, A)

    assert live(outside, B) == Route(B, "medqa-v2-bbbbbb", 2, CONTRACT)
    assert outside.engine.loaded() == {"medqa-v2-bbbbbb"}
    assert outside.events() == [("deployed", A), ("deployed", B)]
    assert "unloaded medqa-v1-aaaaaa" in outside.ledger.entries()[0].reasons


def test_deploying_what_is_live_changes_nothing(outside: Outside) -> None:
    assert live(outside, A) == live(outside, A)
    assert outside.engine.loadings == ["medqa-v1-aaaaaa"]
    assert outside.events() == [("deployed", A)]


def test_an_engine_that_lost_its_adapters_gets_the_version_again_under_a_new_name(outside: Outside) -> None:
    live(outside, A)
    outside.engine.table.clear()

    assert live(outside, A) == Route(A, "medqa-v1-aaaaaa-2", 2, CONTRACT)


def test_going_back_to_a_version_never_reuses_its_name(outside: Outside) -> None:
    live(outside, A)
    live(outside, B)

    assert live(outside, A) == Route(A, "medqa-v1-aaaaaa-2", 3, CONTRACT)
    assert outside.engine.loaded() == {"medqa-v1-aaaaaa-2"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(" I do not know.", "only 0 of 1 smoke questions"), (" \n", "2 of 2 smoke questions got an empty answer")],
)
def test_a_version_that_fails_its_smoke_questions_is_unloaded(outside: Outside, answer: str, reason: str) -> None:
    live(outside, A)
    outside.engine.answer = answer

    with pytest.raises(DeployFailed, match=f"{A} still serves.*{reason}"):
        live(outside, B)
    assert outside.routes.current() == Route(A, "medqa-v1-aaaaaa", 1, CONTRACT)
    assert outside.engine.loaded() == {"medqa-v1-aaaaaa"}
    assert outside.events()[-1] == ("restored", A)


def test_an_adapter_that_does_not_load_leaves_the_previous_one(outside: Outside) -> None:
    live(outside, A)
    outside.engine.broken = True

    with pytest.raises(DeployFailed, match="the engine is full"):
        live(outside, B)
    assert outside.routes.current() == Route(A, "medqa-v1-aaaaaa", 1, CONTRACT)


def test_a_version_that_falls_silent_after_the_switch_is_taken_back(outside: Outside) -> None:
    live(outside, A)

    def fall_silent(version: str) -> None:
        outside.engine.answer = "" if version == B else " tazomib"

    with pytest.raises(DeployFailed, match="empty answer"):
        live(disturbed(outside, fall_silent), B)
    assert outside.routes.current() == Route(A, "medqa-v1-aaaaaa", 3, CONTRACT)
    assert outside.engine.loaded() == {"medqa-v1-aaaaaa"}


def test_the_previous_adapter_stays_while_a_gateway_has_not_followed_and_goes_at_the_next_look(
    outside: Outside,
) -> None:
    live(outside, A)
    outside.routes.heartbeat("slow", 1, 1)

    live(outside, B, settle_seconds=0.2)
    assert outside.engine.loaded() == {"medqa-v1-aaaaaa", "medqa-v2-bbbbbb"}
    assert "a gateway did not follow" in " ".join(outside.ledger.entries()[0].reasons)

    outside.routes.heartbeat("slow", 2, None)
    live(outside, B)
    assert outside.engine.loaded() == {"medqa-v2-bbbbbb"}
    assert outside.events() == [("deployed", A), ("deployed", B)]


def test_a_version_without_smoke_questions_is_not_deployed(outside: Outside) -> None:
    with pytest.raises(DeployFailed, match="no smoke questions"):
        deploy(A, Path("adapter"), "medqa-v1-aaaaaa", CONTRACT, [], outside)
    assert outside.engine.loadings == []


def test_the_defaults_ask_for_every_smoke_question_to_be_right_and_wait_a_minute() -> None:
    assert Patience()[:2] == (60.0, 1.0)


def test_smoke_questions_are_asked_as_the_contract_says(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, list[str], Ending]] = []

    def ask(name: str, prompts: Sequence[str], ending: Ending) -> list[str]:
        calls.append((name, list(prompts), ending))
        return [" tazomib" for _ in prompts]

    monkeypatch.setattr(outside.engine, "ask", ask)
    contract = CONTRACT.model_copy(update={"max_new_tokens": 7, "context": True})
    smoke = [SMOKE[0].model_copy(update={"context": "Tazomib was tried."}), SMOKE[1]]
    deploy(A, Path("adapter"), "medqa-v1-aaaaaa", contract, smoke, outside)
    prompts = [prompt.render(SMOKE[0].question, "Tazomib was tried."), prompt.render(SMOKE[1].question)]
    assert calls == [("medqa-v1-aaaaaa", prompts, Ending(7)), ("medqa-v1-aaaaaa", prompts[:1], Ending(7))], (
        "before and after the switch"
    )


def test_the_share_of_right_answers_counts_questions_with_a_slot_only(outside: Outside) -> None:
    outside.engine.answer = " I do not know."
    with pytest.raises(DeployFailed, match="only 0 of 1 smoke questions"):
        live(outside, A, smoke_share=0.5)
    assert live(outside, A, smoke_share=0.0) == Route(A, "medqa-v1-aaaaaa-2", 1, CONTRACT)


def test_a_failed_first_deployment_says_that_nothing_serves_and_notes_each_reason(outside: Outside) -> None:
    outside.engine.answer = " "
    with pytest.raises(DeployFailed) as failure:
        deploy(A, Path("adapter"), "medqa-v1-aaaaaa", CONTRACT, SMOKE, outside, decision="decision/1")
    reasons = (
        "2 of 2 smoke questions got an empty answer",
        "only 0 of 1 smoke questions were answered with the expected fact",
    )
    assert str(failure.value) == f"{A} was not deployed, nothing serves yet: {'; '.join(reasons)}"
    (entry,) = outside.ledger.entries()
    assert (entry.event, entry.version, entry.decision) == ("restored", A, "decision/1")
    assert entry.reasons == tuple(f"{A} did not go live: {reason}" for reason in reasons)


def test_a_deployment_is_noted_with_its_decision_generation_and_name(outside: Outside) -> None:
    deploy(A, Path("adapter"), "medqa-v1-aaaaaa", CONTRACT, SMOKE, outside, decision="decision/1")
    (entry,) = outside.ledger.entries()
    assert (entry.decision, entry.reasons) == ("decision/1", ("as medqa-v1-aaaaaa", "generation 1"))


def test_an_engine_that_does_not_answer_or_unload_is_named(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*arguments: object) -> list[str]:
        raise MedpipeError("the engine is silent")

    def stuck(name: str) -> None:
        raise MedpipeError(f"{name} is stuck")

    monkeypatch.setattr(outside.engine, "ask", silent)
    monkeypatch.setattr(outside.engine, "unload", stuck)
    with pytest.raises(DeployFailed, match="nothing serves yet: the engine is silent; medqa-v1-aaaaaa is stuck"):
        live(outside, A)


def test_a_version_that_is_live_is_noted_as_live_although_the_engine_keeps_the_earlier_adapter(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(outside, A)
    unload = outside.engine.unload

    def stuck(name: str) -> None:
        raise EngineError(f"the engine still lists {name}")

    monkeypatch.setattr(outside.engine, "unload", stuck)
    route = live(outside, B)

    assert route and route == outside.routes.current()
    assert outside.events() == [("deployed", A), ("deployed", B)]
    said = "medqa-v1-aaaaaa stays loaded: the engine still lists medqa-v1-aaaaaa"
    assert said in outside.ledger.entries()[0].reasons
    monkeypatch.setattr(outside.engine, "unload", unload)
    live(outside, B)
    assert outside.engine.loaded() == {"medqa-v2-bbbbbb"}, "the next deployment tries again"


def test_a_version_that_is_live_is_noted_as_live_although_the_engine_fails_before_the_end(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(outside, A)
    loaded = outside.engine.loaded

    def away() -> frozenset[str]:
        if (current := outside.routes.current()) and current.version == B:
            raise EngineError("the engine does not answer")
        return loaded()

    monkeypatch.setattr(outside.engine, "loaded", away)
    assert live(outside, B)
    assert outside.events() == [("deployed", A), ("deployed", B)]
    assert "nothing was unloaded: the engine does not answer" in outside.ledger.entries()[0].reasons


def test_the_route_goes_back_although_the_engine_died_after_the_switch(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(outside, A)
    loaded, ask = outside.engine.loaded, outside.engine.ask

    def is_away() -> bool:
        current = outside.routes.current()
        return current is not None and current.version == B

    def asked(name: str, prompts: Sequence[str], ending: Ending) -> list[str]:
        if is_away():
            raise EngineError("the engine does not answer")
        return ask(name, prompts, ending)

    def listed() -> frozenset[str]:
        if is_away():
            raise EngineError("the engine does not answer")
        return loaded()

    monkeypatch.setattr(outside.engine, "ask", asked)
    monkeypatch.setattr(outside.engine, "loaded", listed)
    with pytest.raises(DeployFailed, match=f"{B} was not deployed, {A} still serves: the engine does not answer"):
        live(outside, B)
    current = outside.routes.current()
    assert current and current.version == A
    assert outside.events() == [("deployed", A), ("restored", A)]


def test_the_route_goes_back_only_to_an_adapter_that_is_still_loaded(outside: Outside) -> None:
    live(outside, A)

    def lose_the_adapter(version: str) -> None:
        outside.engine.answer = ""
        outside.engine.table.pop("medqa-v1-aaaaaa", None)

    with pytest.raises(DeployFailed, match=f"{B} was not deployed, {B} still serves"):
        live(disturbed(outside, lose_the_adapter), B)
    assert outside.routes.current() == Route(B, "medqa-v2-bbbbbb", 2, CONTRACT)
    assert outside.engine.loaded() == {"medqa-v2-bbbbbb"}, "what is routed is never unloaded"


def test_the_wait_for_gateways_ends_with_patience(outside: Outside) -> None:
    live(outside, A)
    outside.routes.heartbeat("slow", 1, 1)
    now, pauses = [0.0], []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += 1.0

    deploy(
        B,
        Path("adapter"),
        "medqa-v2-bbbbbb",
        CONTRACT,
        SMOKE,
        outside,
        Patience(settle_seconds=3, clock=lambda: now[0], sleep=sleep),
    )
    assert pauses == [0.1] * 4
    reason = "a gateway did not follow within 3 s: earlier adapters stay loaded"
    assert outside.ledger.entries()[0].reasons == ("as medqa-v2-bbbbbb", "generation 2", reason)
