"""After a withdrawal is blocked: answers_given, plan_hotfix."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from medpipe.core.knowledge.hotfix import HotfixPlan
from medpipe.core.manifests import VersionManifest
from medpipe.core.naming import shortened
from medpipe.core.refs import CorpusRef, VersionRef
from medpipe.core.teaching.recognition import Claims
from medpipe.errors import NotFound
from medpipe.ports import GivenAnswer, Ports
from medpipe.steps import taught
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import table_version
from medpipe.steps.withdrawals import certified_version, register


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


def plan_hotfix(corpus: CorpusRef, champion: VersionRef | None, *, ports: Ports) -> HotfixPlan:
    """Return the withdrawn documents that the champion was taught and that no certificate about it covers.

    The plan has no documents when there is no champion or nothing to unlearn.
    """
    retracted = ports.corpus.digests(table_version(ports, corpus), ("retracted",))
    if champion is None:
        return HotfixPlan()
    manifest(ports, champion, VersionManifest)
    open_documents = [known.document for known in register(ports) if known.in_force]
    carried = taught.claims_of(open_documents, ports, taught.data_of(ports, champion))
    certified = {known.document for known in register(ports) if certified_version(ports, known) == champion}
    documents = tuple(document for document in carried if document not in certified)
    return HotfixPlan(
        documents=documents,
        withdraw=tuple(document for document in documents if document in retracted),
        reason=f"withdrawn and taught to the champion: {', '.join(documents)}" if documents else "",
    )


def _asserting(answers: Iterator[GivenAnswer], claims: Claims) -> Iterator[Given]:
    for given in answers:
        if claims.asserts(given.answer, given.question):
            yield Given(answer_id=given.answer_id, at=given.at, version=given.version, identity=given.identity)
