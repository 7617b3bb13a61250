"""Bars: versions that must not become champion, whatever their decision says. bar, unbar."""

from __future__ import annotations

from medpipe.core.manifests import VersionManifest
from medpipe.core.refs import VersionRef
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.withdrawals import check_decision


def bar(version: VersionRef, reason: str, by: str, *, ports: Ports) -> VersionRef:
    """Forbid a version to become champion. Reason and `by`, who decided, are kept in the ledger and shown on the board.

    Does nothing for a barred version. Raises UsageError for the champion: it has to be rolled back instead.
    """
    check_decision(reason, by)
    manifest(ports, version, VersionManifest)
    if not ports.ledger.bar(version, reason.strip(), by.strip()):
        raise UsageError(f"{version} is the champion and cannot be barred: roll back, which bars it")
    return version


def unbar(version: VersionRef, reason: str, by: str, *, ports: Ports) -> VersionRef:
    """Lift the bar of a version, with a reason and who decided (`by`), which the ledger keeps.

    Does nothing for one that is not barred. The version is not promoted by this: promote it, or have it judged against
    the present champion first.
    """
    check_decision(reason, by)
    manifest(ports, version, VersionManifest)
    ports.ledger.unbar(version, reason.strip(), by.strip())
    return version
