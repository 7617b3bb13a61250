"""Asks one question through OpenAI's own client, streaming: python openai_client.py ADDRESS QUESTION [MODEL].

Without MODEL the first one that the address lists is asked, which is the service's only one. The key is in
OPENAI_API_KEY, as OpenAI's client reads it.
"""

from __future__ import annotations

import sys

from openai import OpenAI

LONGEST_ANSWER = 97
"""As `max_new_tokens` of the recipe demo-real. The service has its own limit, which is the same."""

if __name__ == "__main__":
    address, question, *named = sys.argv[1:]
    client = OpenAI(base_url=address)
    model = named[0] if named else client.models.list().data[0].id
    stream = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": question}],
        stream=True,
        temperature=0,
        max_completion_tokens=LONGEST_ANSWER,
    )
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            print(chunk.choices[0].delta.content, end="", flush=True)
    print()
