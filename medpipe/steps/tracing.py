"""From documents to the models that carry them, and from a model to the documents that it was taught: trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from medpipe import records
from medpipe.core.knowledge.carried import Role
from medpipe.core.manifests import (
    MANIFESTS,
    TraceInputs,
    TraceManifest,
    TraceOutcome,
)
from medpipe.core.refs import TraceRef, kind_of
from medpipe.errors import NotFound, UsageError
from medpipe.ports import Ports
from medpipe.steps import carried
from medpipe.steps.artifact import manifest, once
from medpipe.steps.carried import TRAINING
from medpipe.steps.traceable import DATA, KINDS, Traceable

FOUND = "found.jsonl"
"""The rows that a trace reached."""
SHOWN = 10
"""Lines of each kind that are shown. The artifact has all of them."""
_LONGEST_NUMBER = 18
"""Digits of a row or a revision. Longer ones cannot exist, and Python refuses to convert very long ones."""

Row = dict[str, Any]


def trace(of: tuple[str, ...], forward: bool = False, back: bool = False, *, ports: Ports) -> TraceRef:
    """Find the examples, adapters and versions that carry some documents; or the documents that a model was taught.

    Forward is the default for documents: the training rows of each document, the adapters that learned from them,
    directly or through the adapter that they continued, their versions, and the prepared bases that have such an
    adapter merged in. A document is named by its id (`pmid:…`, every revision) or as `id@revision` (that revision only;
    pairs that do not say which revision count as any). Forward of a ref: what learned from it. Back is the default for
    refs (`version/…`, `adapter/…`, `prepared/…`, `examples/…`, `pairs/…`, or one example as `examples/…#row`, from 0):
    its documents, with revision, digest and role. The outcome names the refs. `found.jsonl` has a row for each
    document revision, forward for each example that it is in. Raises UsageError and NotFound.
    """
    refs = _checked(of, forward, back)
    existing = Traceable.of(ports)
    for name in refs:
        existing.ref_in(name)
    forward = forward or not refs
    inputs = TraceInputs(of=tuple(sorted(of)), forward=forward, made=existing.refs)

    def fill(folder: Path) -> TraceOutcome:
        follow = _forward if forward else _back
        return follow(ports, existing, sorted(set(of)), folder / FOUND)

    target = TraceRef(once(ports, "trace", "trace", inputs, fill))
    ports.progress(1.0, _shown(ports, target))
    return target


def versions_carrying(documents: Sequence[str], *, ports: Ports) -> tuple[str, ...]:
    """Return the versions that were taught what any of the documents say (ids), or that learned from refs.

    A version that was only taught that a document was withdrawn is not among them. None for no documents. `trace`
    answers the same, with the rows as an artifact for people; this writes nothing.
    """
    if not documents:
        return ()
    existing = Traceable.of(ports)
    starts = {existing.ref_in(name) for name in _checked(documents, forward=True, back=False)}
    taught = starts or {
        data
        for data in (*existing.examples, *existing.pairs)
        if any(row["role"] == Role.TAUGHT for row in _carried(ports, data, documents))
    }
    return existing.versions_of(existing.learned_from(taught))


def carriers(documents: Sequence[str], *, ports: Ports) -> dict[str, tuple[str, ...]]:
    """Return document id → the versions that were taught what any of its revisions says, as `versions_carrying` does.

    Sorted by document. Manifests are read once, whatever the number of documents.
    """
    teaching: dict[str, set[str]] = {document: set() for document in sorted(set(documents))}
    existing = Traceable.of(ports)
    for data in (*existing.examples, *existing.pairs) if teaching else ():
        for row in _carried(ports, data, list(teaching)):
            if row["role"] == Role.TAUGHT:
                teaching[row["id"]].add(data)
    return {
        document: existing.versions_of(existing.learned_from(data)) if data else ()
        for document, data in teaching.items()
    }


def _checked(of: Sequence[str], forward: bool, back: bool) -> list[str]:
    """Return the refs among the names. Raises UsageError for a question that cannot be answered."""
    if forward and back:
        raise UsageError("give either --forward or --back; run it twice for both")
    if not of:
        raise UsageError("name documents (pmid:…) or refs (version/…, adapter/…, examples/…)")
    for name in of:
        kind, slash, _ = name.partition("/")
        if slash and kind in MANIFESTS and kind not in KINDS:
            raise UsageError(f"a trace starts from documents, {', '.join(KINDS)}, and not from {name}")
    refs = [name for name in of if _is_ref(name)]
    if refs and len(refs) < len(of):
        raise UsageError(f"{', '.join(refs)} cannot be traced together with documents; run it once for each")
    if back and not refs:
        raise UsageError(
            "trace --back starts from a version, an adapter, a prepared base, examples or pairs; documents have only a "
            "--forward"
        )
    return refs


def _forward(ports: Ports, existing: Traceable, of: Sequence[str], out: Path) -> TraceOutcome:
    """Go from documents (or refs) to the data, adapters and versions that carry them."""
    starts = {existing.ref_in(name) for name in of if _is_ref(name)}
    documents = [name for name in of if not _is_ref(name)]
    reached = Counter[str]()

    def rows() -> Iterator[Row]:
        for data in (*existing.examples, *existing.pairs):
            for row in _carried(ports, data, documents):
                reached[data] += 1
                yield row

    count = records.write_rows(out, rows())
    data = {*reached, *(ref for ref in starts if kind_of(ref) in DATA)}
    adapters = existing.learned_from(starts | data)
    return TraceOutcome(
        direction="forward",
        documents=tuple(documents),
        refs=tuple(sorted(starts)),
        rows=count,
        examples=_of_kind("examples", data),
        pairs=_of_kind("pairs", data),
        adapters=tuple(sorted(adapters)),
        versions=existing.versions_of(adapters),
        prepared=existing.copies_of(adapters),
    )


def _back(ports: Ports, existing: Traceable, of: Sequence[str], out: Path) -> TraceOutcome:
    """Go from refs to the documents that they were taught, through every adapter that they continued."""
    data = {name for name in of if kind_of(existing.ref_in(name)) in DATA}
    adapters = {adapter for name in of if name not in data for adapter in existing.line_of(name)}
    data |= {existing.adapters[adapter][0] for adapter in adapters}
    count = records.write_rows(out, (row for name in sorted(data) for row in _taught(ports, name)))
    data_refs = {existing.ref_in(name) for name in data}
    return TraceOutcome(
        direction="back",
        documents=(),
        refs=tuple(sorted(of)),
        rows=count,
        examples=_of_kind("examples", data_refs),
        pairs=_of_kind("pairs", data_refs),
        adapters=tuple(sorted(adapters)),
        versions=existing.versions_of(adapters),
        prepared=existing.copies_of(adapters),
    )


def _of_kind(kind: str, refs: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(ref for ref in refs if kind_of(ref) == kind))


def _carried(ports: Ports, data: str, documents: Sequence[str]) -> Iterator[Row]:
    """Yield a row for each example (or pair) of `data` that one of the documents, or of the revisions, is in."""
    wanted = _revisions(documents)
    for share in carried.rows_about(ports, data, wanted):
        revisions = wanted[share["id"]]
        if None in revisions or share["revision"] in revisions:
            yield from ({"data": data, "row": row, **_revision(share)} for row in share["rows"])


def _revisions(documents: Sequence[str]) -> dict[str, set[int | None]]:
    """Return document id → the revisions that are asked for; None among them: every revision.

    `id@revision` asks for one, and for 0, which stands for a revision that the training data do not state.
    """
    wanted: dict[str, set[int | None]] = {}
    for name in documents:
        id, _, revision = name.rpartition("@")
        one = bool(id) and revision.isdecimal() and len(revision) <= _LONGEST_NUMBER
        wanted.setdefault(id if one else name, set()).update((int(revision), 0) if one else (None,))
    return wanted


def _revision(share: Row) -> Row:
    """Return what a row of an index says about the revision of its document."""
    return {**{key: share[key] for key in ("id", "revision", "digest")}, "role": share.get("role") or Role.TAUGHT}


def _taught(ports: Ports, name: str) -> Iterator[Row]:
    """Yield a row for each document revision in data, or in one example of it (`examples/…#row`)."""
    data, _, row = name.partition("#")
    if row:
        shares: Iterable[Row] = carried.shares([_row(ports.store.folder(data) / TRAINING, name, row)])
    else:
        shares = carried.document_rows(ports, data)
    for share in shares:
        yield {"data": name, **_revision(share), "examples": share["examples"]}


def _row(path: Path, name: str, number: str) -> Row:
    """Return one row of JSON Lines. Raises NotFound when there is no such row."""
    countable = number.isdecimal() and len(number) <= _LONGEST_NUMBER
    row = records.row_at(path, int(number)) if countable else None
    if row is None:
        raise NotFound(f"{name} is not an example: rows are counted from 0")
    return row


def _shown(ports: Ports, target: TraceRef) -> str:
    """Return what a trace reached, for people: refs, and the first rows."""
    outcome = manifest(ports, target, TraceManifest).outcome
    rows = list(islice(records.read_rows(ports.store.folder(target) / FOUND), SHOWN))
    named = {
        "examples": outcome.examples,
        "pairs": outcome.pairs,
        "adapters": outcome.adapters,
        "versions": outcome.versions,
        "prepared": outcome.prepared,
    }
    return "\n".join(
        [
            f"traced {outcome.direction} from {', '.join(outcome.documents or outcome.refs)}: "
            f"{outcome.rows} rows in {target}",
            *(
                f"  {kind:9} {', '.join(refs[:SHOWN]) or 'none'}{' …' if len(refs) > SHOWN else ''}"
                for kind, refs in named.items()
            ),
            *(f"  {' '.join(f'{key} {value}' for key, value in row.items() if value != '')}" for row in rows),
            *(["  …"] if outcome.rows > len(rows) else []),
        ]
    )


def _is_ref(name: str) -> bool:
    kind, slash, _ = name.partition("/")
    return bool(slash) and kind in KINDS
