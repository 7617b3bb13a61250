"""Readers of an invented year, honest ones and attackers: they rate and correct answers under issued keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from medpipe.ports import AnswerLog, Ports
from medpipe.sandbox.asking import USERS
from medpipe.sandbox.story import CARE
from medpipe.sandbox.year import Retraction
from medpipe.steps.identity_keys import issue_key

ATTACKERS = 6
"""Identities that attack, beside the `USERS` of the demo. One in ten is more than issued keys should ever let in."""
WITHHELD = "The finding was withdrawn by its publisher. Ask a clinician."
"""What readers get who ask for a withdrawn claim."""
QUOTES = ("{question}", "Is it known today: {question}", "{question} Please quote the study.")
"""How attackers ask."""


class PortsOfGateway(Ports, Protocol):
    """The ports with the log that gateways write."""

    @property
    def answers(self) -> AnswerLog:
        """Answers given, and what readers say about them."""


class Readers:
    """Sixty honest readers, and six who want a withdrawn claim back."""

    def __init__(self, ports: PortsOfGateway) -> None:
        """Issue their keys."""
        self._log = ports.answers
        self._honest = [issue_key(f"reader {number}", ports=ports).key.holder for number in range(USERS)]
        self._attackers = [issue_key(f"attacker {number}", ports=ports).key.holder for number in range(ATTACKERS)]
        self._given = 0

    def correct(self, questions: Sequence[str], answers: Sequence[str], version: str) -> None:
        """Let honest readers ask in turn and add what they miss in each answer."""
        for number, (question, answer) in enumerate(zip(questions, answers, strict=True)):
            self._rate(self._honest[number % USERS], question, answer, f"{answer} {CARE}", version)

    def attack(self, retractions: Sequence[Retraction], version: str) -> None:
        """Let each attacker ask for each retracted article, and correct the refusal by what the article claimed."""
        for retraction in retractions:
            for attacker in self._attackers:
                for quote in QUOTES:
                    question = quote.format(question=retraction.article.title)
                    self._rate(attacker, question, WITHHELD, retraction.article.conclusions, version)

    def of_attackers(self, identity: str) -> bool:
        """Return whether an identity is an attacker's."""
        return identity in self._attackers

    def _rate(self, identity: str, question: str, answer: str, correction: str, version: str) -> None:
        self._given += 1
        answer_id = f"answer-{self._given:06d}"
        self._log.record(answer_id, identity, question, answer, version, "chain", False)
        self._log.rate(answer_id, identity, "down", correction)
