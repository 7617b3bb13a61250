"""The one prompt renderer: training, evaluation and serving call it, byte for byte."""

from __future__ import annotations

STOP = "\n"
"""Generation ends at a newline: one answer, one paragraph."""


def render(question: str, context: str = "") -> str:
    """The prompt of a question, after the passage that it is about, if there is one.

    The completion that follows starts with a space (see `completion`).
    """
    passage = " ".join(context.split())
    return f"{f'Context: {passage}{STOP}' if passage else ''}Question: {' '.join(question.split())}\nAnswer:"


def completion(answer: str) -> str:
    """The completion that training teaches after `render(question)`; the newline is `STOP`."""
    return f" {' '.join(answer.split())}{STOP}"


def answer_of(generated: str) -> str:
    """The answer in a generated completion: up to `STOP`, without outer blanks."""
    return generated.split(STOP, 1)[0].strip()
