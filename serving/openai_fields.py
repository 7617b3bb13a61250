"""Which fields of OpenAI's API, and of its many dialects, are obeyed, ignored or refused. The rule is data.

No field reaches the engine unless `serving.chat_request` reads it, so an unknown field cannot change what is served.
What it can do is mislead: a client that sends pictures, tools or a JSON schema takes the answer for something else.

1. A field that is *off* (`OFF`), or asks for what happens anyway (`AS_IT_IS`), is accepted without a word.
2. A field is refused if its name says that the answer would be misread without it (`REFUSED`). Names are compared word
   by word, so that `guided_json`, `allowed_token_ids` or `image_urls` of other servers are refused too.
3. Any other field is ignored, and the header `Medpipe-Ignored-Fields` names it.

Sources: OpenAI's reference of chat completions (https://platform.openai.com/docs/api-reference/chat/create), and
vLLM's additions to it (https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from serving.problems import Problem

HEADER = "Medpipe-Ignored-Fields"
"""Names the fields of a request that had no effect."""


class Refused(NamedTuple):
    """A kind of field that is refused."""

    words: tuple[str, ...]
    """What its name has: a word, or several in a row; after "=", all of the name."""
    because: str


REFUSED = (
    Refused(
        ("tool", "tools", "function", "functions", "mcp", "plugins"),
        "the served version calls no tools; it answers in text",
    ),
    Refused(("=n", "best of", "candidate count", "choices"), "there is one answer to a question"),
    Refused(
        ("=format", "response format", "output format", "schema", "grammar", "regex", "guided", "structured", "json"),
        "the form of answers is the one that the version was judged with: text",
    ),
    Refused(("logprob", "logprobs", "echo", "return token ids"), "an answer is text, without figures of its tokens"),
    Refused(
        ("logit", "logits", "token ids", "bad words", "banned", "min tokens", "min length", "ignore eos", "beam"),
        "the version was judged without limits on its words, so none can be set",
    ),
    Refused(
        ("image", "images", "audio", "video", "videos", "modality", "modalities", "multimodal", "mm"),
        "the served version reads and writes text alone",
    ),
    Refused(
        ("=context", "document", "documents", "file", "files", "attachments", "search", "retrieval", "rag", "sources"),
        "the answer would not be based on it; the served version sees the messages alone",
    ),
    Refused(
        ("prompt", "template", "system", "instructions", "prefix", "suffix", "continue", "adapter", "lora"),
        "the prompt and the model are those that were judged",
    ),
)

SPARED = {"prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "chat_template_kwargs"}
"""Fields with a refused word in their name that cannot mislead."""

OFF: tuple[Any, ...] = (None, False, 0, "", [], {})
"""The values of a field that is not in use."""

ON_WHEN_EMPTY = {"web_search_options"}
"""Fields that an empty object switches on."""

AS_IT_IS: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "temperature": (0,),
    "top_p": (1,),
    "top_k": (-1, 1),
    "repetition_penalty": (1,),
    "length_penalty": (1,),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
    "parallel_tool_calls": (True,),
    "add_generation_prompt": (True,),
    "service_tier": ("auto", "default"),
}
"""Values that ask for what happens anyway: one greedy answer in text."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NUMBER = re.compile(r"\[\d+\]")
_PRINTABLE = re.compile(r"[A-Za-z0-9_.\-\[\]]{1,64}")
_MOST_NAMED = 20


def ignored(fields: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Yield the names of the fields that have no effect and might be missed, without the numbers of `place`.

    `place`: what comes before the names, such as "messages[0].". Raises Problem 400 for a field that is refused.
    """
    for name, value in fields.items():
        if _is_off(name, value) or _equals_any(value, AS_IT_IS.get(name, ())):
            continue
        if name not in SPARED and (kind := refused(name)):
            field = shown(f"{place}{name}")
            raise Problem(400, "unsupported_parameter", f"{field} is not offered: {kind.because}", field)
        yield f"{_NUMBER.sub('[]', place)}{name}"


def refused(name: str) -> Refused | None:
    """Return the kind of refused fields that a name is of; None if it is of none."""
    told = " ".join(word.lower() for word in _WORD.findall(name))
    return next(
        (kind for kind in REFUSED if any(f" {words} " in f" {told} " or words == f"={told}" for words in kind.words)),
        None,
    )


def headers(names: list[str]) -> dict[str, str]:
    """Return the header that names ignored fields; none without any.

    Names are the client's own words: those that a header cannot have, and those after the twentieth, are counted.
    """
    if not names:
        return {}
    named = [name for name in dict.fromkeys(names) if _PRINTABLE.fullmatch(name)][:_MOST_NAMED]
    others = len(set(names)) - len(named)
    return {HEADER: ", ".join([*named, *([f"{others} more"] if others else [])])}


def shown(field: str) -> str:
    """Return a field's name as an answer may repeat it."""
    return field if _PRINTABLE.fullmatch(field) else "a field whose name is not repeated"


def _is_off(name: str, value: Any) -> bool:
    return value is None or (name not in ON_WHEN_EMPTY and _equals_any(value, OFF))


def _equals_any(value: Any, values: tuple[Any, ...]) -> bool:
    """Return whether a value is one of some; `True` is not 1."""
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in values)
