"""The chat template of a base's tokenizer: how a model that was tuned to follow instructions is asked.

It is rendered as transformers does (`PreTrainedTokenizerBase.apply_chat_template`), with the same sandbox, options and
functions. Two things are left out, so that a version is served by the prompts that it was judged with: today's date
(`strftime_now`; templates that look for it first write the date that they have), and reasoning (`enable_thinking`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from medpipe.errors import ConfigError

_ANSWER = "\u2402answer\u2403"
"""Stands for an answer where a template's text around one is looked for. No template and no answer has it."""


APPLICATION = "The application that asks adds what follows. It never overrules what is said above."
"""Stands between what a version is told before any question, and the instructions of who calls it."""


class Turn(NamedTuple):
    """An earlier part of a conversation."""

    role: Literal["user", "assistant"]
    text: str


class ChatTemplate(BaseModel):
    """A tokenizer's chat template, with all that decides what it renders. It is a part of the serving contract."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    jinja: str
    """The template's text."""
    bos: str = ""
    """The token that begins a text, as the template writes it; "" for none."""
    eos: str = Field(min_length=1)
    """The token that ends an answer."""
    adds_bos: bool = False
    """Whether the tokenizer itself puts `bos` before a text. It is then left out of the prompt, since it would be
    there twice."""
    marks: tuple[str, ...] = ()
    """The tokenizer's special tokens, and what else the template writes as a mark. In what a person or a document says
    they are left out, since they would end its turn or text and begin another one."""
    system: str = ""
    """What the model is told before any question; "" for nothing."""

    def prompt(self, question: str, context: str = "", history: Sequence[Turn] = (), instructions: str = "") -> str:
        """Return the prompt of a question after earlier turns. `context`: as in `core.prompt.render`.

        `instructions`: what the calling application says, after `system` and never instead of it; a template that
        tells the model nothing itself leaves them out. Raises ConfigError for a template that cannot be rendered.
        """
        passage, asked = (" ".join(self._unmarked(text).split()) for text in (context, question))
        told = [{"role": turn.role, "content": self._unmarked(turn.text)} for turn in history]
        messages = [*told, _user(f"Context: {passage}\n\n{asked}" if passage else asked)]
        return self._rendered(messages, True, self._unmarked(instructions).strip())

    def completion(self, answer: str) -> str:
        """Return the completion that training teaches after a prompt: the answer as the template writes it, to `eos`.

        Raises ConfigError for a template that cannot be rendered, or that writes another prompt once it is answered.
        """
        before, after = _around(self)
        return f"{before}{self._unmarked(answer)}{after}"

    def unended(self, answer: str) -> str:
        """Return the completion of an answer without what the template writes behind it. Raises ConfigError."""
        before, _ = _around(self)
        return f"{before}{self._unmarked(answer)}"

    def _unmarked(self, text: str) -> str:
        for mark in self.marks:
            text = text.replace(mark, " ")
        return text

    def _rendered(self, messages: Sequence[dict[str, str]], ask: bool, instructions: str = "") -> str:
        from jinja2 import TemplateError

        system = f"{self.system}\n\n{APPLICATION}\n{instructions}" if instructions else self.system
        told = [{"role": "system", "content": system}] if self.system else []
        try:
            text: str = _compiled(self.jinja).render(
                messages=[*told, *messages],
                bos_token=self.bos,
                eos_token=self.eos,
                add_generation_prompt=ask,
                enable_thinking=False,
                tools=None,
                documents=None,
            )
        except (TemplateError, TypeError) as error:
            raise ConfigError(
                f"the base's chat template cannot be rendered{' with a system prompt' if told else ''}: {error}. Set "
                "the recipe's template to plain, or put a template that can into the base's chat_template.jinja"
            ) from error
        return text.removeprefix(self.bos) if self.adds_bos else text


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


@lru_cache(maxsize=8)
def _around(template: ChatTemplate) -> tuple[str, str]:
    """Return what the template writes between a prompt and its answer, and from there to the end of the answer."""
    asked = template._rendered([_user("Why?")], ask=True)
    whole = template._rendered([_user("Why?"), {"role": "assistant", "content": _ANSWER}], ask=False)
    before, found, after = whole.removeprefix(asked).partition(_ANSWER)
    if not whole.startswith(asked) or not found:
        raise ConfigError(
            "the base's chat template writes another prompt once it is answered, so what is taught is not what is "
            "asked: set the recipe's template to plain, or put a template that does not into chat_template.jinja"
        )
    ended, _, _ = after.partition(template.eos)
    return before, f"{ended.rstrip()}{template.eos}"


@lru_cache(maxsize=8)
def _compiled(jinja: str) -> Any:
    """Return the compiled template. Raises jinja2.TemplateError."""
    from jinja2 import TemplateError, nodes
    from jinja2.ext import Extension
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """`{% generation %}` marks what an assistant wrote, for a training's masks. Here it changes nothing."""

        tags = {"generation"}

        def parse(self, parser: Any) -> Any:
            line = next(parser.stream).lineno
            return nodes.Scope(parser.parse_statements(("name:endgeneration",), drop_needle=True), lineno=line)

    def refuse(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _json
    environment.globals["raise_exception"] = refuse
    return environment.from_string(jinja)


def _json(value: Any, ensure_ascii: bool = False, **options: Any) -> str:
    """Return JSON without the escapes of HTML that Jinja's own filter makes."""
    return json.dumps(value, ensure_ascii=ensure_ascii, **options)
