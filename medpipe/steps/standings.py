"""What documents count as, for people: standings."""

from __future__ import annotations

from collections.abc import Iterator

from medpipe.core import sources
from medpipe.core.corpus import vanished
from medpipe.core.corpus.document import Document, Status
from medpipe.core.corpus.standing import Decision, standing
from medpipe.core.knowledge.opening import MEDPIPE
from medpipe.core.knowledge.withdrawals import State, Withdrawal
from medpipe.core.manifests import CorpusManifest
from medpipe.core.refs import CorpusRef, DocumentsRef
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import last_listed, left_out, table_version
from medpipe.steps.withdrawals import check_id, register


def standings(corpus: CorpusRef, documents: tuple[str, ...] = (), *, ports: Ports) -> str:
    """List what documents of a corpus count as, with reason and date, and no text.

    The documents that are named; without any, those on hold, those that the register of withdrawals has in force, and
    those that the newest whole delivery of their source lacks, with the days since the last one that had them. Raises
    UsageError for what can be no document's id.
    """
    for id in documents:
        check_id(id)
    version = table_version(ports, corpus)
    in_force = {known.document: known for known in register(ports) if known.in_force}
    wanted = set(documents) or in_force.keys() | ports.corpus.revisions(version, (Status.ON_HOLD.value,)).keys()
    lines = {
        document.id: _line(document, in_force.get(document.id))
        for document in ports.corpus.read(version, tuple(Status), wanted)
    }
    absent = [f"{id}: not in the corpus" for id in documents if id not in lines]
    missing = () if documents else _missing(ports, corpus, version)
    return "\n".join([*lines.values(), *absent, *missing]) or "Nothing is on hold."


def _line(document: Document, withdrawal: Withdrawal | None) -> str:
    known = standing(document, None if withdrawal is None else _decision(withdrawal))
    since = f" since {known.day}" if known.day else ""
    return f"{document.id}: {known.status.value}{since}{f': {known.reason}' if known.reason else ''}"


def _decision(withdrawal: Withdrawal) -> Decision:
    people = any(event.state is State.OPENED and event.by != MEDPIPE for event in withdrawal.events)
    return Decision(people, withdrawal.reason, withdrawal.opened_at.date())


def _missing(ports: Ports, corpus: CorpusRef, version: int) -> Iterator[str]:
    """Yield a line for each document that is missing from the newest whole delivery of a source that has a policy."""
    pulls = tuple(map(DocumentsRef, manifest(ports, corpus, CorpusManifest).inputs.pulls))
    for source in sources.SOURCES:
        if sources.whole(source.name) and (limit := ports.source_policy(source.name).vanished_days):
            listed = last_listed(ports, source.name, version, pulls)
            without = left_out(ports, source.name, pulls)
            for id, days in sorted(vanished.missing_days(listed, source.notices).items()):
                what = f"without a text in {source.name}" if id in without else f"missing from {source.name}"
                then = "says nothing any more" if source.notices else "on hold"
                yield f"{id}: {what} for {days} days; {then} after {limit}"
