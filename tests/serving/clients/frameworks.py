"""Calls the gateway through LangChain and LiteLLM: python frameworks.py ADDRESS KEY. Prints what it saw, as JSON."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # its list of prices is not fetched

ASKED = "What causes Velorin fever?"


def langchain(address: str, key: str) -> dict[str, Any]:
    """Return what LangChain made of an answer, a conversation, a stream and a call of tools."""
    import openai
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
    from langchain_openai import ChatOpenAI

    fields: dict[str, Any] = {"max_tokens": 40, "stop": ["no such text"], "temperature": 0.2, "stream_usage": True}
    model = ChatOpenAI(base_url=address, api_key=key, model="medqa", max_retries=0, **fields)
    turns = [SystemMessage("Be brief."), HumanMessage(ASKED), AIMessage("A virus."), HumanMessage("And then?")]
    streamed = list(model.stream(ASKED))
    whole = model.invoke(ASKED)
    try:
        model.bind_tools([{"type": "function", "function": {"name": "f", "parameters": {}}}]).invoke(ASKED)
        refused = ""
    except openai.BadRequestError as error:
        refused = str(error.param)
    return {
        "whole": whole.content,
        "usage": (whole.usage_metadata or {}).get("total_tokens"),
        "several": model.invoke(turns).content,
        "streamed": "".join(str(chunk.content) for chunk in streamed),
        "stream_usage": sum((piece.usage_metadata or {}).get("total_tokens", 0) for piece in streamed),
        "refused": refused,
    }


def litellm(address: str, key: str) -> dict[str, Any]:
    """Return what LiteLLM made of an answer, a conversation, a stream and a call of tools."""
    import litellm as client

    def ask(*turns: dict[str, str], **fields: Any) -> Any:
        return client.completion(
            "openai/medqa", messages=[*turns], api_base=address, api_key=key, num_retries=0, max_retries=0, **fields
        )

    question = {"role": "user", "content": ASKED}
    whole = ask(question, temperature=0.2)
    streamed = list(ask(question, stream=True, stream_options={"include_usage": True}))
    answered = {"role": "assistant", "content": whole.choices[0].message.content}
    try:
        ask(question, tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}])
        refused = ""
    except client.BadRequestError as error:
        refused = str(error)
    return {
        "whole": whole.choices[0].message.content,
        "usage": whole.usage.total_tokens,
        "several": ask(question, answered, {"role": "user", "content": "And then?"}).choices[0].message.content,
        "streamed": "".join(chunk.choices[0].delta.content or "" for chunk in streamed if chunk.choices),
        "stream_usage": next((chunk.usage.total_tokens for chunk in streamed if getattr(chunk, "usage", None)), None),
        "refused": refused,
    }


if __name__ == "__main__":
    print(json.dumps({"langchain": langchain(*sys.argv[1:]), "litellm": litellm(*sys.argv[1:])}))
