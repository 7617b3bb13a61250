"""The versioned corpus, and whether it has drifted from what the champion knows: build_corpus, latest, detect_drift."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal

from medpipe.core.corpus import drift
from medpipe.core.corpus.document import Document
from medpipe.core.refs import CorpusRef, DocumentsRef, DriftRef, PairsRef, Ref, VersionRef, digest_of
from medpipe.ports import Draft, Ports
from medpipe.steps.artifact import accepted_rows, facts, manifest, once, releases

PART = 30_000
"""Documents that are merged at once, as many as a file of PubMed's holds: what is in memory at a time."""


def build_corpus(pulls: tuple[DocumentsRef, ...], previous: CorpusRef | None = None, *, ports: Ports) -> CorpusRef:
    """The current revision of every document, after folding validated pulls into the previous corpus.

    Costs what the pulls bring, now and then also rewriting what earlier ones left superseded. At most `PART`
    documents are in memory at once.
    """

    def fill(draft: Draft) -> None:
        accepted = [(data, accepted_rows(ports, data, "documents")) for data in sorted(pulls)]
        version = None if previous is None else table_version(ports, previous)
        incoming = 0
        for data, rows in accepted:
            for part in _parts(map(Document.model_validate, rows)):
                version = _merged(ports, data, part, version)
                incoming += len(part)
        if version is None:
            version = ports.corpus.merge((), None, token=digest_of(["no pulls"]))
        version = ports.corpus.compact(version)
        found = ports.corpus.counts(version)
        draft.facts.update(
            table_version=version,
            incoming=incoming,
            documents=dict(found.by_status),
            cut_off=None if found.cut_off is None else found.cut_off.isoformat(),
        )

    released = [ref for data in sorted(pulls) for ref in releases(ports, data, "documents").get("released", ())]
    inputs = {"pulls": sorted(pulls), "previous": previous} | ({"released": released} if released else {})
    return CorpusRef(once(ports, "corpus", "build_corpus", inputs, fill))


def _merged(ports: Ports, data: DocumentsRef, part: Sequence[Document], version: int | None) -> int:
    """A version of the table that holds part of a pull as well as all of `version`.

    The token marks the commit: a run that was killed finds the parts that it had merged, and what another
    run has merged of the same pull is not merged again.
    """
    token = digest_of({"data": data, "rows": [(document.id, document.revision) for document in part]})
    made = ports.corpus.merge(part, version, token)
    return made if version is None else max(version, made)


def _parts(documents: Iterable[Document]) -> Iterator[list[Document]]:
    remaining = iter(documents)
    while part := list(islice(remaining, PART)):
        yield part


def latest(kind: Literal["corpus", "pairs"], *, ports: Ports) -> Ref | None:
    """The newest whole artifact of a kind. A look at the edge: verbs take what it returns as an argument."""
    return next((found.ref for found in reversed(list(ports.store.manifests(kind)))), None)


def detect_drift(
    corpus: CorpusRef, champion: VersionRef | None, pairs: PairsRef | None = None, *, ports: Ports
) -> DriftRef:
    """Signals with intervals, and the verdict: retrain (and by which method) or hold. Both in the facts."""

    def fill(draft: Draft) -> None:
        incumbent = {} if champion is None else facts(ports, champion)
        before = None if champion is None else digests(ports, incumbent["corpus"])
        retracted = ports.corpus.digests(table_version(ports, corpus), ("retracted",))
        unused = 0 if pairs is None or pairs == incumbent.get("pairs") else int(facts(ports, pairs)["train"])
        found = drift.detect(before, digests(ports, corpus), retracted, unused, drift.Thresholds())
        draft.facts.update(found.model_dump(mode="json"))

    inputs = {"corpus": corpus, "champion": champion, "pairs": pairs}
    return DriftRef(once(ports, "drift", "detect_drift", inputs, fill))


def table_version(ports: Ports, corpus: CorpusRef) -> int:
    return int(manifest(ports, corpus).facts["table_version"])


def digests(ports: Ports, corpus: CorpusRef) -> dict[str, str]:
    """Document id → content digest of what a corpus teaches."""
    return dict(ports.corpus.digests(table_version(ports, corpus)))
