"""Bodies that clients were seen to send to /v1/chat/completions, or that their source builds."""

from __future__ import annotations

from typing import Any

_QUESTION = {"role": "user", "content": "What causes Velorin fever?"}
_TALK = [{"role": "system", "content": "Be brief."}, _QUESTION, {"role": "assistant", "content": "A virus."}, _QUESTION]

REQUESTS: dict[str, dict[str, Any]] = {
    "openai 3.57, an answer sent back as it came": {
        "model": "medqa",
        "messages": [
            _QUESTION,
            {"content": "A virus.", "refusal": None, "role": "assistant", "annotations": None, "tool_calls": None},
            _QUESTION,
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
    },
    "langchain-openai 1.7.4, invoke": {
        "model": "medqa",
        "stream": False,
        "messages": _TALK,
        "max_completion_tokens": 40,
        "stop": ["no such text"],
        "temperature": 0.2,
    },
    "langchain-openai 1.7.4, stream with its usage": {
        "model": "medqa",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [_QUESTION],
    },
    "litellm 1.110.2, stream": {
        "model": "medqa",
        "messages": [_QUESTION],
        "temperature": 0.2,
        "stream": True,
        "stream_options": {"include_usage": True},
    },
    # The form of its page, in which the settings that are not set are empty.
    "Open WebUI, a question": {
        "stream": True,
        "model": "medqa",
        "messages": [
            *_TALK[:3],
            {"role": "user", "content": [{"type": "text", "text": "Why?", "cache_control": {"type": "ephemeral"}}]},
        ],
        "params": {},
        "tool_servers": [],
        "features": {"voice": False, "image_generation": False, "code_interpreter": False, "web_search": False},
        "variables": {"{{USER_NAME}}": "A person", "{{CURRENT_DATE}}": "2026-01-01"},
        "model_item": {"id": "medqa", "object": "model", "owned_by": "openai"},
        "session_id": "9c0f6f3a",
        "chat_id": "6f1c",
        "id": "2ab1",
        "parent_id": None,
        "background_tasks": {"title_generation": True, "tags_generation": True, "follow_up_generation": True},
        "user": {"name": "A person", "id": "1", "email": "person@example.org", "role": "user"},
        "stream_options": {"include_usage": True},
    },
    "Open WebUI, the title of a chat": {
        "model": "medqa",
        "messages": [{"role": "user", "content": "### Task: Generate a short title for the chat history."}],
        "stream": False,
        "max_completion_tokens": 1000,
        "metadata": {"task": "title_generation", "chat_id": "6f1c"},
    },
    "an editor's plug-in that sends everything": {
        "model": "medqa",
        "messages": _TALK,
        "n": 1,
        "stop": None,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "logprobs": False,
        "top_logprobs": 0,
        "tools": [],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "response_format": {"type": "text"},
        "metadata": {"a": "b"},
        "store": True,
        "seed": 7,
        "user": "u",
        "reasoning_effort": "low",
        "logit_bias": {},
        "service_tier": "auto",
        "verbosity": "low",
        "prompt_cache_key": "k",
        "safety_identifier": "s",
        "top_p": 0.9,
    },
}
