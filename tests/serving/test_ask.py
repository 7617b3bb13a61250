"""POST /v1/ask."""

from __future__ import annotations

import logging
import re
import stat

import pytest

from serving.limits import LIMITS
from tests.contracts import CONTRACT
from tests.serving.conftest import Gateway
from tests.waiting import until


def test_before_the_first_deployment_it_says_so_and_when_to_come_back(gateway: Gateway) -> None:
    answer = gateway.client.post("/v1/ask", json={"question": "What causes Velorin fever?"})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.json()["error"]["code"] == "nothing_deployed"


def test_an_answer_carries_its_version_its_id_and_the_disclaimer(gateway: Gateway) -> None:
    gateway.route_to("medqa-v1-aaaaaa", "version/medqa-v1-aaaaaa")

    answer = gateway.ask()

    assert answer.pop("answer_id").startswith("ans-")
    assert answer.pop("disclaimer")
    assert answer == {
        "answer": "This was answered by medqa-v1-aaaaaa. It is a second sentence.",
        "model_version": "version/medqa-v1-aaaaaa",
        "adapter": "medqa-v1-aaaaaa",
        "refused": False,
        "sources": [],
        "supported_share": None,
    }


def test_the_engine_sees_the_rendered_prompt_and_only_known_fields(gateway: Gateway) -> None:
    gateway.route_to("a")
    gateway.ask("  What causes\n Velorin fever? ")

    path, body = gateway.engine.seen[-1]
    assert path == "/v1/completions"
    assert body == {
        "model": "a",
        "prompt": "Question: What causes Velorin fever?\nAnswer:",
        "temperature": 0,
        "stop": "\n",
        "stream": False,
        "max_tokens": CONTRACT.max_new_tokens,
    }


def test_a_high_risk_question_never_reaches_the_engine_even_with_nothing_deployed(gateway: Gateway) -> None:
    answer = gateway.ask("How many pills would kill me?")

    assert answer["refused"]
    assert "112" in answer["answer"]
    assert gateway.engine.names_asked() == []


def test_a_harmful_answer_is_withheld(gateway: Gateway) -> None:
    gateway.engine.write = lambda adapter, prompt: " You can stop taking your insulin."
    gateway.route_to("a")

    answer = gateway.ask()

    assert answer["refused"]
    assert "insulin" not in answer["answer"]


@pytest.mark.parametrize(
    ("account", "served"),
    [
        ("Triage: crushing chest pain for 20 minutes. Only indigestion, says the son.", "immediate"),
        ("Tri : douleur dans la poitrine depuis vingt minutes.", "immediate"),
        ("Triage: a mosquito bite that itches.", "delayed"),
    ],
)
def test_a_red_flag_overrules_a_model_that_would_send_the_person_home(
    account: str, served: str, gateway: Gateway
) -> None:
    gateway.engine.write = lambda adapter, prompt: " delayed"
    gateway.route_to("a")

    answer = gateway.ask(account)

    assert (answer["answer"], answer["refused"]) == (served, served == "immediate")
    counted = 'medpipe_refused_total{reason="red-flag"} 1.0' in gateway.client.get("/metrics").text
    assert counted == (served == "immediate")


def test_answers_and_tokens_are_counted_by_version(gateway: Gateway) -> None:
    gateway.route_to("a")
    answered = gateway.ask("What treats Miravex fever?")
    gateway.ask("I want to kill myself")

    counted = gateway.client.get("/metrics").text

    version = answered["model_version"]
    assert f'medpipe_answers_total{{outcome="given",version="{version}"}} 1.0' in counted
    assert f'medpipe_answers_total{{outcome="refused",version="{version}"}} 1.0' in counted
    tokens = re.search(rf'medpipe_tokens_total{{kind="completion",version="{version}"}} (\S+)', counted)
    assert tokens and float(tokens[1]) > 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "question"),
        ({"question": ""}, "question"),
        ({"question": "  "}, "question"),
        ({"question": "x" * 2001}, "question"),
        ({"question": "a?", "prompt_logprobs": 1}, "prompt_logprobs"),
        ({"question": ["a?"]}, "question"),
        ({"question": "a\x00b?"}, "question"),
    ],
)
def test_a_bad_request_names_its_field_and_not_its_text(gateway: Gateway, body: dict[str, object], field: str) -> None:
    answer = gateway.client.post("/v1/ask", json=body)

    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field
    assert "xxx" not in answer.text


def test_a_body_that_is_not_json_is_said_to_be_so(gateway: Gateway) -> None:
    answer = gateway.client.post("/v1/ask", content=b"{question", headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["error"]["message"]) == (422, "body: not valid JSON")


@pytest.mark.parametrize("announced", [True, False])
def test_a_huge_body_is_refused_unread(gateway: Gateway, announced: bool) -> None:
    huge = b'{"question": "' + b"x" * LIMITS.body_bytes + b'"}'

    answer = gateway.client.post(
        "/v1/ask",
        content=huge if announced else iter([huge[:1000], huge[1000:]]),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


def test_a_connection_that_the_engine_dropped_is_tried_again(gateway: Gateway) -> None:
    gateway.route_to("a")
    until(lambda: gateway.client.get("/readyz").json()["ready"])
    gateway.engine.drop_next = 1

    assert gateway.ask()["adapter"] == "a"


def test_an_engine_that_is_gone_is_a_503_and_not_a_traceback(gateway: Gateway) -> None:
    gateway.route_to("a")
    gateway.engine.drop_next = 10

    answer = gateway.client.post("/v1/ask", json={"question": "What?"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "engine_unavailable")
    assert "Retry-After" in answer.headers


def test_an_engine_that_answers_with_something_else_is_a_502_that_does_not_repeat_it(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.route_to("a")
    until(lambda: gateway.client.get("/readyz").json()["ready"])
    gateway.engine.garble_next = 1

    answer = gateway.client.post("/v1/ask", json={"question": "What?"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "engine_error")
    assert "private" not in answer.text + caplog.text


def test_texts_are_never_logged_or_counted(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    gateway.route_to("a")
    answer = gateway.ask("What is a secretquestion?")
    gateway.client.post(
        "/v1/feedback", json={"answer_id": answer["answer_id"], "rating": "down", "correction": "secretcorrection"}
    )
    gateway.client.post("/v1/ask", json={"question": "secretquestion", "other": "secretvalue"})

    shown = caplog.text + gateway.client.get("/metrics").text
    assert "secret" not in shown
    assert "second sentence" not in shown


def test_the_key_that_signs_is_made_once_and_private(gateway: Gateway) -> None:
    path = gateway.settings.home / "signing.key"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in gateway.settings.home.glob("signing.key*")] == ["signing.key"]


def test_the_documentation_is_served(gateway: Gateway) -> None:
    paths = gateway.client.get("/openapi.json").json()["paths"]

    assert gateway.client.get("/docs").status_code == 200
    assert {"/v1/ask", "/v1/chat/completions", "/v1/feedback", "/healthz", "/readyz", "/metrics"} <= set(paths)


def test_a_question_longer_than_the_models_context_is_a_422(gateway: Gateway) -> None:
    gateway.route_to("a")
    gateway.engine.context = 200
    refused = gateway.client.post("/v1/ask", json={"question": "What causes Velorin fever? " * 20})
    assert refused.status_code == 422
    assert "shorten it" in refused.text


def test_the_routed_version_says_how_long_an_answer_may_be(gateway: Gateway) -> None:
    for tokens in (7, 128):
        gateway.route_to(f"a{tokens}", contract=CONTRACT.model_copy(update={"max_new_tokens": tokens}))
        gateway.ask()

        assert gateway.engine.seen[-1][1]["max_tokens"] == tokens


def test_a_passage_reaches_a_version_that_was_judged_with_passages(gateway: Gateway) -> None:
    gateway.route_to("a", contract=CONTRACT.model_copy(update={"context": True}))

    answer = gateway.client.post("/v1/ask", json={"question": "What helps?", "context": "Tazomib helped 9 of 10."})

    assert answer.status_code == 200
    assert gateway.engine.seen[-1][1]["prompt"] == ("Context: Tazomib helped 9 of 10.\nQuestion: What helps?\nAnswer:")


def test_a_passage_for_a_version_that_was_judged_without_is_refused(gateway: Gateway) -> None:
    gateway.route_to("a")
    asked_before = len(gateway.engine.seen)

    answer = gateway.client.post("/v1/ask", json={"question": "What helps?", "context": "Tazomib helped 9 of 10."})

    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == (
        "context: the served version was judged on questions alone; leave the passage out"
    )
    assert len(gateway.engine.seen) == asked_before
