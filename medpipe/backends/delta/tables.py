"""Opening and making the corpus' Delta table, and what its failures are called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from medpipe.backends.delta.place import Place
from medpipe.backends.delta.rows import DELTA_SCHEMA
from medpipe.errors import MedpipeError, NotFound

_KEEP = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    # Statistics of texts would fill the log, and no reader searches texts by their first letters.
    "delta.dataSkippingStatsColumns": "id,sequence,revision,status,published",
}
"""Properties of the table that keep old versions for a century: champions were trained on them."""

_DISK_FULL = ("No space left", "File too large", "Disk quota exceeded", "os error 28", "os error 27", "os error 122")
"""Parts of messages by which delta-rs reports ENOSPC, EFBIG and EDQUOT."""


def newest(place: Place, previous: int | None) -> DeltaTable:
    """Return the newest version, of a new table where there is none. Raises NotFound for an unknown `previous`."""
    try:
        table = place.table()
    except TableNotFoundError:
        if previous is not None:
            raise NotFound(_missing(previous)) from None
        place.make()
        table = _created(place)
    if previous is not None and previous > table.version():
        raise NotFound(_missing(previous))
    return table


def at(place: Place, version: int) -> DeltaTable:
    """Return a version. Raises NotFound without it."""
    try:
        return place.table(version)
    except DeltaError as error:
        raise NotFound(_missing(version)) from error


@contextmanager
def room(place: Place) -> Iterator[None]:
    """Name a full disk, or a store that fails. The table is unchanged: no commit names the files."""
    try:
        with place.plain_errors():
            yield
    except CommitFailedError:
        raise
    except (DeltaError, OSError) as error:
        if not any(sign in str(error) for sign in _DISK_FULL):
            raise
        raise MedpipeError(
            f"no space left for the corpus in {place.address}: nothing was changed. Make room, then run build_corpus "
            "again"
        ) from error


def _created(place: Place) -> DeltaTable:
    with room(place):
        try:
            return DeltaTable.create(
                place.address,
                schema=DELTA_SCHEMA,
                configuration=_KEEP,
                name="corpus",
                description="Every state of every document; the highest sequence of an id is the current one",
                storage_options=place.options,
            )
        except DeltaError:
            if not place.is_table():
                raise
            return place.table()  # another writer has created it in the meantime


def _missing(version: int) -> str:
    return f"the corpus has no version {version}: run build_corpus without `previous`, or restore the table"
