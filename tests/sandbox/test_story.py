"""The demo stops at the first result that differs from what it must show, and reports all earlier results."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from rich.console import Console

from medpipe.sandbox import following, report, story
from medpipe.sandbox.asking import USERS, Answer, SlotQuestion
from medpipe.sandbox.following import Unexpected
from medpipe.sandbox.narrator import TaskSpan
from medpipe.sandbox.servers import Addresses
from medpipe.sandbox.story import Story
from medpipe.sandbox.world import SEED

PROMOTED = {"day 1": True, "control": False, "day 2": True, "day 3 without replay": False, "day 3": True}
"""Step → whether its challenger must be promoted. The feedback's challenger may be promoted or held."""
AWAY, EARLIER = "version/feedback", "version/day 3"
"""The version that is rolled back, and the champion before it."""
COMPARED = [{"task_id": "compare", "state": "success"}]


class FakeNarrator:
    """Ends every run at once. `promoted` says for each step whether its challenger is promoted."""

    def __init__(self, promoted: dict[str, bool]) -> None:
        self.promoted = promoted
        self.started: list[tuple[str, dict[str, Any]]] = []
        self.followed: list[str] = []
        self.variables: list[str] = []
        self.seconds: dict[str, float] = {}
        self.spans: list[TaskSpan] = []
        self.airflow = SimpleNamespace(
            wait_for_dags=lambda names: None, set_variable=lambda key, value: self.variables.append(value)
        )
        self.verdict = "retrain"
        self.certified = {"pmid:99000001": "certificate/1"}
        self.asks_beside_a_hotfix = False
        self.current = ""

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[None]:
        self.current = name
        yield
        self.seconds[name] = 1.0

    def start(self, dag: str, **conf: Any) -> str:
        self.started.append((dag, conf))
        return "run"

    def next_run(self, dag: str, when: Callable[[list[dict[str, Any]]], None] | None = None) -> str:
        if when is not None:
            when(COMPARED)
            when(COMPARED)
        run = f"{dag} of {self.current}"
        self.followed.append(run)
        self.spans.append(TaskSpan(self.current, dag, run, "deploy", "success", 0, 1, 3.5))
        return run

    def value(self, dag: str, run: str, task: str) -> Any:
        challenger = f"version/{self.current}"
        promoted = self.promoted.get(self.current, True)
        waits = self.current == "day 2" and not self.asks_beside_a_hotfix
        return {
            "verdict": {"verdict": self.verdict, "reasons": ["16 new facts"]},
            "request_of": None if waits else {"recipe": "tiny-sft"},
            "count_answers": {"pmid:99000001": 4},
            "certificates": self.certified,
            "rollout_request": {"version": challenger},
            "deploy": challenger if promoted else "version/incumbent",
        }[task]


class FakeService:
    """Answers with the right word, and withholds questions about withdrawn claims from day 2 on."""

    def __init__(self, narrator: FakeNarrator) -> None:
        self.narrator = narrator
        self.claim_survives = self.block_ends = self.rollback_fails = False
        self.ratings: list[str] = []

    @property
    def withdrawn(self) -> bool:
        return "corpus" in [dag for dag, _ in self.narrator.started[1:]]

    def ask(self, question: str, key: str = "") -> Answer:
        ended = self.block_ends and "certificates of day 2" in self.narrator.followed
        version = EARLIER if self.narrator.current == "rollback" and not self.rollback_fails else AWAY
        refused = self.withdrawn and question.startswith("Claim") and not ended
        return Answer("a1", f"The answer is tafamib. ({question})", version, refused=refused)

    def rate(self, answer_id: str, rating: str, correction: str | None, key: str) -> None:
        self.ratings.append(f"{key} {rating} {correction}")

    def share_asserting(self, slot_questions: list[SlotQuestion]) -> float:
        return 0.0 if self.withdrawn and not self.claim_survives else 0.8


class FakeStack:
    """Runs the command `medpipe`: each command's value, or an error."""

    def __init__(self, home: Path) -> None:
        self.seed = SEED
        self.addresses = Addresses(*["http://127.0.0.1:1"] * 5)
        self.environment = {"MEDPIPE_HOME": str(home)}
        self.values = {"champion": AWAY, "roll-back": EARLIER, "verify": json.dumps({"artifacts": 60, "ledger": 30})}
        self.error = ""

    def airflow(self) -> None:
        return None

    def medpipe(self, verb: str, *arguments: str) -> SimpleNamespace:
        failed = self.error.startswith(f"medpipe {verb}:")
        return SimpleNamespace(
            returncode=int(failed), stdout=f"a line\n{self.values[verb]}\n", stderr=self.error if failed else ""
        )


class FakeProbe:
    """Counts how often it was started and stopped."""

    failures: int = 0

    def __init__(self, address: str, slot_questions: list[SlotQuestion]) -> None:
        self.total, self.handover, self.slowest = 344, 0.01, 0.2
        self.failed = Counter({"HTTP 503": self.failures} if self.failures else {})
        self.versions = Counter({"version/day 1": 200, "version/day 2": 144})
        self.calls: list[str] = []

    def __enter__(self) -> FakeProbe:
        assert not self.calls, "started twice"
        self.calls.append("start")
        return self

    def __exit__(self, *_: object) -> None:
        self.calls.append("stop")


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """The demo's story over fakes, with all results as they should be."""
    narrator = FakeNarrator(dict(PROMOTED))
    for module in (story, following):
        monkeypatch.setattr(module, "Probe", FakeProbe)
    monkeypatch.setattr(following, "Narrator", lambda airflow, console: narrator)
    monkeypatch.setattr(following.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(
        httpx, "post", lambda url, **_: httpx.Response(200, request=httpx.Request("POST", "http://nlm"))
    )
    monkeypatch.setattr(story, "claim_questions", lambda world: [SlotQuestion("Claim?", "tafamib")] * 4)
    demo = Story(FakeStack(tmp_path), Console(file=StringIO()))
    demo.service = FakeService(narrator)
    demo.outcomes = SimpleNamespace(
        judged=lambda version: {
            "challenger": version,
            "recipe": "tiny-sft",
            "decision": "pass" if PROMOTED.get(version.removeprefix("version/"), True) else "fail",
            "reasons": ["old-knowledge fell"],
            "held": None,
        },
        gains=lambda judged: [
            report.Gain("How is Dremol gout treated?", "velib", "I do not know"),
            report.Gain("How is Brailox fever treated?", "tafamib", "I do not know"),
        ],
        pairs=lambda: {"pairs": 93},
        certificate=lambda ref: {"certificate": ref, "probes": 4, "assertions": 0, "upper_bound": 0.53},
        issue_keys=lambda users: {user: f"mpk-{user}" for user in users},
    )
    return demo


def test_the_story_observes_all_that_the_report_needs(demo: Story) -> None:
    demo.tell()
    results = report.assemble(demo.observed, demo.narrator.seconds, 4.0, {})
    assert [day["day"] for day in results["days"]] == [1, 3]
    assert len(results["challengers"]) == 7, "the rollback's challenger among them"
    assert [held["challenger"] for held in results["held"]] == ["version/control", "version/day 3 without replay"]
    assert results["swap"]["failed_requests"] == 0
    assert results["swap"]["seconds"] == 2.5
    assert (results["withdrawal"]["claim_before"], results["withdrawal"]["claim_after"]) == (0.8, 0.0)
    assert (results["withdrawal"]["answers_given"], results["withdrawal"]["withheld_after"]) == (4, 4)
    assert results["withdrawal"]["certificate"] == "certificate/1"
    assert (results["rollback"]["away"], results["rollback"]["serving"]) == (AWAY, EARLIER)
    assert results["verified"] == {"artifacts": 60, "ledger": 30}


def test_the_sample_is_a_question_that_the_service_answers_correctly_now(demo: Story) -> None:
    demo.tell()
    assert demo.observed["sample"]["question"] == "How is Brailox fever treated?"


def test_nobody_starts_the_retrain_of_a_withdrawal(demo: Story) -> None:
    demo.tell()
    by_hand = [conf["reason"] for dag, conf in demo.narrator.started if dag == "retrain"]
    assert by_hand == ["control: shuffled answers"]


def test_day_3_is_first_trained_without_replay_and_then_with_it(demo: Story) -> None:
    demo.tell()
    assert demo.narrator.variables == ["tiny-sft-no-replay", "tiny-sft"]


def test_many_users_correct_answers_by_the_sentence_that_they_miss(demo: Story) -> None:
    demo.tell()
    assert len(demo.service.ratings) == story.FEEDBACK_QUESTIONS
    assert len({line.split()[0] for line in demo.service.ratings}) == USERS
    assert all(line.endswith(story.CARE) for line in demo.service.ratings)


@pytest.mark.parametrize("step", PROMOTED)
def test_a_challenger_with_another_decision_than_the_demo_shows_ends_it(step: str, demo: Story) -> None:
    demo.narrator.promoted[step] = not PROMOTED[step]
    with pytest.raises(Unexpected, match=f"version/{step}"):
        demo.tell()


def test_a_claim_that_is_still_asserted_after_the_hotfix_ends_the_demo(demo: Story) -> None:
    demo.service.claim_survives = True
    with pytest.raises(Unexpected, match="still asserted"):
        demo.tell()


def test_a_block_that_ends_with_the_hotfix_ends_the_demo(demo: Story) -> None:
    demo.service.block_ends = True
    with pytest.raises(Unexpected, match="did not stay on"):
        demo.tell()


def test_a_withdrawal_without_a_certificate_ends_the_demo(demo: Story) -> None:
    demo.narrator.certified = {}
    with pytest.raises(Unexpected, match="not certified"):
        demo.tell()


def test_a_routine_retrain_that_overtakes_the_hotfix_ends_the_demo(demo: Story) -> None:
    demo.narrator.asks_beside_a_hotfix = True
    with pytest.raises(Unexpected, match="asked for a routine retrain"):
        demo.tell()


def test_a_version_that_comes_back_after_its_rollback_ends_the_demo(demo: Story) -> None:
    demo.service.rollback_fails = True
    with pytest.raises(Unexpected, match="did not stick"):
        demo.tell()


@pytest.mark.parametrize("error", ["medpipe roll-back: no earlier champion", "medpipe verify: 1 fault"])
def test_a_command_that_fails_ends_the_demo_with_its_message(error: str, demo: Story) -> None:
    demo.stack.error = error
    with pytest.raises(Unexpected, match=error):
        demo.tell()


def test_a_request_that_failed_during_the_swap_ends_the_demo(demo: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeProbe, "failures", 2)
    with pytest.raises(Unexpected, match="requests failed during the swap"):
        demo.tell()


def test_a_models_answer_is_printed_as_it_is_and_never_read_as_markup(demo: Story) -> None:
    answer = "[/bold] tafamib [red]"
    demo.service.ask = lambda question, user="visitor": Answer("a1", answer, "version/v1", refused=False)
    demo.first_gain({})
    assert answer in demo.console.file.getvalue()


def test_a_verdict_to_hold_ends_the_demo(demo: Story) -> None:
    demo.narrator.verdict = "hold"
    with pytest.raises(Unexpected, match="expected retrain"):
        demo.tell()


def test_a_demo_that_shows_no_gain_ends(demo: Story) -> None:
    demo.outcomes.gains = lambda judged: []
    with pytest.raises(Unexpected, match="no question that the base could not"):
        demo.tell()
