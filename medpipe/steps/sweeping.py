"""Room on the disk: gc. What nothing needs any more goes; the ledger keeps what went."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from medpipe import records
from medpipe.core.manifests import AdapterManifest, Manifest, SweepInputs, SweepManifest, SweepOutcome, SweptRow
from medpipe.core.refs import digest_of, kind_of
from medpipe.core.retention import REMAINS, Retention
from medpipe.errors import UsageError
from medpipe.ports import Leftover, Ports
from medpipe.steps import unerased, workspaces
from medpipe.steps.artifact import manifest, once, target_ref
from medpipe.steps.beside import Beside, beside
from medpipe.steps.lease import exclusively
from medpipe.steps.retention import Inventory
from medpipe.steps.swept import EVENT, ROWS

LEASE = "gc"
"""Name of the lease under which files go that no manifest names yet: whoever copies such files takes it too."""
_SECONDS = 10.0
"""How long artifacts are removed at a time. No copy of what people wrote is published meanwhile, and nothing erased."""


class Room(BaseModel):
    """Artifacts, folders or files of one kind."""

    model_config = ConfigDict(frozen=True)
    number: int
    bytes: int


class Gc(BaseModel):
    """What goes, and what stays and why."""

    model_config = ConfigDict(frozen=True)
    applied: bool
    """False: nothing was removed, and this is what would be."""
    sweep: str | None
    """The artifact that names every removed one; None when nothing but leftovers went."""
    stripped: dict[str, Room]
    """Kind → artifacts of which the manifest stays, and what goes of them."""
    removed: dict[str, Room]
    """Kind → artifacts that go whole; leftovers, MLflow's `copies` of weights and files of the corpus `table` too."""
    kept: dict[str, int]
    """Why artifacts stay → how many."""
    remarks: tuple[str, ...]


def gc(at: datetime | None = None, apply: bool = False, *, ports: Ports) -> Gc:
    """Remove what nothing needs any more and what is older than the policy retention.yaml says; or say what would go.

    Without `apply`, nothing is removed. `at`: the time at which ages are counted; None: now, by the database's clock.
    What a champion, an earlier one, a version that passed its gates, a certificate, a corpus or a person's decision
    needs stays, whatever the policy says. The manifests of artifacts that a version or an evaluation came from stay
    too. A sweep, with an entry in the ledger, names every artifact before the first one goes, so `verify` tells what
    was removed from what was lost. MLflow's copies of weights go with them, and versions of the corpus table that
    nothing needs. A run that was killed is finished by the next. Raises Damaged when a manifest cannot
    be read, UsageError for a time without a zone or in the future, and Unavailable when another run is at work.
    """
    now = ports.withdrawals.now()
    at = at or now
    if at.tzinfo is None:
        raise UsageError("give at with a time zone, such as 2026-03-04T00:00:00Z")
    if apply and at > now + timedelta(hours=1):
        raise UsageError(f"at={at.isoformat()} is in the future: everything would seem older than it is")
    inventory = Inventory(ports)
    if not apply:
        decided = inventory.retained(at)
        rest = beside(ports, inventory, decided, apply)
        return _report(None, False, _rows(ports, inventory.manifests, decided), _old(ports, at), rest, decided)
    with exclusively(ports.leases, LEASE) as check:
        _forget_unregistered(ports)
        decided = inventory.retained(at)
        rows = list(_rows(ports, inventory.manifests, decided))
        leftovers = _old(ports, at)
        sweep = _recorded(ports, at, rows) if rows else None
        check()
        done = 0
        while done < len(rows):
            ports.progress(done / len(rows), f"removing {kind_of(rows[done].ref)}/…")
            done += _remove(ports, rows[done:], inventory, at)
            check()
        leftovers = [each for each in leftovers if _remove_leftover(ports, each)]
        rest = beside(ports, inventory, inventory.retained(at), apply)
    return _report(sweep, True, rows, leftovers, rest, decided)


def _forget_unregistered(ports: Ports) -> None:
    """Remove sweeps that the ledger does not have: their runs were killed before they removed anything."""
    registered = {entry.version for entry in ports.ledger.entries(None, (EVENT,))}
    for sweep in frozenset(ports.store.refs(SweepManifest)) - registered:
        ports.store.remove(sweep)


def _rows(ports: Ports, manifests: Mapping[str, Manifest], decided: Retention) -> Iterator[SweptRow]:
    """Yield what may go of each artifact, without artifacts of which nothing may."""
    every = [(ref, False) for ref in decided.stripped] + [(ref, True) for ref in decided.removed]
    for ref, removed in every:
        sizes = ports.store.sizes(ref)
        stays = frozenset() if removed else REMAINS.get(kind_of(ref), frozenset())
        files = tuple(path for path in manifests[ref].digests if path in sizes and path not in stays)
        if files or removed:
            count = sum(sizes.values()) if removed else sum(sizes[path] for path in files)
            yield SweptRow(ref=ref, content=manifests[ref].content(), files=files, removed=removed, bytes=count)


def _old(ports: Ports, at: datetime) -> list[Leftover]:
    policy = ports.retention_policy
    return [each for each in ports.leftovers.all() if at - each.changed >= timedelta(days=policy.days(each.kind) or 0)]


def _recorded(ports: Ports, at: datetime, rows: Sequence[SweptRow]) -> str:
    """Write what will go, as an artifact and in the ledger, and return the artifact's ref."""

    def fill(folder: Path) -> SweepOutcome:
        records.write(folder / ROWS, rows)
        return SweepOutcome(artifacts=len(rows), bytes=sum(row.bytes for row in rows))

    inputs = SweepInputs(
        at=at,
        policy=ports.retention_policy.model_dump(mode="json"),
        content=digest_of([row.model_dump(mode="json") for row in rows]),
    )
    sweep = once(ports, SweepManifest.kind, "gc", inputs, fill)
    evidence = manifest(ports, sweep, SweepManifest).content()
    because = (f"{len(rows)} artifacts may go, {sum(row.bytes for row in rows):,} bytes",)
    ports.ledger.append(EVENT, sweep, "", because, key=f"{EVENT} {sweep}", evidence=evidence)
    return sweep


def _remove(ports: Ports, rows: Sequence[SweptRow], inventory: Inventory, at: datetime) -> int:
    """Remove some artifacts, except those that something which was made meanwhile needs. Returns how many are done.

    `erase` and the publication of copies wait: neither finds half of an artifact.
    """
    before = dict(inventory.manifests)
    inventory.retained(at)  # reads what is new before anybody has to wait
    with exclusively(ports.leases, unerased.LEASE):
        ends = time.monotonic() + _SECONDS
        decided = inventory.retained(at)
        removed, stripped = frozenset(decided.removed), frozenset(decided.stripped)
        for done, row in enumerate(rows):
            if done and time.monotonic() > ends:
                return done
            if ports.store.find(row.ref) != before.get(row.ref):
                continue  # it was made again
            if row.removed and row.ref in removed:
                ports.store.remove(row.ref)
            elif not row.removed and row.ref in stripped:
                ports.store.strip(row.ref, row.files)
    return len(rows)


def _remove_leftover(ports: Ports, leftover: Leftover) -> bool:
    """Remove a leftover, unless it was written to since, or a training goes on in it. Returns whether it went."""
    training = workspaces.inputs_in(Path(leftover.place))
    if training is None:
        return ports.leftovers.remove(leftover)
    lease = ports.leases.take(target_ref(AdapterManifest.kind, "train", training), _SECONDS)
    if lease is None:
        return False
    try:
        return ports.leftovers.remove(leftover)
    finally:
        ports.leases.release(lease)


def _report(
    sweep: str | None,
    applied: bool,
    rows: Iterable[SweptRow],
    leftovers: Sequence[Leftover],
    rest: Beside,
    decided: Retention,
) -> Gc:
    every = list(rows)
    stripped = _rooms((kind_of(row.ref), row.bytes) for row in every if not row.removed)
    gone = [(kind_of(row.ref), row.bytes) for row in every if row.removed]
    removed = _rooms([*gone, *((each.kind, each.bytes) for each in leftovers)])
    removed |= {kind: Room(number=number, bytes=size) for kind, number, size in rest.sizes()}
    return Gc(
        applied=applied,
        sweep=sweep,
        stripped=stripped,
        removed=removed,
        kept=dict(sorted(Counter(decided.whole.values()).items())),
        remarks=tuple(_lines(applied, stripped, removed)),
    )


def _rooms(of: Iterable[tuple[str, int]]) -> dict[str, Room]:
    numbers, sizes = Counter[str](), Counter[str]()
    for kind, size in of:
        numbers[kind] += 1
        sizes[kind] += size
    return {kind: Room(number=numbers[kind], bytes=sizes[kind]) for kind in sorted(numbers)}


def _lines(applied: bool, stripped: Mapping[str, Room], removed: Mapping[str, Room]) -> Iterator[str]:
    would = "" if applied else "would be "
    for kind, room in removed.items():
        yield f"{kind}: {room.number} {would}removed, {room.bytes / 1e6:,.1f} MB"
    for kind, room in stripped.items():
        yield f"{kind}: files of {room.number} {would}removed, {room.bytes / 1e6:,.1f} MB; the manifests stay"
    total = sum(room.bytes for room in (*stripped.values(), *removed.values()))
    freed = "freed" if applied else "would be freed; `medpipe gc --apply` removes it"
    yield f"{total / 1e6:,.1f} MB {freed}"
