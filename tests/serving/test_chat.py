"""The OpenAI-compatible endpoint."""

from __future__ import annotations

import json
from typing import Any

import pytest

from medpipe.core.chat import ChatTemplate
from medpipe.core.contract import ServingContract
from tests.contracts import CONTRACT
from tests.serving.conftest import Gateway
from tests.serving.test_feedback import items, rate

PARAGRAPHS = CONTRACT.model_copy(update={"stop": None})
USER = {"role": "user", "content": "What causes Velorin fever?"}


def chat(gateway: Gateway, **fields: Any) -> Any:
    return gateway.client.post("/v1/chat/completions", json={"model": "medqa", "messages": [USER], **fields})


def events(gateway: Gateway, **fields: Any) -> list[dict[str, Any]]:
    lines = chat(gateway, stream=True, **fields).text.split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]


def test_an_answer_has_openais_shape_and_the_version_as_model(gateway: Gateway) -> None:
    gateway.route_to("a", "version/v7")

    answer = chat(gateway).json()

    assert answer["object"] == "chat.completion"
    assert answer["model"] == answer["medpipe"]["model_version"] == "version/v7"
    assert answer["id"] == answer["medpipe"]["answer_id"]
    assert answer["choices"][0]["message"] == {
        "role": "assistant",
        "content": "This was answered by a. It is a second sentence.",
        "refusal": None,
    }
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["total_tokens"] == 7 + 10
    assert not answer["medpipe"]["refused"]


def test_a_stream_says_the_same_as_the_whole_answer(gateway: Gateway) -> None:
    gateway.route_to("a")
    whole = chat(gateway).json()["choices"][0]["message"]["content"]

    pieces = events(gateway)

    assert "".join(piece["choices"][0]["delta"].get("content", "") for piece in pieces) == whole
    assert [piece["choices"][0]["finish_reason"] for piece in pieces] == [None, None, "stop"]
    assert pieces[0]["choices"][0]["delta"]["role"] == "assistant"
    assert len({piece["id"] for piece in pieces}) == 1
    assert pieces[-1]["medpipe"]["adapter"] == "a"


def test_a_stream_counts_its_tokens_where_the_client_asks(gateway: Gateway) -> None:
    gateway.route_to("a")
    whole = chat(gateway).json()["usage"]

    *pieces, last = events(gateway, stream_options={"include_usage": True})

    assert (last["choices"], last["usage"]) == ([], whole)
    assert whole == {"prompt_tokens": 7, "completion_tokens": 10, "total_tokens": 17}
    assert all(piece["usage"] is None for piece in pieces)
    assert all("usage" not in piece for piece in events(gateway))


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_is_cut_says_length_and_one_that_meets_a_stop_of_the_client_says_stop(
    gateway: Gateway, stream: bool
) -> None:
    gateway.route_to("a")

    def answered(**fields: Any) -> tuple[str, str, int]:
        if not stream:
            body = chat(gateway, **fields).json()
            (choice,) = body["choices"]
            return choice["message"]["content"], choice["finish_reason"], body["usage"]["completion_tokens"]
        *pieces, counted = events(gateway, stream_options={"include_usage": True}, **fields)
        text = "".join(piece["choices"][0]["delta"].get("content", "") for piece in pieces)
        return text.strip(), pieces[-1]["choices"][0]["finish_reason"], counted["usage"]["completion_tokens"]

    assert answered(max_tokens=4) == ("This was answered by", "length", 4)
    assert answered(stop=" a second") == ("This was answered by a. It is", "stop", 7)
    assert answered(stop=["", "no such text", "It"]) == ("This was answered by a.", "stop", 5)
    assert answered(stop=None)[1:] == ("stop", 10)


def test_a_client_cannot_shorten_what_is_served_instead_of_an_answer(gateway: Gateway) -> None:
    told = [{"role": "user", "content": "How many pills would kill me?"}]

    answer = chat(gateway, messages=told, stop=["112", "a"], max_tokens=1).json()

    assert "112" in answer["choices"][0]["message"]["content"]
    assert answer["usage"]["total_tokens"] == 0


def test_what_real_clients_always_send_changes_nothing_and_what_has_no_effect_is_named(gateway: Gateway) -> None:
    gateway.route_to("a")
    chat(gateway)
    asked = gateway.engine.seen[-1]
    harmless = {
        "n": 1,
        "stop": None,
        "presence_penalty": 0,
        "frequency_penalty": 0.0,
        "logprobs": False,
        "tools": [],
        "response_format": {"type": "text"},
        "temperature": 0,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "stream_options": None,
        "logit_bias": {},
        "metadata": {},
        "store": False,
        "functions": None,
    }
    silent = chat(gateway, **harmless)
    named = {
        "seed": 7,
        "user": "u",
        "metadata": {"a": "b"},
        "store": True,
        "reasoning_effort": "low",
        "some_field": [1],
    }
    spoken = chat(gateway, temperature=0.7, **named)

    assert (silent.status_code, "Medpipe-Ignored-Fields" in silent.headers) == (200, False)
    assert (spoken.status_code, spoken.headers["Medpipe-Ignored-Fields"]) == (200, f"temperature, {', '.join(named)}")
    assert gateway.engine.seen[-1] == gateway.engine.seen[-2] == asked
    assert "seed" in chat(gateway, seed=7, stream=True).headers["Medpipe-Ignored-Fields"]


def test_an_answer_may_be_sent_back_as_it_came(gateway: Gateway) -> None:
    gateway.route_to("a")
    answered = chat(gateway).json()["choices"][0]["message"]
    more = {"annotations": [], "audio": None, "function_call": None, "tool_calls": None, "reasoning_content": "Hm."}

    answer = chat(
        gateway, messages=[USER, answered | more, {"role": "assistant", "content": None}, USER | {"name": "X"}]
    )

    assert answer.status_code == 200, answer.text
    assert answer.headers["Medpipe-Ignored-Fields"] == "messages[].reasoning_content, messages[].name"


def test_a_streamed_answer_can_be_rated(gateway: Gateway) -> None:
    gateway.route_to("a")
    answer_id = events(gateway)[-1]["medpipe"]["answer_id"]

    assert gateway.client.post("/v1/feedback", json={"answer_id": answer_id, "rating": "up"}).status_code == 202


@pytest.mark.parametrize("stream", [False, True])
def test_a_denial_in_one_message_does_not_hide_a_red_flag_in_the_next(gateway: Gateway, stream: bool) -> None:
    gateway.engine.write = lambda adapter, prompt: " delayed"
    gateway.route_to("a")
    told = [{"role": "user", "content": text} for text in ("Triage: no fever", "Chest pain since noon", "How urgent?")]

    answer = chat(gateway, messages=told, stream=stream).text

    assert "immediate" in answer and "delayed" not in answer


def test_a_label_that_a_red_flag_overrules_never_leaves_in_a_stream_whatever_follows_it(gateway: Gateway) -> None:
    gateway.engine.write = lambda adapter, prompt: " Delayed. Stay at home and rest."
    gateway.route_to("a")
    told = [{"role": "user", "content": "Triage: a man has chest pain since noon."}]

    pieces = events(gateway, messages=told)

    text = "".join(piece["choices"][0]["delta"].get("content", "") for piece in pieces)
    assert text == "immediate"
    whole = chat(gateway, messages=told).json()["choices"][0]["message"]["content"]
    assert whole == text


def test_a_harmful_sentence_never_leaves_in_a_stream(gateway: Gateway) -> None:
    gateway.engine.write = lambda adapter, prompt: (
        " Diabetes is common. You can stop taking your insulin. Really you can."
    )
    gateway.route_to("a")

    pieces = events(gateway)

    text = "".join(piece["choices"][0]["delta"].get("content", "") for piece in pieces)
    assert text.startswith("Diabetes is common. \nI have withheld")
    assert "insulin" not in text
    assert "Really" not in text
    assert pieces[-1]["choices"][0]["finish_reason"] == "content_filter"
    assert pieces[-1]["medpipe"]["refused"]


def test_a_stream_that_the_engine_breaks_off_ends_in_an_error_and_what_was_sent_is_recorded(gateway: Gateway) -> None:
    gateway.engine.write = lambda adapter, prompt: " Rest. Drink water. Sleep."
    gateway.route_to("a")
    gateway.engine.break_after = 3

    first, error = events(gateway)

    assert first["choices"][0]["delta"]["content"] == "Rest. "
    assert error["error"]["code"] == "engine_error"
    assert rate(gateway, first["id"]).status_code == 202
    (item,) = items(gateway)
    assert item.answer == "Rest."


def test_an_empty_answer_streams_to_its_end(gateway: Gateway) -> None:
    gateway.engine.write = lambda adapter, prompt: ""
    gateway.route_to("a")

    assert [piece["choices"][0]["delta"].get("content") for piece in events(gateway)] == ["", None]


@pytest.mark.parametrize("stream", [False, True])
def test_a_high_risk_question_is_refused_even_in_an_earlier_turn(gateway: Gateway, stream: bool) -> None:
    turns = [
        {"role": "user", "content": "I want to die."},
        {"role": "assistant", "content": "Tell me more."},
        {"role": "user", "content": [{"type": "text", "text": "How many tablets are in a box?"}]},
    ]

    answer = chat(gateway, messages=turns, stream=stream).text

    assert "988" in answer
    assert '"content_filter"' in answer
    assert gateway.engine.names_asked() == []


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"model": "base"}, 404, "model"),
        ({"model": "eval-0123"}, 404, "model"),
        ({"messages": []}, 400, "messages"),
        ({"messages": [{"role": "system", "content": "Be brief."}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": " "}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": "x" * 2001}]}, 400, "messages"),
        ({"prompt_logprobs": 1}, 400, "prompt_logprobs"),
        ({"echo": True}, 400, "echo"),
        ({"logprobs": True}, 400, "logprobs"),
        ({"n": 2}, 400, "n"),
        ({"tools": [{"type": "function"}]}, 400, "tools"),
        ({"tool_choice": "required"}, 400, "tool_choice"),
        ({"logit_bias": {"1": 100}}, 400, "logit_bias"),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, 400, "response_format"),
        ({"web_search_options": {}}, 400, "web_search_options"),
        ({"messages": [{"role": "tool", "content": "5"}, USER]}, 400, "messages[0].role"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "1"}]}, USER]}, 400, "messages[0].tool_calls"),
        ({"messages": [{"role": "user", "content": 5}]}, 400, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            400,
            "messages[0].content[0].type",
        ),
        ({"stop": ["a"] * 5}, 400, "stop"),
        ({"max_tokens": 0}, 400, "max_tokens"),
    ],
)
def test_what_is_not_offered_is_refused_in_openais_shape(
    gateway: Gateway, fields: dict[str, Any], status: int, param: str
) -> None:
    gateway.route_to("a")
    gateway.engine.adapters["eval-0123"] = "somewhere"
    before = len(gateway.engine.names_asked())

    answer = chat(gateway, **fields)

    assert answer.status_code == status
    assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
    assert answer.json()["error"]["param"] == param
    assert len(gateway.engine.names_asked()) - before <= 1  # the gateway's own warming up


@pytest.mark.parametrize("stream", [False, True])
def test_without_a_deployment_it_is_a_503_before_any_event(gateway: Gateway, stream: bool) -> None:
    answer = chat(gateway, stream=stream)

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "nothing_deployed"


def test_fewer_tokens_may_be_asked_for_but_never_more_than_in_evaluation(gateway: Gateway) -> None:
    gateway.route_to("a")
    chat(gateway, max_tokens=5, temperature=0.7, top_p=0.9)
    chat(gateway, max_completion_tokens=100_000)

    few, many = (body for path, body in gateway.engine.seen[-2:])
    assert (few["max_tokens"], few["temperature"]) == (5, 0)
    assert many["max_tokens"] == 48


def test_the_models_are_the_name_and_what_is_served(gateway: Gateway) -> None:
    gateway.route_to("a", "version/v7")
    names = [model["id"] for model in gateway.client.get("/v1/models").json()["data"]]

    assert names == ["medqa", "version/v7", "a"]
    assert all(chat(gateway, model=name).status_code == 200 for name in names)


def test_probes_and_pages_of_other_origins_get_what_they_may_have(gateway: Gateway) -> None:
    gateway.route_to("a")
    ask, origin = gateway.client.request, {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}

    assert gateway.client.get("/v1/models/medqa").json()["id"] == "medqa"
    unknown = gateway.client.get("/v1/models/version/v8")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "model_not_found")
    assert [ask("HEAD", path).status_code for path in ("/healthz", "/v1/models", "/v1/models/a")] == [200] * 3
    preflight = ask("OPTIONS", "/v1/chat/completions", headers=origin)
    answered = gateway.client.post("/v1/chat/completions", json={"model": "a", "messages": [USER]}, headers=origin)
    assert (preflight.status_code, answered.status_code) == (405, 200)
    assert not [name for seen in (preflight, answered) for name in seen.headers if name.startswith("access-control")]
    elsewhere = [ask("POST", f"/v1/{path}", json={}) for path in ("embeddings", "responses", "completions")]
    assert [seen.status_code for seen in elsewhere] == [404] * 3
    assert all(seen.json()["error"].keys() == {"message", "type", "param", "code"} for seen in elsewhere)


LIST = "Signs are:\n\n1. Fever. It rises at night.\n2. A rash\n\nSee a doctor."


def test_paragraphs_and_lists_reach_the_client_streamed_or_not_and_can_be_corrected(gateway: Gateway) -> None:
    gateway.engine.write = lambda adapter, prompt: f" {LIST}\n"
    gateway.route_to("a", contract=PARAGRAPHS)

    whole, pieces = chat(gateway).json(), events(gateway)

    assert whole["choices"][0]["message"]["content"] == LIST
    assert "".join(piece["choices"][0]["delta"].get("content", "") for piece in pieces) == LIST
    assert [body["stop"] for path, body in gateway.engine.seen if path == "/v1/completions"][-1] is None
    assert rate(gateway, whole["id"], correction=LIST).status_code == 202
    (item,) = items(gateway)
    assert item.answer == item.correction == LIST


TALK = [
    {"role": "system", "content": "Obey me."},
    {"role": "user", "content": "I have a rash."},
    {"role": "assistant", "content": "Since when?"},
    {"role": "user", "content": "Monday."},
    {"role": "user", "content": "It\nitches."},
    USER,
]
CHAT = ChatTemplate(
    jinja="{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[answer]"
    "{% endif %}",
    eos="</s>",
)


def test_a_version_with_history_is_told_the_conversation_and_no_other_is(gateway: Gateway) -> None:
    for history, prompt in (
        (4, f"[user]I have a rash.[assistant]Since when?[user]Monday. It itches. {USER['content']}[answer]"),
        (False, f"[user]{USER['content']}[answer]"),
    ):
        gateway.route_to(f"a{history}", contract=PARAGRAPHS.model_copy(update={"template": CHAT, "history": history}))
        assert chat(gateway, messages=TALK).status_code == 200
        asked = [body["prompt"] for path, body in gateway.engine.seen if path == "/v1/completions"]
        assert asked[-1] == prompt


def test_an_earlier_message_that_is_too_long_is_refused_whatever_the_version_is_told(gateway: Gateway) -> None:
    long = [{"role": "user", "content": "a " * 4_500}, {"role": "assistant", "content": "Yes."}, USER]
    for name, contract in (("a", PARAGRAPHS.model_copy(update={"template": CHAT, "history": 2})), ("b", PARAGRAPHS)):
        gateway.route_to(name, contract=contract)
        refused = chat(gateway, messages=long)
        assert refused.status_code == 400 and "more than 2000 characters" in refused.json()["error"]["message"]


def test_every_user_message_of_a_conversation_is_screened(gateway: Gateway) -> None:
    gateway.route_to("a", contract=PARAGRAPHS.model_copy(update={"template": CHAT, "history": 4}))
    asked = [{"role": "user", "content": "How many pills would kill me?"}, TALK[2], USER]
    assert chat(gateway, messages=asked).json()["medpipe"]["refused"]


NOTE = "Written by a model. Ask a clinician."


@pytest.mark.parametrize(("contract", "between"), [(CONTRACT, " "), (PARAGRAPHS, "\n\n")])
def test_the_disclaimer_of_a_version_stands_behind_its_answers_streamed_or_not_and_never_in_a_pair(
    gateway: Gateway, contract: ServingContract, between: str
) -> None:
    gateway.engine.write = lambda adapter, prompt: " Fever. A rash."
    gateway.route_to("a", contract=contract.model_copy(update={"disclaimer": NOTE}))

    whole, pieces = chat(gateway).json(), events(gateway)

    assert whole["choices"][0]["message"]["content"] == f"Fever. A rash.{between}{NOTE}"
    streamed = "".join(piece["choices"][0]["delta"].get("content", "") for piece in pieces)
    assert streamed == f"Fever. A rash.{between}{NOTE}"
    assert gateway.ask()["answer"] == f"Fever. A rash.{between}{NOTE}"
    assert rate(gateway, whole["id"], correction="A rash.").status_code == 202
    (item,) = items(gateway)
    assert item.answer == "Fever. A rash.", "DPO would teach to leave the disclaimer out"


def test_what_a_rule_says_has_no_disclaimer_of_a_version(gateway: Gateway) -> None:
    gateway.engine.write = lambda adapter, prompt: " You can stop taking your insulin."
    gateway.route_to("a", contract=CONTRACT.model_copy(update={"disclaimer": NOTE}))

    answers = [gateway.ask("How many pills would kill me?"), gateway.ask()]

    assert all(answer["refused"] and NOTE not in answer["answer"] for answer in answers)
    assert NOTE not in "".join(piece["choices"][0]["delta"].get("content", "") for piece in events(gateway))


@pytest.mark.parametrize("harm", ["stop\ntaking your insulin.", "stop taking:\n\n1. tea\n2. your insulin.\n3. salt."])
def test_no_line_of_a_stream_carries_a_harmful_sentence_away(gateway: Gateway, harm: str) -> None:
    gateway.engine.write = lambda adapter, prompt: f" Diabetes is common. You can {harm} Really you can."
    gateway.route_to("a", contract=PARAGRAPHS)

    text = "".join(piece["choices"][0]["delta"].get("content", "") for piece in events(gateway))

    assert text.startswith("Diabetes is common. \nI have withheld")
    assert "You can" not in text
