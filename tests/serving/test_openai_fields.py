"""Fields of a request are obeyed, ignored or refused by kind: no list of names could keep up with their dialects."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.openai_fields import HEADER, REFUSED, headers, ignored, refused
from serving.problems import Problem

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize(
    "name",
    [
        *("tools", "functions", "function_call", "max_tool_calls", "mcp_servers", "plugins", "n", "best_of"),
        *("response_format", "format", "guided_json", "guided_regex", "structured_outputs", "json_schema", "grammar"),
        *("logprobs", "top_logprobs", "prompt_logprobs", "echo", "return_token_ids", "logit_bias"),
        *("logits_processors", "allowed_token_ids", "stop_token_ids", "bad_words", "min_tokens", "ignore_eos"),
        *("audio", "modalities", "imageUrls", "mm_processor_kwargs", "documents", "file_ids", "context"),
        *("web_search_options", "enable_search", "data_sources", "chat_template", "prompt", "system", "lora_request"),
        *("continue_final_message", "prefix", "suffix", "adapter"),
    ],
)
def test_a_field_that_would_be_misread_is_refused_by_name_in_every_dialect(name: str) -> None:
    with pytest.raises(Problem, match=f"{name} is not offered: ") as refusal:
        list(ignored({name: {"on": 1}}))
    assert (refusal.value.status, refusal.value.field) == (400, name)
    assert not list(ignored({name: None}))


@pytest.mark.parametrize(
    "name",
    [
        *("seed", "user", "metadata", "store", "reasoning_effort", "verbosity", "service_tier", "safety_identifier"),
        *("prompt_cache_key", "prompt_cache_retention", "top_p", "top_k", "min_p", "top_n_sigma", "presence_penalty"),
        *(
            "chat_id",
            "session_id",
            "features",
            "variables",
            "background_tasks",
            "model_item",
            "keep_alive",
            "transforms",
        ),
        *("extra_body", "prediction", "reasoning", "thinking", "chat_template_kwargs", "priority", "information"),
    ],
)
def test_any_other_field_is_ignored_and_named(name: str) -> None:
    assert list(ignored({name: {"on": 1}})) == [name]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("n", 1), ("temperature", 0.0), ("top_p", 1), ("response_format", {"type": "text"}), ("tools", [])),
        *(("tool_choice", "none"), ("parallel_tool_calls", True), ("logprobs", False), ("presence_penalty", 0)),
        *(("modalities", ["text"]), ("logit_bias", {}), ("store", False), ("metadata", None), ("n", None)),
    ],
)
def test_a_field_that_asks_for_what_happens_anyway_is_not_mentioned(field: str, value: Any) -> None:
    assert list(ignored({field: value})) == []


@pytest.mark.parametrize(
    ("field", "value"), [("n", True), ("web_search_options", {}), ("modalities", ["text", "audio"])]
)
def test_a_value_that_only_looks_harmless_is_refused(field: str, value: Any) -> None:
    with pytest.raises(Problem):
        list(ignored({field: value}))


def test_the_place_of_a_field_is_named_without_its_number_and_refused_with_it() -> None:
    assert list(ignored({"name": "x"}, "messages[3].")) == ["messages[].name"]
    with pytest.raises(Problem) as refusal:
        list(ignored({"tool_calls": [1]}, "messages[3]."))
    assert refusal.value.field == "messages[3].tool_calls"


@given(st.dictionaries(st.text(), JSON, max_size=8))
def test_whatever_names_a_client_makes_up_the_header_is_one_that_http_allows(fields: dict[str, Any]) -> None:
    try:
        named = list(ignored(fields))
    except Problem as problem:
        assert problem.field and problem.field.isascii() and problem.field.isprintable()
        return
    value = headers(named).get(HEADER, "")
    assert value.isascii() and len(value) < 2000 and (value.isprintable() or not value)
    assert bool(value) == bool(named)


def test_names_that_no_header_can_have_are_counted() -> None:
    assert headers(["a", "b\r\nSet-Cookie: c", "a", "\ud800"]) == {HEADER: "a, 2 more"}
    assert headers([f"f{number}" for number in range(30)])[HEADER].endswith("f19, 10 more")
    assert headers([]) == {}


def test_every_kind_that_is_refused_says_why() -> None:
    assert all(kind.because and refused(kind.words[0].removeprefix("=").replace(" ", "_")) == kind for kind in REFUSED)
