"""The guardrail policy as a value: what is refused, why, and what is said instead.

The shipped policy is `medpipe/policies/guardrails.yaml`, whose head explains the fields to those who write rules.
`core.safety.guardrails` compiles a policy and applies it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from medpipe.errors import ConfigError

FILE = "guardrails.yaml"
"""The name under which error messages speak of the policy."""

Text = Annotated[str, Field(min_length=1)]
_NAME_IN_BRACES = re.compile(r"\{([A-Z][A-Z_]*)\}")
"""A name of the vocabulary inside a pattern. Quantifiers such as `{0,30}` have digits and never match."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Examples(_Value):
    """Sentences that a rule must stop and similar sentences that it must let through, two of each at least."""

    must_match: tuple[Text, ...] = Field(min_length=2)
    must_not_match: tuple[Text, ...] = Field(min_length=2)


class Matcher(_Value):
    """Patterns for one intent. A text matches when one of the patterns is found in it."""

    intent: Text
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}$")], ...] = Field(min_length=1)
    patterns: tuple[Text, ...] = Field(min_length=1)
    examples: Examples


class Rule(Matcher):
    """One reason to refuse a question or to withhold an answer."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    side: Literal["question", "answer"]
    reply: str
    """A name in `Policy.replies`."""


class Policy(_Value):
    """Every rule with the words and replies that rules share. Invalid policies cannot be built.

    Rules are tried in their order, and the first rule that matches decides.
    """

    vocabulary: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Z_]*$")], tuple[Text, ...]]
    """Name → alternatives, each a regular expression. `{NAME}` in a pattern stands for one of them."""
    replies: dict[str, Text]
    care: Matcher
    """What makes a text point to care. See `Guardrails.unsafe`."""
    rules: tuple[Rule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_coherent(self) -> Policy:
        problem = next(self._problems(), None)
        if problem:
            raise ValueError(problem)
        return self

    @classmethod
    def of(cls, values: Any) -> Policy:
        """Return the policy that a YAML file holds as `values`. Raises ConfigError that names rule and field."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            lines = [
                f"{_place(values, item['loc'])}{item['msg'].removeprefix('Value error, ')}" for item in error.errors()
            ]
            raise ConfigError(f"{FILE}: {'; '.join(lines)}") from error

    def expand(self, pattern: str) -> str:
        """Return the pattern with each `{NAME}` replaced by the alternatives of that name. KeyError: no such name."""
        return _NAME_IN_BRACES.sub(lambda match: f"(?:{'|'.join(self.vocabulary[match[1]])})", pattern)

    def _problems(self) -> Iterator[str]:
        """Describe what the fields cannot check one by one, each problem with its place."""
        for name, alternatives in self.vocabulary.items():
            for alternative in alternatives:
                if _NAME_IN_BRACES.search(alternative):
                    yield f"vocabulary {name}: {alternative!r} uses another name; write its words out"
                yield from _pattern_problems(f"vocabulary {name}", alternative)
        for identifier, count in Counter(rule.id for rule in self.rules).items():
            if count > 1:
                yield f"rule {identifier!r}: {count} rules have this id; give each its own"
        for rule in self.rules:
            if rule.reply not in self.replies:
                yield f"rule {rule.id!r}, reply: no reply {rule.reply!r}; there are {', '.join(self.replies)}"
        for where, matcher in self.matchers():
            yield from self._matcher_problems(where, matcher)

    def _matcher_problems(self, where: str, matcher: Matcher) -> Iterator[str]:
        for number, pattern in enumerate(matcher.patterns, start=1):
            place = f"{where}, pattern {number}"
            unknown = sorted(set(_NAME_IN_BRACES.findall(pattern)) - set(self.vocabulary))
            if unknown:
                yield f"{place}: the vocabulary has no {', '.join(unknown)}; it has {', '.join(self.vocabulary)}"
            else:
                yield from _pattern_problems(place, self.expand(pattern))

    def matchers(self) -> Iterator[tuple[str, Matcher]]:
        """Every set of patterns with its place, as error messages name it."""
        yield "care", self.care
        for rule in self.rules:
            yield f"rule {rule.id!r}", rule


def _pattern_problems(place: str, pattern: str) -> Iterator[str]:
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        yield f"{place}: not a regular expression: {error}"
        return
    if compiled.search(""):
        yield f"{place}: matches the empty text, and so every text"


def _place(raw: Any, location: tuple[int | str, ...]) -> str:
    """Return where an error is, with the rule's id instead of its number where it has one."""
    parts = list(location)
    if len(parts) > 1 and parts[0] == "rules" and isinstance(parts[1], int):
        rule = raw["rules"][parts[1]]
        name = rule.get("id") if isinstance(rule, dict) else None
        parts[:2] = [f"rule {name!r}" if name else f"rule number {parts[1] + 1}"]
    return "".join(f"{part}, " for part in parts[:-1]) + f"{parts[-1]}: " if parts else ""
