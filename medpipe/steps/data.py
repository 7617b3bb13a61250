"""From what NLM publishes to examples: pull, validate, build_corpus, build_examples, detect_drift, trace."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Literal

from medpipe import records
from medpipe.core import drift, examples, lineage
from medpipe.core.document import Document, Status
from medpipe.core.refs import (
    CorpusRef,
    DocumentsRef,
    DriftRef,
    ExamplesRef,
    PairsRef,
    Ref,
    TraceRef,
    VersionRef,
    digest_of,
)
from medpipe.errors import BatchRejected, MedpipeError
from medpipe.ports import Draft, Ports
from medpipe.steps.artifact import accepted_rows, facts, manifest, once, rows_file, validation_inputs

TEACHING = ("current", "retracted", "notice")
"""Statuses that build_examples sees; only current ones are taught, the others explain withdrawals."""


def pull(source: str, start: date, end: date, ids: tuple[str, ...] = (), *, ports: Ports) -> DocumentsRef:
    """The documents that a source revised in [start, end), or only those in `ids` of that window."""
    def fill(draft: Draft) -> None:
        found = ports.source(source).pull(start, end, ids)
        draft.facts["documents"] = records.write(draft.path / "documents.jsonl", found)

    inputs = {"source": source, "start": start.isoformat(), "end": end.isoformat(), "ids": sorted(ids)}
    return DocumentsRef(once(ports, "documents", "pull", inputs, fill))


def validate(data: Ref, suite: str, *, ports: Ports) -> Ref:
    """Great Expectations on every row: bad rows are quarantined with reasons, a bad batch stops.

    Returns `data` unchanged, so that the next verb says what it reads. Raises BatchRejected.
    """
    def fill(draft: Draft) -> None:
        rows = list(records.read_rows(rows_file(ports, data, suite)))
        draft.facts.update(rows=len(rows), accepted=True, reasons=[], quarantined_rows=[], report="")
        if not rows:  # a day without news is no fault; volume over several days is watched by detect_drift
            return
        result = ports.validator.validate(rows, suite, name=data.replace("/", "-"))
        records.write_rows(draft.path / "quarantine.jsonl", (
            {"index": index, "reasons": reasons, "row": rows[index]}
            for index, reasons in sorted(result.rejected.items())))
        draft.facts.update(accepted=result.accepted, reasons=list(result.reasons),
                           quarantined_rows=sorted(result.rejected), report=result.report)

    validation = once(ports, "validation", "validate", validation_inputs(ports, data, suite), fill)
    found = facts(ports, validation)
    if not found["accepted"]:
        raise BatchRejected(f"{data} was stopped by the suite {suite!r}: {'; '.join(found['reasons'])}. "
                            f"See {found['report']}; nothing of it entered the corpus.")
    return data


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


def build_examples(corpus: CorpusRef, recipe: str, since: CorpusRef | None = None, knows: CorpusRef | None = None,
                   withdraw: tuple[str, ...] = (), *, ports: Ports) -> ExamplesRef:
    """Examples to learn and samples to ask, split so that no asked phrasing is ever taught.

    What is asked as new is what `since` lacks (the incumbent's corpus; None: all is new); what is taught as
    new is what `knows` lacks (the corpus that the start of the training has learned; None: all of it).
    `withdraw` names retracted documents whose claims are to be answered as withdrawn.
    """
    plan = ports.recipe(recipe)
    inputs = {"corpus": corpus, "recipe": plan.model_dump(mode="json"), "since": since,
              "knows": knows, "withdraw": sorted(withdraw)}

    def fill(draft: Draft) -> None:
        documents = list(ports.corpus.read(_table_version(ports, corpus), TEACHING))
        missing = set(withdraw) - {document.id for document in documents if document.status is Status.RETRACTED}
        if missing:
            raise MedpipeError(f"not retracted in {corpus}, so nothing to withdraw: {', '.join(sorted(missing))}. "
                               "Pull the retraction first, or correct the ids.")
        asked, taught = (examples.build(documents, plan, None if known is None else _digests(ports, known), withdraw,
                                        ports.safety()) for known in (since, knows))
        if withdraw and not asked.withdrawn:
            raise MedpipeError(f"{', '.join(sorted(withdraw))}: answered no question, so nothing was learned from it "
                               "and there is no claim to withdraw; no hotfix is needed")
        records.write(draft.path / "train.jsonl", taught.train)
        for name in ("new_knowledge", "old_knowledge", "withdrawn"):
            samples = getattr(asked, name)
            records.write(draft.path / "benchmarks" / f"{name.replace('_', '-')}.jsonl", samples)
            draft.facts[name] = len(samples)
        records.write_rows(draft.path / "documents.jsonl", lineage.shares(taught.train))
        draft.facts.update(train=len(taught.train), card=taught.card, drops=dict(taught.drops), corpus=corpus)

    return ExamplesRef(once(ports, "examples", "build_examples", inputs, fill))


def detect_drift(corpus: CorpusRef, champion: VersionRef | None, pairs: PairsRef | None = None, *,
                 ports: Ports) -> DriftRef:
    """Signals with intervals, and the verdict: retrain (and by which method) or hold. Both in the facts."""
    def fill(draft: Draft) -> None:
        incumbent = {} if champion is None else facts(ports, champion)
        before = None if champion is None else _digests(ports, incumbent["corpus"])
        version = _table_version(ports, corpus)
        retracted = [document.id for document in ports.corpus.read(version, ("retracted",))]
        unused = 0 if pairs is None or pairs == incumbent.get("pairs") else int(facts(ports, pairs)["train"])
        found = drift.detect(before, _digests(ports, corpus), retracted, unused, drift.Thresholds())
        draft.facts.update(found.model_dump(mode="json"))

    inputs = {"corpus": corpus, "champion": champion, "pairs": pairs}
    return DriftRef(once(ports, "drift", "detect_drift", inputs, fill))


def trace(documents: tuple[str, ...], *, ports: Ports) -> TraceRef:
    """Which examples, adapters and versions carry these documents, directly or through what they started from."""
    examples_of = {found.ref: frozenset(row["id"] for row in records.read_rows(
        ports.store.folder(found.ref) / "documents.jsonl")) for found in ports.store.manifests("examples")}
    adapters = {found.ref: found for found in ports.store.manifests("adapter")}
    versions = {found.ref: found for found in ports.store.manifests("version")}
    inputs = {"documents": sorted(documents), "examples": sorted(examples_of), "adapters": sorted(adapters),
              "versions": sorted(versions)}

    def fill(draft: Draft) -> None:
        wanted = frozenset(documents)
        carrying = {name for name, ids in examples_of.items() if ids & wanted}
        tainted = lineage.carrying(
            carrying, {name: (found.facts["data"], found.facts["start_from"]) for name, found in adapters.items()})
        draft.facts.update(documents=sorted(wanted), examples=sorted(carrying), adapters=sorted(tainted),
                           versions=sorted(name for name, found in versions.items()
                                           if found.facts["adapter"] in tainted))

    return TraceRef(once(ports, "trace", "trace", inputs, fill))


def _table_version(ports: Ports, corpus: CorpusRef) -> int:
    return int(manifest(ports, corpus).facts["table_version"])


def _digests(ports: Ports, corpus: CorpusRef) -> dict[str, str]:
    """Document id → content digest of what a corpus teaches."""
    return {document.id: document.digest for document in ports.corpus.read(_table_version(ports, corpus))}
