"""The versioned corpus, and whether it has drifted from what the champion knows: build_corpus, latest, detect_drift."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from medpipe.core import drift
from medpipe.core.document import Document, Status
from medpipe.core.refs import CorpusRef, DocumentsRef, DriftRef, PairsRef, Ref, VersionRef, digest_of
from medpipe.ports import Draft, Ports
from medpipe.steps.artifact import accepted_rows, facts, manifest, once


def build_corpus(pulls: tuple[DocumentsRef, ...], previous: CorpusRef | None = None, *,
                 ports: Ports) -> CorpusRef:
    """The current revision of every document, after folding validated pulls into the previous corpus."""
    inputs = {"pulls": sorted(pulls), "previous": previous}

    def fill(draft: Draft) -> None:
        incoming = [Document.model_validate(row) for data in sorted(pulls)
                    for row in accepted_rows(ports, data, "documents")]
        before = None if previous is None else int(facts(ports, previous)["table_version"])
        # The token marks the table's commit: a run killed before its manifest finds its own commit again.
        version = ports.corpus.merge(incoming, before, token=digest_of(inputs))
        known = [(document.status, document.published)
                 for document in ports.corpus.read(version, statuses=tuple(Status))]
        draft.facts.update(table_version=version, incoming=len(incoming),
                           documents=dict(sorted(Counter(str(status) for status, _ in known).items())),
                           cut_off=max((published.isoformat() for _, published in known), default=None))

    return CorpusRef(once(ports, "corpus", "build_corpus", inputs, fill))


def latest(kind: Literal["corpus", "pairs"], *, ports: Ports) -> Ref | None:
    """The newest whole artifact of a kind. A look at the edge: verbs take what it returns as an argument."""
    return next((found.ref for found in reversed(list(ports.store.manifests(kind)))), None)


def detect_drift(corpus: CorpusRef, champion: VersionRef | None, pairs: PairsRef | None = None, *,
                 ports: Ports) -> DriftRef:
    """Signals with intervals, and the verdict: retrain (and by which method) or hold. Both in the facts."""
    def fill(draft: Draft) -> None:
        incumbent = {} if champion is None else facts(ports, champion)
        before = None if champion is None else digests(ports, incumbent["corpus"])
        version = table_version(ports, corpus)
        retracted = [document.id for document in ports.corpus.read(version, ("retracted",))]
        unused = 0 if pairs is None or pairs == incumbent.get("pairs") else int(facts(ports, pairs)["train"])
        found = drift.detect(before, digests(ports, corpus), retracted, unused, drift.Thresholds())
        draft.facts.update(found.model_dump(mode="json"))

    inputs = {"corpus": corpus, "champion": champion, "pairs": pairs}
    return DriftRef(once(ports, "drift", "detect_drift", inputs, fill))


def table_version(ports: Ports, corpus: CorpusRef) -> int:
    return int(manifest(ports, corpus).facts["table_version"])


def digests(ports: Ports, corpus: CorpusRef) -> dict[str, str]:
    """Document id → content digest of what a corpus teaches."""
    return {document.id: document.digest for document in ports.corpus.read(table_version(ports, corpus))}
