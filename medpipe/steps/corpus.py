"""The versioned corpus: build_corpus, latest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Literal

from medpipe import records
from medpipe.core import sources
from medpipe.core.batches import batched
from medpipe.core.corpus import vanished
from medpipe.core.corpus.document import Document, Status
from medpipe.core.corpus.watermark import Delivered, Listing, PostedFile, Watermark, advanced
from medpipe.core.manifests import (
    MANIFESTS,
    CorpusInputs,
    CorpusManifest,
    CorpusOutcome,
    DocumentsManifest,
)
from medpipe.core.refs import CorpusRef, DocumentsRef, Ref, digest_of
from medpipe.errors import Damaged
from medpipe.ports import Ports
from medpipe.steps.artifact import accepted_rows, manifest, once, release_refs, rows_file
from medpipe.steps.quarantine import bad_records

PART = 30_000
"""Documents that are merged at once. A PubMed file has as many. Bounds the documents in memory."""


def build_corpus(pulls: tuple[DocumentsRef, ...], previous: CorpusRef | None = None, *, ports: Ports) -> CorpusRef:
    """Fold validated deliveries into the previous corpus: the current revision of every document.

    The cost grows with what the pulls bring; now and then the table is compacted as well. At most `PART` documents
    are in memory at once. Raises NotValidated, before anything is merged, for a delivery that was not accepted.
    """

    def fill(_: Path) -> CorpusOutcome:
        before = None if previous is None else _present(ports, previous)
        version, incoming = _folded(ports, pulls, before, inputs.vanished_days)
        version = ports.corpus.compact(version)
        counts = ports.corpus.counts(version)
        return CorpusOutcome(
            table_version=version,
            content=ports.corpus.content(version),
            incoming=incoming,
            documents=dict(counts.by_status),
            cut_off=counts.cut_off,
            watermarks=advanced(_watermarks(ports, previous), _delivered(ports, pulls)),
        )

    inputs = CorpusInputs(
        pulls=tuple(sorted(pulls)),
        previous=previous,
        history=_history(ports, pulls, previous),
        released=tuple(review for data in sorted(pulls) for review in release_refs(ports, data, "documents")),
        vanished_days=_vanished_days(ports, pulls),
    )
    corpus = CorpusRef(once(ports, "corpus", "build_corpus", inputs, fill))
    _present(ports, corpus)
    return corpus


def _watermarks(ports: Ports, previous: CorpusRef | None) -> Mapping[str, Watermark]:
    return {} if previous is None else manifest(ports, previous, CorpusManifest).outcome.watermarks


def _delivered(ports: Ports, pulls: Sequence[DocumentsRef]) -> Iterator[Delivered]:
    """Yield what whole pulls brought, for the watermarks: a pull of some ids leaves them where they are."""
    for data in pulls:
        pulled = manifest(ports, data, DocumentsManifest)
        source, outcome = sources.name_of(pulled.inputs.source), pulled.outcome
        if not pulled.inputs.ids:
            files = [PostedFile(**file.model_dump()) for file in outcome.files]
            asked_on = pulled.inputs.end - timedelta(days=1)  # or later
            listed = {series: Listing(asked_on, number) for series, number in outcome.listed.items()}
            yield Delivered(source, pulled.inputs.start, outcome.newest, files, sources.whole(source), listed)


def _history(ports: Ports, pulls: Sequence[DocumentsRef], previous: CorpusRef | None) -> str:
    """Return the digest of what a corpus is built from, so that deliveries with other texts give another ref."""
    stored = [ports.store.find(data) for data in sorted(pulls)]
    deliveries = ["" if delivery is None else delivery.content() for delivery in stored]
    before = None if previous is None else manifest(ports, previous, CorpusManifest).outcome.content
    return digest_of([deliveries, before])


def _vanished_days(ports: Ports, pulls: Sequence[DocumentsRef]) -> dict[str, int]:
    """Return source → the policy's days, of the pulls that have everything their source publishes."""
    stored = (ports.store.find(data) for data in pulls)
    whole = {one.whole_source for one in stored if isinstance(one, DocumentsManifest)} - {None}
    days = {source: ports.source_policy(source).vanished_days for source in sorted(filter(None, whole))}
    return {source: number for source, number in days.items() if number is not None}


def _folded(
    ports: Ports, pulls: Sequence[DocumentsRef], version: int | None, vanished_days: Mapping[str, int]
) -> tuple[int, int]:
    """Merge deliveries over a version of the table; return the new version and the number of their rows."""
    deliveries = [(data, accepted_rows(ports, data, "documents")) for data in sorted(pulls)]
    incoming = 0
    for data, rows in deliveries:
        for part in batched(map(Document.model_validate, rows), PART):
            version = _merged(ports, data, part, version)
            incoming += len(part)
    if version is None:
        version = ports.corpus.merge((), None, token=digest_of(["no pulls"]))
    for source, days in vanished_days.items():
        version = _without_vanished(ports, source, days, version, pulls)
    return version, incoming


def _without_vanished(ports: Ports, source: str, days: int, version: int, pulls: Sequence[DocumentsRef]) -> int:
    """Return a version of the table in which what a source no longer lists is on hold, and its notices have ended."""
    known = last_listed(ports, source, version, pulls)
    if sources.named(source).notices:
        gone = vanished.ended(source, known, days)
        token = digest_of([(document.id, document.revision) for document in gone])
        return max(version, ports.corpus.merge(gone, version, token)) if gone else version
    found = vanished.record(source, known, days, left_out(ports, source, pulls))
    if found is None:
        return version
    if not found.relations and not ports.corpus.revisions(version, (Status.NOTICE.value,), ids=(found.id,)):
        return version
    return max(version, ports.corpus.merge((found,), version, digest_of(found.model_dump(mode="json"))))


def last_listed(ports: Ports, source: str, version: int, pulls: Sequence[DocumentsRef]) -> dict[str, int]:
    """Return id → revision of the newest delivery that lists it, of documents that their publisher has not removed.

    A whole delivery among the pulls also lists what it has and what did not enter: quarantined rows and bad records.
    """
    publisher = sources.named(source)
    listed = (Status.NOTICE,) if publisher.notices else (Status.CURRENT, Status.ON_HOLD)
    known = dict(ports.corpus.revisions(version, [status.value for status in listed], prefix=f"{publisher.prefix}:"))
    for data in pulls:
        delivery = manifest(ports, data, DocumentsManifest)
        if delivery.whole_source == source:
            rows = (str(row["id"]) for row in records.read_rows(rows_file(ports, data, "documents")))
            ids = {*rows, *(record.id for record in bad_records(ports, data))}
            known |= {id: max(known[id], delivery.outcome.newest) for id in known.keys() & ids}
    return known


def left_out(ports: Ports, source: str, pulls: Sequence[DocumentsRef]) -> frozenset[str]:
    """Return what a whole delivery among the pulls lists without a text."""
    deliveries = (manifest(ports, data, DocumentsManifest) for data in pulls)
    return frozenset(id for one in deliveries if one.whole_source == source for id in one.outcome.left_out)


def _present(ports: Ports, corpus: CorpusRef) -> int:
    """Return a version of the table with everything that a corpus had merged.

    A table that was restored from a backup lacks the newest merges: they are folded again from the deliveries, oldest
    corpus first. The version may hold other documents as well, which were merged after the restoration.
    """
    missing: list[CorpusManifest] = []
    ref: str | None = corpus
    version = None
    while ref is not None and version is None:
        stored = manifest(ports, ref, CorpusManifest)
        version = ports.corpus.holding(stored.outcome.content, stored.outcome.table_version)
        if version is None:
            missing.append(stored)
        ref = stored.inputs.previous
    for stored in reversed(missing):
        pulls = tuple(map(DocumentsRef, stored.inputs.pulls))
        version, _ = _folded(ports, pulls, version, stored.inputs.vanished_days)
    return version or 0  # a corpus that no version holds was folded again, so there is one


def _merged(ports: Ports, data: DocumentsRef, part: Sequence[Document], version: int | None) -> int:
    """Return a version of the table with part of a delivery and all of `version`.

    The token names the commit: a run that follows a killed one finds the parts that were merged, and a part that
    another run has merged is not merged again.
    """
    token = digest_of({"data": data, "rows": [(document.id, document.revision) for document in part]})
    merged = ports.corpus.merge(part, version, token)
    return merged if version is None else max(version, merged)


def latest(kind: Literal["corpus", "pairs"], *, ports: Ports) -> Ref | None:
    """Return the newest whole artifact of a kind. Reads mutable state: pass the result to the other verbs."""
    refs = [stored.ref for stored in ports.store.manifests(MANIFESTS[kind])]
    return refs[-1] if refs else None


def table_version(ports: Ports, corpus: CorpusRef) -> int:
    """Return the version of the corpus table that holds a corpus.

    Raises Damaged where no version holds exactly its documents: the number alone does not say so, because a table that
    was restored from a backup uses numbers again.
    """
    outcome = manifest(ports, corpus, CorpusManifest).outcome
    version = ports.corpus.holding(outcome.content, outcome.table_version)
    if version is None:
        raise Damaged(
            f"the corpus table no longer holds {corpus} (version {outcome.table_version} has other documents, or is "
            "gone): was the table restored from a backup? Run the newest build_corpus again: it folds the missing "
            "deliveries in"
        )
    return version


def digests(ports: Ports, corpus: CorpusRef) -> dict[str, str]:
    """Map the current documents of a corpus to their content digests."""
    return dict(ports.corpus.digests(table_version(ports, corpus)))
