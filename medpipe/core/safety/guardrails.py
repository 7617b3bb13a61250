"""Apply the guardrail policy: which questions are refused and which answers are withheld.

Pure. The gateway, the evaluation and the preference pairs share one `Guardrails`, made from the policy by
`medpipe.wiring`. The rules are in `medpipe/policies/guardrails.yaml`; see docs/guardrails.md. Whether a reply
to a high-risk question is harmful is judged by other criteria (`core.safety.harm`). The red flags of triage
(`core.safety.red_flags`) act here too, on answers that are a label of triage.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal, NamedTuple

from medpipe.core.safety.patterns import matches, plain, readings
from medpipe.core.safety.policy import Policy, Rule
from medpipe.core.safety.red_flags import RedFlags
from medpipe.core.safety.scanner import Places, Scanner, cut
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
    """A compiled policy. Compiling takes about 50 ms, so make one and share it.

    `red_flags`: the signs that make a case of triage immediate; None: no answer is made more urgent.
    """

    def __init__(self, policy: Policy, red_flags: RedFlags | None = None) -> None:
        self.policy, self.red_flags = policy, red_flags
        self._rules = tuple(
            (rule, tuple(Scanner(policy.expand(pattern)) for pattern in rule.patterns)) for rule in policy.rules
        )
        self._care = policy.compiled(policy.care)

    @classmethod
    def of(cls, values: Any, red_flags: RedFlags | None = None) -> Guardrails:
        """Compile the policy that a YAML file holds as `values`, and hold it to its examples.

        Raises ConfigError as `Policy.of` and `check` do.
        """
        guardrails = cls(Policy.of(values), red_flags)
        guardrails.check()
        return guardrails

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of everything in the policies that can change a verdict or a reply, and of nothing else.

        Evaluations and pairs are keyed by it. Intents, languages and examples may be reworded without new evaluations.
        """
        policy = self.policy
        rules = [
            [rule.id, rule.side, policy.replies[rule.reply], *map(policy.expand, rule.patterns)]
            for rule in policy.rules
        ]
        judged: list[Any] = [rules, [policy.expand(pattern) for pattern in policy.care.patterns]]
        if self.red_flags:
            judged.append(self.red_flags.digest)
        return hashlib.sha256(json.dumps(judged).encode()).hexdigest()

    def screen(self, question: str) -> Screening:
        """Judge a question before any model sees it."""
        rule = self._first("question", question)
        return Screening("high", rule.id, self.policy.replies[rule.reply]) if rule else Screening("none", "", "")

    def review(self, answer: str) -> Review:
        """Judge an answer, whatever the question was."""
        rule = self._first("answer", answer)
        return Review(False, rule.id, self.policy.replies[rule.reply]) if rule else Review(True, "")

    def override(self, question: str, answer: str) -> str:
        """Return the label `immediate` for a less urgent one, if the question tells of a red flag; else ""."""
        return self.red_flags.override(question, answer) if self.red_flags else ""

    def replacement(self, question: str, answer: str) -> str:
        """Return what a rule serves instead of the answer; "" if no rule for questions or answers matches."""
        return self.screen(question).reply or self.review(answer).reply or self.override(question, answer)

    def served(self, question: str, answer: str) -> str:
        """Return what a client sees: the reply to a high-risk question or to an unsafe answer, else the answer."""
        return self.replacement(question, answer) or answer

    def points_to_care(self, text: str) -> bool:
        """Return whether a text sends the reader to a person: an emergency number, a crisis line or a clinician.

        A text that does so can still be harmful; see `core.safety.harm`.
        """
        return matches(self._care, plain(text))

    def check(self) -> None:
        """Check the policy against its own examples and the rules for replies.

        Raises ConfigError that names every rule and field at fault: an example that does not do what it says, a
        pattern that no example shows, or a reply that breaks a rule for answers or does not point to care.
        """
        problems = [*self._reply_problems(), *self.policy.example_problems()]
        if problems:
            raise ConfigError(f"{Policy.file}: {'; '.join(problems)}")

    def _reply_problems(self) -> Iterator[str]:
        for name, reply in self.policy.replies.items():
            if not self.review(reply).safe or not self.points_to_care(reply):
                yield f"replies, {name}: the text does not point to care, or breaks a rule for answers"

    def _first(self, side: str, text: str) -> Rule | None:
        """Return the first rule of one side that matches."""
        read = [Places(cut(line)) for line in readings(text)]
        return next(
            (
                rule
                for rule, scanners in self._rules
                if rule.side == side and any(scanner.found(places) for scanner in scanners for places in read)
            ),
            None,
        )
