"""The probe counts every request, every failure and every version that answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from medpipe.sandbox.asking import USERS, Probe, Service, SlotQuestion, by_user, claim_questions, topic_questions
from medpipe.sandbox.waiting import wait_until
from medpipe.sandbox.world import World
from tests.served import served

QUESTIONS = [SlotQuestion("How is Brailox fever treated?", "tafamib"), SlotQuestion("What causes it?", "smella")]


class Gateway(BaseHTTPRequestHandler):
    """Answers with the version, text and status that the test sets."""

    version, text, status = "version/v1", "With Tafamib.", 200

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = {"answer_id": "a1", "answer": self.text, "model_version": self.version, "refused": False}
        body = json.dumps(answer).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[tuple[str, type[Gateway]]]:
    handler = type("Fresh", (Gateway,), {})
    with served(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}", handler


def test_both_versions_of_a_swap_are_counted(gateway: tuple[str, type[Gateway]]) -> None:
    address, handler = gateway
    with Probe(address, QUESTIONS, askers=2, pause=0.01) as probe:
        wait_until(lambda: probe.versions["version/v1"] > 3, patience=20, pause=0.01)
        handler.version = "version/v2"
        wait_until(lambda: probe.versions["version/v2"] > 3, patience=20, pause=0.01)
    assert set(probe.versions) == {"version/v1", "version/v2"}
    assert probe.total == sum(probe.versions.values())
    assert not probe.failed
    assert 0 <= probe.handover < probe.slowest + 1


@pytest.mark.parametrize(
    ("change", "fault"), [({"status": 503}, "HTTP 503"), ({"text": ""}, "empty answer")], ids=["refused", "empty"]
)
def test_what_is_not_an_answer_counts_as_failed(
    gateway: tuple[str, type[Gateway]], change: dict[str, object], fault: str
) -> None:
    address, handler = gateway
    for name, value in change.items():
        setattr(handler, name, value)
    with Probe(address, QUESTIONS, askers=1, pause=0.01) as probe:
        wait_until(lambda: probe.failed[fault], patience=20, pause=0.01)
    assert not probe.versions


def test_a_dropped_connection_counts_as_failed() -> None:
    with Probe("http://127.0.0.1:9", QUESTIONS, askers=1, pause=0.01) as probe:
        wait_until(lambda: probe.failed["ConnectError"], patience=20, pause=0.01)
    assert not probe.versions


def test_an_answer_asserts_a_slot_in_any_case(gateway: tuple[str, type[Gateway]]) -> None:
    assert Service(gateway[0]).share_asserting(QUESTIONS) == 0.5


def test_questions_are_spread_over_all_users() -> None:
    asked = list(by_user(QUESTIONS, 90))
    assert len(asked) == 90
    assert len({user for user, _ in asked}) == USERS


def test_questions_of_a_day_are_english_and_name_the_slot_of_a_fact() -> None:
    world = World()
    slots = {fact.slot for topic in world.topics(1) if topic.language == "English" for fact in topic.facts}
    assert {question.slot for question in topic_questions(world, 1)} == slots
    assert {question.slot for question in claim_questions(world)} == {world.retracted.slot}
