"""What a commit of the corpus table records beside its rows: the tally and the digest of what the version holds."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction

from medpipe.backends.delta.place import Place
from medpipe.backends.delta.rows import AWAITED, Rows
from medpipe.backends.delta.tally import TALLY, Tally
from medpipe.core.corpus import contents

CONTENT = "medpipe.content"
"""Key of the digest (`core.corpus.contents`) in a commit's metadata."""


def recorded(place: Place, version: int, key: str) -> str | None:
    """Return what a commit recorded under a key; None where another tool made it, or it is gone.

    It is read from the commit's own file: `DeltaTable.history` starts at the newest commit, whatever version is open.
    """
    text = place.text(f"_delta_log/{version:020}.json")
    actions = map(json.loads, (text or "").splitlines())
    return next((action["commitInfo"].get(key) for action in actions if "commitInfo" in action), None)


def tally(table: DeltaTable, place: Place) -> Tally:
    """Return the tally of the version that is open; its rows are counted where another tool made the commit."""
    text = recorded(place, table.version(), TALLY)
    return Tally.counted(Rows(table, place)) if text is None else Tally.parsed(text)


def content(table: DeltaTable, place: Place) -> str:
    """Return the digest of the version that is open, computed from its rows where another tool made the commit."""
    text = recorded(place, table.version(), CONTENT)
    return contents.of(_held(Rows(table, place).standing(("status", "revision", "digest")))) if text is None else text


def content_after(before: str, known: pa.Table, changed: pa.Table) -> str:
    """Return the digest after the rows `changed` replace those of their documents in `known`."""
    replaced = known.filter(pc.is_in(known.column("id"), value_set=changed.column("id")))
    return contents.after(before, _held(replaced), _held(changed))


def properties(tally: Tally, content: str, *marks: Transaction) -> CommitProperties:
    """Return the properties of a commit that records a tally and a digest."""
    # No retries inside delta-rs: they would commit this fold over rows that it has not read.
    return CommitProperties(
        custom_metadata={TALLY: tally.text(), CONTENT: content},
        max_commit_retries=0,
        app_transactions=list(marks) or None,
    )


def _held(rows: pa.Table) -> list[contents.Held]:
    rows = rows.filter(pc.not_equal(rows.column("status"), AWAITED))
    return list(zip(*(rows.column(name).to_pylist() for name in ("id", "revision", "digest")), strict=True))
