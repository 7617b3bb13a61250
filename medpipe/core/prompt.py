"""The prompt renderer. Training, evaluation and serving all call it, so their prompts are equal byte for byte."""

from __future__ import annotations

from typing import Literal

from medpipe.core import dialogue
from medpipe.core.chat import ChatTemplate, Turn
from medpipe.core.conversation import NOTHING_BEFORE, Conversation

STOP = "\n"
"""Ends an answer of one line."""

Answers = Literal["one line", "paragraphs"]
"""The form of answers: one line, which `STOP` ends; or paragraphs and Markdown lists, which only the base's token for
the end of a text ends."""

Template = Literal["plain"] | ChatTemplate
"""The form of prompts: `plain` is "Question: …" and "Answer:"; or the chat template of the base's tokenizer."""


def render(
    question: str,
    context: str = "",
    template: Template = "plain",
    passages: bool = True,
    history: int = 0,
    before: Conversation = NOTHING_BEFORE,
) -> str:
    """Return the prompt of a question. `context` is the passage that the question is about, "" for none.

    `history`: the most earlier turns that a chat template tells as turns, where the passage is written from such
    (`core.dialogue`). `passages`: whether any other passage is told. `before`: the conversation before the question; a
    plain prompt has no place for one.

    The completion that follows a plain prompt starts with a space (see `completion`). Raises ConfigError for a chat
    template that cannot be rendered.
    """
    if template != "plain":
        written = dialogue.turns_of(context, history)
        turns = written or [
            turn for past in before.exchanges for turn in (Turn("user", past.asked), Turn("assistant", past.answered))
        ]
        passage = context if passages and not written else ""
        return template.prompt(f"{before.unanswered} {question}", passage, turns, before.instructions)
    passage = " ".join(context.split()) if passages else ""
    return f"{f'Context: {passage}{STOP}' if passage else ''}Question: {' '.join(question.split())}\nAnswer:"


def completion(answer: str, answers: Answers = "one line", template: Template = "plain") -> str:
    """Return the completion that training teaches after `render(question)`.

    In a plain one, one line ends with `STOP`. Paragraphs keep their lines and end with nothing of their own: TRL ends
    every completion with the tokenizer's token for the end of a text. A chat template ends every answer with that
    token. Raises ConfigError as `render` does.
    """
    text = answer.strip() if answers == "paragraphs" else " ".join(answer.split())
    if template != "plain":
        return template.completion(text)
    return f" {text}{'' if answers == 'paragraphs' else STOP}"


def unended(answer: str, template: Template = "plain") -> str:
    """Return the completion of an answer without what ends it: all that a choice among answers may generate.

    Raises ConfigError as `render` does.
    """
    return completion(answer, "paragraphs") if template == "plain" else template.unended(answer)


def answer_of(generated: str, answers: Answers = "one line") -> str:
    """Return the answer in a generated completion, without white space at its ends. One line ends at `STOP`."""
    return generated.strip() if answers == "paragraphs" else generated.split(STOP, 1)[0].strip()
