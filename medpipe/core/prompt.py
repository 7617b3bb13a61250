"""The prompt renderer. Training, evaluation and serving all call it, so their prompts are equal byte for byte."""

from __future__ import annotations

STOP = "\n"
"""Generation ends at a newline: one answer, one paragraph."""


def render(question: str, context: str = "") -> str:
    """Return the prompt of a question. `context` is the passage that the question is about, "" for none.

    The completion that follows the prompt starts with a space (see `completion`).
    """
    passage = " ".join(context.split())
    return f"{f'Context: {passage}{STOP}' if passage else ''}Question: {' '.join(question.split())}\nAnswer:"


def completion(answer: str) -> str:
    """Return the completion that training teaches after `render(question)`. It ends with `STOP`."""
    return f" {' '.join(answer.split())}{STOP}"


def answer_of(generated: str) -> str:
    """Return the answer in a generated completion: the text up to `STOP`, without white space at its ends."""
    return generated.split(STOP, 1)[0].strip()
