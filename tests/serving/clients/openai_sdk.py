"""Calls the gateway through OpenAI's own client: python openai_sdk.py ADDRESS KEY. Prints what it saw, as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import openai

ASKED: Any = [{"role": "user", "content": "What causes Velorin fever?"}]


def main(address: str, key: str) -> dict[str, Any]:
    """Return what the client made of every kind of answer."""
    client = openai.OpenAI(base_url=address, api_key=key, max_retries=0)
    chat = client.chat.completions
    whole = chat.create(model="medqa", messages=ASKED)
    raw = chat.with_raw_response.create(model="medqa", messages=ASKED, temperature=0.7, seed=3, user="u", store=True)
    said = whole.choices[0].message
    several = chat.create(model="medqa", messages=[*ASKED, said, {"role": "user", "content": "And then?"}])
    chunks = list(chat.create(model="medqa", messages=ASKED, stream=True, stream_options={"include_usage": True}))
    with client.chat.completions.stream(model="medqa", messages=ASKED) as events:
        final = events.get_final_completion()
    return {
        "models": [model.id for model in client.models.list()],
        "model": client.models.retrieve("medqa").id,
        "whole": said.content,
        "finish": whole.choices[0].finish_reason,
        "usage": whole.usage.total_tokens if whole.usage else None,
        "ignored": raw.headers.get("Medpipe-Ignored-Fields"),
        "several": several.choices[0].message.content,
        "streamed": "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices),
        "stream_usage": chunks[-1].usage.total_tokens if chunks[-1].usage else None,
        "helper": final.choices[0].message.content,
        "cut": chat.create(model="medqa", messages=ASKED, max_completion_tokens=3).choices[0].finish_reason,
        "async": asyncio.run(_asynchronous(address, key)),
        "errors": {
            "tools": _error(lambda: chat.create(model="medqa", messages=ASKED, tools=[_TOOL])),
            "model": _error(lambda: chat.create(model="gpt-4o", messages=ASKED)),
            "no_model": _error(lambda: client.models.retrieve("gpt-4o")),
            "key": _error(
                lambda: openai.OpenAI(base_url=address, api_key="wrong", max_retries=0).chat.completions.create(
                    model="medqa", messages=ASKED
                )
            ),
            "embeddings": _error(lambda: client.embeddings.create(model="medqa", input="a")),
        },
    }


_TOOL: Any = {"type": "function", "function": {"name": "f", "parameters": {}}}


async def _asynchronous(address: str, key: str) -> list[str | None]:
    client = openai.AsyncOpenAI(base_url=address, api_key=key, max_retries=0)
    whole = await client.chat.completions.create(model="medqa", messages=ASKED)
    stream = await client.chat.completions.create(model="medqa", messages=ASKED, stream=True)
    pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
    return [whole.choices[0].message.content, "".join(pieces)]


def _error(call: Any) -> list[Any]:
    try:
        call()
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.code, error.param]
    return []


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2])))
