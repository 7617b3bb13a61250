"""From a folder into an object store: copy_home."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext

from pydantic import BaseModel, ConfigDict

from medpipe.ports import Part, Ports
from medpipe.steps.lease import exclusively
from medpipe.steps.sweeping import LEASE


class Copied(BaseModel):
    """What the object store lacked of a home."""

    model_config = ConfigDict(frozen=True)
    applied: bool
    """False: nothing was copied, and this is what would be."""
    artifacts: int
    table: int
    """Files of the corpus table."""
    heads: int
    """Heads of the chains of ledger, register and audit."""
    bytes: int
    remarks: tuple[str, ...]


def copy_home(apply: bool = False, *, ports: Ports) -> Copied:
    """Copy corpus, artifacts and heads of chains from MEDPIPE_HOME to MEDPIPE_STORAGE; or say what would be copied.

    Without `apply`, nothing is copied. Nothing may write to the home meanwhile; it stays as it is. What the object
    store has already is not copied again: a run that was killed is finished by the next. Readers find whole artifacts
    only, and versions of the corpus in their order. Raises ConfigError without MEDPIPE_STORAGE and where it has another
    corpus, Damaged for heads that cannot be read, and Unavailable while `gc` is at work: it would remove what an
    earlier run copied before its manifest.
    """
    with exclusively(ports.leases, LEASE) if apply else nullcontext():
        parts = ports.home_copy.copy(ports.progress) if apply else ports.home_copy.missing()
    numbers = {part.what: part.number for part in parts}
    size = sum(part.bytes for part in parts)
    return Copied(applied=apply, bytes=size, remarks=tuple(_lines(parts, size, apply)), **numbers)


def _lines(parts: Sequence[Part], size: int, applied: bool) -> Iterator[str]:
    done = "copied" if applied else "would be copied"
    for part in parts:
        yield f"{part.what}: {part.number} {done}"
    left = "" if applied else "; `medpipe copy-home --apply` copies it"
    yield f"{size / 1e6:,.1f} MB {done}{left}"
