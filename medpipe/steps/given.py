"""Answers that gateways gave and that asserted what is withdrawn: answers_given, and how many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from medpipe.core.naming import shortened
from medpipe.core.teaching.recognition_by_document import ClaimsByDocument
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
    answers = tuple(
        Given(answer_id=given.answer_id, at=given.at, version=given.version, identity=given.identity)
        for _, given in _asserting((document,), ports)
    )
    ports.progress(1.0, f"{len(answers)} answers asserted what {document} said")
    return GivenAnswers(document=document, count=len(answers), answers=answers)


def count_given(documents: Collection[str], *, ports: Ports) -> dict[str, int]:
    """Return for each withdrawn document how many answers `answers_given` lists.

    All answers are read once, whatever the number of documents, and memory grows with neither. Raises NotFound when a
    document was never withdrawn.
    """
    counts = dict.fromkeys(documents, 0)
    for document, _ in _asserting(documents, ports):
        counts[document] += 1
    return counts


def _asserting(documents: Collection[str], ports: Ports) -> Iterator[tuple[str, GivenAnswer]]:
    """Yield each document with each answer that asserts one of its claims, oldest answer first."""
    if not documents:
        return
    known = {withdrawal.document: withdrawal.claims for withdrawal in register(ports)}
    if unknown := [document for document in documents if document not in known]:
        raise NotFound(f"{shortened(unknown[0])} was never withdrawn; `medpipe list-withdrawals` lists what was")
    claims = ClaimsByDocument({document: known[document] for document in documents})
    for given in ports.feedback.answers():
        for document in claims.asserted(given.answer, given.question):
            yield document, given
