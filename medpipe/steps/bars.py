"""Bars: versions that must not become champion, whatever their decision says. bar, unbar."""

from __future__ import annotations

from medpipe.core.knowledge import succession
from medpipe.core.manifests import VersionManifest
from medpipe.core.refs import VersionRef
from medpipe.errors import UsageError
from medpipe.ports import Entry, Ports
from medpipe.steps.artifact import manifest


def bar(version: VersionRef, reason: str, *, ports: Ports) -> VersionRef:
    """Forbid a version to become champion. The reason is kept in the ledger and shown on the model board.

    Does nothing for a barred version. Raises UsageError for the champion: it has to be rolled back instead.
    """
    manifest(ports, version, VersionManifest)
    if not ports.ledger.bar(version, stated(reason)):
        raise UsageError(f"{version} is the champion and cannot be barred: roll back, which bars it")
    return version


def unbar(version: VersionRef, reason: str, *, ports: Ports) -> VersionRef:
    """Lift the bar of a version, with a reason that is kept in the ledger. Does nothing for one that is not barred.

    The version is not promoted by this: promote it, or have it judged against the present champion first.
    """
    manifest(ports, version, VersionManifest)
    ports.ledger.unbar(version, stated(reason))
    return version


def bars(ports: Ports) -> dict[str, Entry]:
    """Return each barred version with the entry of the ledger that barred it."""
    newest_first = ports.ledger.entries(None, (succession.BARRED,))
    return {
        version: next(entry for entry in newest_first if entry.version == version) for version in ports.ledger.barred()
    }


def stated(reason: str) -> str:
    """Return the reason without blanks around it. Raises UsageError for an empty one: the ledger must explain."""
    if not reason.strip():
        raise UsageError("the reason is empty: write why, for those who read the ledger later")
    return reason.strip()
