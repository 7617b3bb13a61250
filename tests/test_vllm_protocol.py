"""The messages of the engine: only declared fields are sent, and unreadable answers are errors without texts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from medpipe import vllm_protocol as protocol
from medpipe.core.contract import Ending
from medpipe.core.sampling import Sampling
from medpipe.errors import EngineError


def test_a_completion_is_greedy_and_ends_at_a_newline() -> None:
    request = protocol.CompletionRequest(model="a", prompt="Question: What?\nAnswer:", max_tokens=48)

    assert request.fields() == {
        "model": "a",
        "prompt": "Question: What?\nAnswer:",
        "max_tokens": 48,
        "temperature": 0,
        "stop": "\n",
        "stream": False,
    }


def test_nothing_but_the_end_of_the_text_ends_paragraphs() -> None:
    request = protocol.completion("a", "What?", Ending(300, None), stream=True)
    assert (request.stop, request.max_tokens, request.stream) == (None, 300, True)


def test_a_choice_leaves_room_for_the_longest_text_and_no_other_end() -> None:
    request = protocol.choice("a", "What?", (" yes", " no"))
    assert request.fields()["structured_outputs"] == {"choice": (" yes", " no")}
    assert (request.stop, request.max_tokens, request.temperature) == (None, 5, 0)


def test_a_random_completion_has_a_seed_and_never_leaves_the_likeliest_tokens() -> None:
    request = protocol.sampled("a", "What?", Ending(9), Sampling(seed=7))
    assert request.fields() == {
        "model": "a",
        "prompt": "What?",
        "max_tokens": 9,
        "temperature": 0.5,
        "top_k": 40,
        "seed": 7,
        "stop": "\n",
    }


@pytest.mark.parametrize(
    "extra", [{"prompt_logprobs": 1}, {"echo": True}, {"logprobs": 1}, {"temperature": 0.7}, {"load_inplace": True}]
)
def test_a_field_that_harms_the_engine_cannot_be_sent(extra: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        protocol.CompletionRequest.model_validate({"model": "a", "prompt": "What?", "max_tokens": 8, **extra})


def test_an_adapter_cannot_be_loaded_in_place() -> None:
    with pytest.raises(ValidationError):
        protocol.LoadAdapterRequest.model_validate({"lora_name": "a", "lora_path": "/a", "load_inplace": True})


def test_fields_that_medpipe_does_not_read_are_ignored() -> None:
    body = '{"id": "cmpl-1", "choices": [{"index": 0, "text": " Rest.", "finish_reason": "length"}], "usage": null}'

    completion = protocol.parsed(protocol.CompletionResponse, body)
    assert (completion.text, completion.finish_reason, completion.usage) == (" Rest.", "length", None)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"choices": []}', b'{"choices": [{"text": ["private"]}]}', b"[1]"])
def test_a_body_of_another_shape_is_an_error_that_does_not_repeat_it(body: bytes) -> None:
    with pytest.raises(EngineError, match="CompletionResponse cannot be read") as caught:
        protocol.parsed(protocol.CompletionResponse, body)
    assert "private" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_event_that_only_counts_tokens_has_no_text() -> None:
    assert protocol.parsed(protocol.CompletionChunk, '{"choices": [], "usage": {"prompt_tokens": 7}}').text == ""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": {"message": "No adapter found for /a", "code": 404}}', "404, No adapter found for /a"),
        (b"not JSON", "404"),
        (b'{"detail": "Not Found"}', "404"),
    ],
)
def test_a_refusal_has_the_status_and_the_engines_message(body: bytes, reason: str) -> None:
    assert protocol.refusal(404, body) == reason
