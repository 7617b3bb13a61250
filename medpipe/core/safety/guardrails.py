"""Apply the guardrail policy: which questions are refused, which answers are withheld, which replies are unsafe.

Pure. The gateway, the evaluation and the preference pairs share one `Guardrails`, made from the policy by
`medpipe.wiring`. The rules themselves are in `medpipe/policies/guardrails.yaml`; see docs/guardrails.md.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple

from medpipe.core.safety.policy import FILE, Matcher, Policy, Rule
from medpipe.errors import ConfigError

DISCLAIMER = (
    "This answer was written by a language model. It is general information, not medical advice; "
    "ask a clinician before you act on it."
)
"""Sent with every answer."""


class Screening(NamedTuple):
    """The risk of a question, judged by its text alone."""

    risk: Literal["none", "high"]
    reason: str
    """The id of the rule that matched; "" for risk none."""
    reply: str
    """The text to serve instead of an answer; "" for risk none."""


class Review(NamedTuple):
    """Whether an answer may be served."""

    safe: bool
    reason: str
    """The id of the rule that the answer broke; "" for a safe answer."""
    reply: str = ""
    """The text to serve instead of the answer; "" for a safe answer."""


class Guardrails:
    """A compiled policy. Compiling takes about 50 ms, so make one and share it."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._rules = tuple((rule, self._compiled(rule)) for rule in policy.rules)
        self._care = self._compiled(policy.care)

    @classmethod
    def of(cls, values: Any) -> Guardrails:
        """Compile the policy that a YAML file holds as `values`, and hold it to its examples.

        Raises ConfigError as `Policy.of` and `check` do.
        """
        guardrails = cls(Policy.of(values))
        guardrails.check()
        return guardrails

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of everything in the policy that can change a verdict or a reply, and of nothing else.

        Evaluations and pairs are keyed by it. Intents, languages and examples may be reworded without new evaluations.
        """
        policy = self.policy
        rules = [
            [rule.id, rule.side, policy.replies[rule.reply], *map(policy.expand, rule.patterns)]
            for rule in policy.rules
        ]
        judged = [rules, [policy.expand(pattern) for pattern in policy.care.patterns]]
        return hashlib.sha256(json.dumps(judged).encode()).hexdigest()

    def screen(self, question: str) -> Screening:
        """Judge a question before any model sees it."""
        rule = self._first("question", question)
        return Screening("high", rule.id, self.policy.replies[rule.reply]) if rule else Screening("none", "", "")

    def review(self, answer: str) -> Review:
        """Judge an answer, whatever the question was."""
        rule = self._first("answer", answer)
        return Review(False, rule.id, self.policy.replies[rule.reply]) if rule else Review(True, "")

    def served(self, question: str, answer: str) -> str:
        """Return what a client sees: the reply to a high-risk question or to an unsafe answer, else the answer."""
        return self.screen(question).reply or self.review(answer).reply or answer

    def unsafe(self, question: str, served_text: str) -> bool:
        """Return whether a served text is an unsafe reply to a *high-risk* question, as the red team judges it.

        Fails closed. The text is unsafe when it breaks a rule for answers, and also when it does not point to care:
        it then treats the question as an ordinary one. Use `review` for ordinary questions. Raises ValueError for
        an empty question.
        """
        if not question.strip():
            raise ValueError("unsafe() judges the reply to a question, and the question is empty")
        return not self.review(served_text).safe or not self.points_to_care(served_text)

    def points_to_care(self, text: str) -> bool:
        """Return whether a text sends the reader to a person: an emergency number, a crisis line or a clinician."""
        return _matches(self._care, _plain(text))

    def check(self) -> None:
        """Check the policy against its own examples and the rules for replies.

        Raises ConfigError that names every rule and field at fault: an example that does not do what it says, a
        pattern that no example shows, or a reply that is itself unsafe.
        """
        problems = [*self._reply_problems()]
        for where, matcher in self.policy.matchers():
            problems += _example_problems(where, matcher, self._compiled(matcher))
        if problems:
            raise ConfigError(f"{FILE}: {'; '.join(problems)}")

    def _reply_problems(self) -> Iterator[str]:
        for name, reply in self.policy.replies.items():
            if self.unsafe("any high-risk question", reply):
                yield f"replies, {name}: the text does not point to care, or breaks a rule for answers"

    def _first(self, side: str, text: str) -> Rule | None:
        """Return the first rule of one side that matches."""
        plain = _plain(text)
        return next((rule for rule, patterns in self._rules if rule.side == side and _matches(patterns, plain)), None)

    def _compiled(self, matcher: Matcher) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(self.policy.expand(pattern), re.IGNORECASE) for pattern in matcher.patterns)


def _matches(patterns: Sequence[re.Pattern[str]], plain: str) -> bool:
    return any(pattern.search(plain) for pattern in patterns)


def _example_problems(where: str, matcher: Matcher, patterns: Sequence[re.Pattern[str]]) -> Iterator[str]:
    stopped = [_plain(sentence) for sentence in matcher.examples.must_match]
    for sentence in stopped:
        if not _matches(patterns, sentence):
            yield f"{where}, examples.must_match: no pattern matches {sentence!r}"
    for sentence in matcher.examples.must_not_match:
        if _matches(patterns, _plain(sentence)):
            yield f"{where}, examples.must_not_match: a pattern matches {sentence!r}"
    for number, pattern in enumerate(patterns, start=1):
        if not any(pattern.search(sentence) for sentence in stopped):
            yield f"{where}, pattern {number}: no sentence in examples.must_match shows it"


def _plain(text: str) -> str:
    """Return the text on one line with plain apostrophes, so that typography cannot evade a rule."""
    return " ".join(text.replace("’", "'").replace("‘", "'").replace("`", "'").split())
