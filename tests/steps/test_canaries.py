"""What the champion answered right when it was judged is asked again of what serves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from medpipe import steps
from medpipe.core.judging.evaluation import Evaluation
from medpipe.core.knowledge.drift import Canaries, Drift
from medpipe.core.manifests import DriftManifest
from medpipe.errors import EngineError
from medpipe.steps import canaries
from medpipe.steps.artifact import manifest
from medpipe.steps.canaries import CANARIES, ask_canaries
from tests import fakes
from tests.steps.conftest import OLD, topic, withdraw
from tests.steps.test_ring import first_champion

pytestmark = pytest.mark.integration

NAME = "canaries answered wrong by what serves"


@pytest.fixture
def serving(ports: fakes.FakePorts) -> tuple[str, str]:
    """A corpus and the champion that serves."""
    corpus, champion = first_champion(ports)
    steps.deploy(ports=ports)
    return corpus, champion


def drift(ports: fakes.FakePorts, corpus: str, champion: str) -> Drift:
    at = datetime.now(UTC) + timedelta(minutes=1)
    return manifest(ports, steps.detect_drift(corpus, champion, at=at, ports=ports), DriftManifest).outcome


def note(found: Drift) -> str:
    return next(signal for signal in found.signals if signal.name == NAME).note


def test_what_serves_as_it_was_judged_answers_every_canary(ports: fakes.FakePorts, serving: tuple[str, str]) -> None:
    assert ask_canaries(ports, serving[1]) == Canaries(asked=CANARIES, wrong=0)


def test_an_engine_that_answers_otherwise_than_it_was_judged_is_noticed(
    ports: fakes.FakePorts, serving: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fakes.FileEngine, "ask", lambda self, name, prompts, tokens: [" Dust."] * len(prompts))
    assert ask_canaries(ports, serving[1]) == Canaries(asked=CANARIES, wrong=CANARIES)
    found = drift(ports, *serving)
    assert found.reasons[0].startswith(f"{NAME}: {CANARIES}")
    assert (found.verdict, "a person must look" in found.reasons[-1]) == ("hold", True)


def test_a_question_that_was_answered_right_in_part_only_is_no_canary(
    ports: fakes.FakePorts, serving: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scores_of = canaries.scores_of

    def halved(ports: fakes.FakePorts, evaluation: str) -> Evaluation:
        whole = scores_of(ports, evaluation)
        scores = {
            name: tuple(score.model_copy(update={"value": score.value / 2}) for score in of_benchmark)
            for name, of_benchmark in whole.scores.items()
        }
        return whole.model_copy(update={"scores": scores})

    monkeypatch.setattr(canaries, "scores_of", halved)
    assert ask_canaries(ports, serving[1]) == Canaries(asked=0, wrong=0)


def test_an_engine_that_is_down_holds_nothing_up_and_is_named(
    ports: fakes.FakePorts, serving: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> list[str]:
        raise EngineError("connection refused")

    monkeypatch.setattr(fakes.FileEngine, "ask", refuses)
    assert note(drift(ports, *serving)) == "not measured: the engine did not answer (connection refused)"


def test_without_a_route_nothing_is_asked(ports: fakes.FakePorts) -> None:
    corpus, champion = first_champion(ports)
    assert note(drift(ports, corpus, champion)) == "not measured: nothing is routed"


def test_what_was_withdrawn_since_is_not_asked(
    ports: fakes.FakePorts, serving: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    withdraw(ports, *(topic(number) for number in OLD[:-10]))
    asked: list[str] = []

    def remembers(engine: fakes.FileEngine, name: str, prompts: list[str], tokens: int) -> list[str]:
        asked.extend(prompts)
        return [""] * len(prompts)

    monkeypatch.setattr(fakes.FileEngine, "ask", remembers)
    ask_canaries(ports, serving[1])
    named = {number for number in OLD for prompt in asked if topic(number).focus in prompt}
    assert named <= set(OLD[-10:])
    assert named
