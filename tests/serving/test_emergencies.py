"""Whoever may be in danger is pointed to help, whatever else does not work."""

from __future__ import annotations

import pytest

from serving.problems import HELP
from tests.serving.conftest import Gateway

IN_DANGER = "I want to kill myself."
UNRECOGNISED = "I have crushing chest pain"
"""An emergency in words that no rule for questions knows."""
WRONG_KEY = {"Authorization": "Bearer wrong"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("away", ["nothing is deployed", "the register is unread", "serving is stopped", "no engine"])
def test_somebody_in_danger_gets_the_rules_reply_and_others_the_emergency_number(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, away: str, stream: bool
) -> None:
    if away != "nothing is deployed":
        gateway.route_to("a")
    if away == "the register is unread":
        monkeypatch.setattr("serving.block_follower.BlockFollower.problem", "not read")
    if away == "serving is stopped":
        gateway.state.kill_switch.set(True, "wrong doses", "Dr. A")
    if away == "no engine":
        gateway.engine.drop_next = 1000

    def answer(question: str) -> tuple[int, str]:
        body = {"model": "medqa", "stream": stream, "messages": [{"role": "user", "content": question}]}
        response = gateway.client.post("/v1/chat/completions", json=body)
        return response.status_code, response.text

    status, reply = answer(IN_DANGER)
    assert status == 200 and "988" in reply
    status, refusal = answer(UNRECOGNISED)
    while away == "serving is stopped" and status == 200:  # within a second
        status, refusal = answer(UNRECOGNISED)
    assert status == 503 and HELP in refusal


def test_whoever_names_another_model_in_danger_is_pointed_to_help_and_anybody_else_is_told_the_name(
    gateway: Gateway,
) -> None:
    def answer(question: str) -> tuple[int, str]:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": question}]}
        response = gateway.client.post("/v1/chat/completions", json=body)
        return response.status_code, response.text

    status, reply = answer(IN_DANGER)
    assert status == 200 and "988" in reply
    status, refusal = answer("What is asthma?")
    assert status == 404 and "model_not_found" in refusal


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/chat/completions"])
def test_a_refused_key_is_told_the_emergency_number_where_it_asks(gateway: Gateway, path: str) -> None:
    refused = gateway.client.post(path, json={}, headers=WRONG_KEY)
    assert refused.status_code == 401 and HELP in refused.text


def test_errors_that_stand_for_no_answer_do_not_speak_of_emergencies(gateway: Gateway) -> None:
    rated = gateway.client.post("/v1/feedback", json={}, headers=WRONG_KEY)
    malformed = gateway.client.post("/v1/ask", json={})
    assert (rated.status_code, malformed.status_code) == (401, 422)
    assert HELP not in rated.text + malformed.text
