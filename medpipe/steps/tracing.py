"""From documents to what was taught with them, and from a model to the documents that it was taught: trace."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from medpipe import records
from medpipe.core.knowledge import lineage
from medpipe.core.refs import TraceRef, kind_of
from medpipe.errors import MedpipeError
from medpipe.ports import Draft, Manifest, Ports
from medpipe.steps.artifact import facts, once

INDEX = "documents.jsonl"
"""Beside the examples, by document id: which rows of `train.jsonl` each document revision is in (`lineage.shares`)."""
TRAINING = "train.jsonl"
FOUND = "found.jsonl"
"""What a trace found, row by row."""
SHOWN = 10
"""Lines of each kind that are shown; the artifact has them all."""
_DATA = ("examples", "pairs")

Row = dict[str, Any]


def trace(of: tuple[str, ...], forward: bool = False, back: bool = False, *, ports: Ports) -> TraceRef:
    """Which examples, adapters and versions carry some documents; or which documents a model was taught.

    Forward, the default for document ids (`pmid:…`): the training rows of each, and the adapters that learned from
    them, directly or through what they started from, and their versions. Forward of a ref: what learned from it.
    Back, the default for refs (`version/…`, `adapter/…`, `examples/…`, `pairs/…`, or one example as
    `examples/…#row`, from 0): the documents, with revision and digest. The facts name the refs; `found.jsonl` has
    a row for each document revision, forward for each example that it is in.
    """
    if forward and back:
        raise MedpipeError("trace: either --forward or --back; run it twice for both")
    if not of:
        raise MedpipeError("trace: name documents (pmid:…) or refs (version/…, adapter/…, examples/…)")
    refs = [name for name in of if _is_ref(name)]
    if refs and len(refs) < len(of):
        raise MedpipeError(f"trace: {', '.join(refs)} cannot be traced together with documents; run it once for each")
    if back and not refs:
        raise MedpipeError(
            "trace --back starts from a version, an adapter, examples or pairs; documents have only a --forward"
        )
    made = _Made(
        {kind: {found.ref: found for found in ports.store.manifests(kind)} for kind in (*_DATA, "adapter", "version")}
    )
    forward = forward or not refs
    inputs = {"of": sorted(of), "forward": forward, "made": {kind: sorted(found) for kind, found in made.by.items()}}

    def fill(draft: Draft) -> None:
        work: Callable[..., Mapping[str, Any]] = _forward if forward else _back
        draft.facts.update(work(ports, made, sorted(set(of)), draft.path / FOUND))

    target = TraceRef(once(ports, "trace", "trace", inputs, fill))
    ports.progress(1.0, _shown(ports, target))
    return target


class _Made(NamedTuple):
    """Every artifact that can carry documents, by kind and ref."""

    by: Mapping[str, Mapping[str, Manifest]]

    @property
    def adapters(self) -> dict[str, tuple[str, str]]:
        return {
            name: (str(found.facts["data"]), str(found.facts["start_from"]))
            for name, found in self.by["adapter"].items()
        }

    @property
    def adapter_of(self) -> dict[str, str]:
        """The adapter of each version."""
        return {name: str(found.facts["adapter"]) for name, found in self.by["version"].items()}

    def named(self, name: str) -> str:
        """The ref in `name`; raises MedpipeError when there is no such artifact."""
        bare = name.partition("#")[0]
        if bare not in self.by.get(kind_of(bare), {}):
            raise MedpipeError(f"trace: there is no {bare} here, or it was never finished")
        return bare


def _forward(ports: Ports, made: _Made, of: Sequence[str], out: Path) -> dict[str, Any]:
    """From documents (or refs) to the data, adapters and versions that carry them."""
    starts = {made.named(name) for name in of if _is_ref(name)}
    documents = [name for name in of if not _is_ref(name)]
    reached: dict[str, int] = {}

    def rows() -> Iterator[Row]:
        for kind in _DATA:
            for data in made.by[kind]:
                for row in _carried(ports, data, documents):
                    reached[data] = reached.get(data, 0) + 1
                    yield row

    count = records.write_rows(out, rows())
    data = {*reached, *(name for name in starts if kind_of(name) in _DATA)}
    first = {made.adapter_of.get(name, name) for name in starts}
    adapters = {name for name in made.adapters if first & set(lineage.ancestry(name, made.adapters, made.adapter_of))}
    adapters |= lineage.carrying(data, made.adapters, made.adapter_of)
    return {
        "direction": "forward",
        "documents": documents,
        "from": sorted(starts),
        "rows": count,
        **{kind: sorted(name for name in data if kind_of(name) == kind) for kind in _DATA},
        "adapters": sorted(adapters),
        "versions": sorted(name for name, adapter in made.adapter_of.items() if adapter in adapters),
    }


def _back(ports: Ports, made: _Made, of: Sequence[str], out: Path) -> dict[str, Any]:
    """From refs to the documents that they were taught, through all that they went on from."""
    adapters, data = set(), set()
    for name in of:
        found = made.named(name)
        if kind_of(found) in _DATA:
            data.add(name)
        else:
            adapters |= set(lineage.ancestry(made.adapter_of.get(found, found), made.adapters, made.adapter_of))
    data |= {made.adapters[adapter][0] for adapter in adapters}
    count = records.write_rows(out, (row for name in sorted(data) for row in _taught(ports, name)))
    return {
        "direction": "back",
        "documents": [],
        "from": sorted(of),
        "rows": count,
        **{kind: sorted({name.partition("#")[0] for name in data if name.startswith(f"{kind}/")}) for kind in _DATA},
        "adapters": sorted(adapters),
        "versions": sorted(name for name, adapter in made.adapter_of.items() if adapter in adapters),
    }


def _carried(ports: Ports, data: str, documents: Sequence[str]) -> Iterator[Row]:
    """A row for each example (or pair) of `data` that one of the documents is in."""
    if not documents:
        return
    folder = ports.store.folder(data)
    if (folder / INDEX).exists():
        found = (row for id in documents for row in _lookup(folder / INDEX, id))
    else:
        found = (row for row in _shares(records.read_rows(folder / TRAINING)) if row["id"] in documents)
    for row in found:
        for place in row["rows"]:
            yield {"data": data, "row": place, "id": row["id"], "revision": row["revision"], "digest": row["digest"]}


def _taught(ports: Ports, name: str) -> Iterator[Row]:
    """A row for each document revision in data, or in one example of it (`examples/…#row`)."""
    data, _, place = name.partition("#")
    folder = ports.store.folder(data)
    if place:
        found: Iterable[Row] = _shares([_line(folder / TRAINING, name, place)])
    elif (folder / INDEX).exists():
        found = records.read_rows(folder / INDEX)
    else:
        found = _shares(records.read_rows(folder / TRAINING))
    for row in found:
        yield {"data": name, **{key: row[key] for key in ("id", "revision", "digest", "examples")}}


def _shares(rows: Iterable[Row]) -> list[Row]:
    """What the index says, where there is none: preference pairs are few."""
    return lineage.shared(
        (row.get("document_ids", ()), row.get("document_revisions", ()), row.get("document_digests", ()))
        for row in rows
    )


def _line(path: Path, name: str, place: str) -> Row:
    """One row of a file of JSON Lines, without parsing those before it."""
    with path.open("rb") as lines:
        found = next(islice(lines, int(place), None), None) if place.isdecimal() else None
    if found is None:
        raise MedpipeError(f"trace: {name} is no example: rows are counted from 0")
    row: Row = json.loads(found)
    return row


def _lookup(index: Path, id: str) -> Iterator[Row]:
    """The rows of a document in an index, which is sorted by id: found by halving, in some twenty reads."""
    with index.open("rb") as lines:
        low, high = 0, index.stat().st_size
        while low < high:  # the first line that begins at or after `low` is the earliest that may be ours
            middle = (low + high) // 2
            line = _line_after(lines, middle)
            if line and json.loads(line)["id"] < id:
                low = middle + 1
            else:
                high = middle
        line = _line_after(lines, low)
        while line and (row := json.loads(line))["id"] == id:
            yield row
            line = lines.readline()


def _line_after(lines: BinaryIO, offset: int) -> bytes:
    """The first whole line that begins at or after a place in the file."""
    lines.seek(max(0, offset - 1))
    if offset:
        lines.readline()  # the rest of the line that holds the byte before
    return lines.readline()


def _shown(ports: Ports, target: TraceRef) -> str:
    """What a trace found, for people: refs, and the first rows."""
    found = facts(ports, target)
    with (ports.store.folder(target) / FOUND).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in islice(lines, SHOWN)]
    named = [
        f"  {kind:9} {', '.join(found[kind][:SHOWN]) or 'none'}{' …' if len(found[kind]) > SHOWN else ''}"
        for kind in (*_DATA, "adapters", "versions")
    ]
    return "\n".join(
        [
            f"traced {found['direction']} from {', '.join(found['documents'] or found['from'])}: "
            f"{found['rows']} rows in {target}",
            *named,
            *(f"  {' '.join(f'{key} {value}' for key, value in row.items() if value != '')}" for row in rows),
            *(["  …"] if found["rows"] > len(rows) else []),
        ]
    )


def _is_ref(name: str) -> bool:
    return name.split("/", 1)[0] in (*_DATA, "adapter", "version") and "/" in name
