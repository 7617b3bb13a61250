"""Asks the service one question through OpenAI's own client, streaming: python openai_client.py ADDRESS QUESTION.

The key is in OPENAI_API_KEY, as OpenAI's client reads it.
"""

from __future__ import annotations

import sys

from openai import OpenAI

if __name__ == "__main__":
    client = OpenAI(base_url=sys.argv[1])
    stream = client.chat.completions.create(
        model=client.models.list().data[0].id, messages=[{"role": "user", "content": sys.argv[2]}], stream=True
    )
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            print(chunk.choices[0].delta.content, end="", flush=True)
    print()
