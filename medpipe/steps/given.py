"""Answers that gateways gave and that asserted what is withdrawn: answers_given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from medpipe.core.naming import shortened
from medpipe.core.teaching.recognition import Claims
from medpipe.errors import NotFound
from medpipe.ports import GivenAnswer, Ports
from medpipe.steps.withdrawals import register


class Given(BaseModel):
    """An answer that was given, without its texts."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    answer_id: str
    at: datetime
    version: str
    identity: str
    """The pseudonym of who asked: only the holder of the signing key can tell who that is."""


class GivenAnswers(BaseModel):
    """The answers that asserted what a withdrawn document said, oldest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    document: str
    count: int
    answers: tuple[Given, ...]


def answers_given(document: str, *, ports: Ports) -> GivenAnswers:
    """List the answers that gateways gave and that assert a claim of a withdrawn document: id, time, version, asker.

    Texts are neither returned nor logged. A lifted withdrawal is listed too. Raises NotFound when the document was
    never withdrawn.
    """
    withdrawal = next((known for known in register(ports) if known.document == document), None)
    if withdrawal is None:
        raise NotFound(f"{shortened(document)} was never withdrawn; `medpipe list-withdrawals` lists what was")
    answers = tuple(_asserting(ports.feedback.answers(), Claims(withdrawal.claims)))
    ports.progress(1.0, f"{len(answers)} answers asserted what {document} said")
    return GivenAnswers(document=document, count=len(answers), answers=answers)


def _asserting(answers: Iterator[GivenAnswer], claims: Claims) -> Iterator[Given]:
    for given in answers:
        if claims.asserts(given.answer, given.question):
            yield Given(answer_id=given.answer_id, at=given.at, version=given.version, identity=given.identity)
