"""The guardrail policy as a value: what is refused, why, and what is said instead.

The shipped policy is `medpipe/policies/guardrails.yaml`, whose head explains the fields to those who write rules.
`core.safety.guardrails` applies it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from medpipe.core.safety.patterns import Book, Id, Matcher, Text


class Rule(Matcher):
    """One reason to refuse a question or to withhold an answer."""

    id: Id
    side: Literal["question", "answer"]
    reply: str
    """A name in `Policy.replies`."""


class Policy(Book):
    """Every rule with the words and replies that rules share. Invalid policies cannot be built.

    Rules are tried in their order, and the first rule that matches decides.
    """

    file = "guardrails.yaml"
    lists = {"rules": "rule"}

    replies: dict[str, Text]
    care: Matcher
    """What makes a text point to care. Every reply must."""
    rules: tuple[Rule, ...] = Field(min_length=1)

    def problems(self) -> Iterator[str]:
        """Describe what the fields cannot check one by one, each problem with its place."""
        for identifier, count in Counter(rule.id for rule in self.rules).items():
            if count > 1:
                yield f"rule {identifier!r}: {count} rules have this id; give each its own"
        for rule in self.rules:
            if rule.reply not in self.replies:
                yield f"rule {rule.id!r}, reply: no reply {rule.reply!r}; there are {', '.join(self.replies)}"
        yield from super().problems()

    def matchers(self) -> Iterator[tuple[str, Matcher]]:
        """Every set of patterns with its place, as error messages name it."""
        yield "care", self.care
        for rule in self.rules:
            yield f"rule {rule.id!r}", rule
