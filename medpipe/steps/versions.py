"""Every registered version with what it is: list_versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from medpipe.core.judging.gates import Outcome
from medpipe.core.knowledge import succession
from medpipe.core.manifests import DecisionManifest, DecisionOutcome, VersionManifest
from medpipe.ports import Entry, Ports
from medpipe.steps.memory import made_at
from medpipe.steps.rollout import HELD
from medpipe.steps.tracing import carriers
from medpipe.steps.withdrawals import register

Standing = Literal["champion", "barred", "held", "replaced", "judged"]
"""Where a version stands: `replaced` was champion, and nobody tried to promote a version that is `judged`."""
_TRIED = (*succession.CHANGES, HELD)
"""Events that made their version the champion, or that held it."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ListedVersion(_Value):
    """One version for people."""

    version: str
    registered: datetime
    recipe: str
    standing: Standing
    since: datetime | None = None
    """When it came to stand there; None if nobody tried to promote it."""
    by: str = ""
    """Of a version that is barred: who barred it; `medpipe` for a rollout that failed."""
    kind: str = ""
    """Of a version that was held: the kind of objection (`steps.objections`)."""
    reasons: tuple[str, ...] = ()
    """Of a version that is barred or was held: why."""
    gates: dict[str, Outcome] = {}
    """The gates of its decision that did not pass."""
    promoted: datetime | None = None
    """When it last became champion, by a promotion or by a rollback to it; None if it never was."""
    withdrawn: tuple[str, ...] = ()
    """Documents whose withdrawals are in force and whose claims it was taught, sorted."""


class VersionList(_Value):
    """Every version, newest first."""

    versions: tuple[ListedVersion, ...]


def list_versions(*, ports: Ports) -> VersionList:
    """List every registered version: where it stands and why, who barred it, what held it, what it carries.

    The newest is the first. Nothing is written.
    """
    newest_first = list(ports.store.manifests(VersionManifest))[::-1]
    return VersionList(versions=tuple(listed(newest_first, ports)))


def listed(versions: Sequence[VersionManifest], ports: Ports) -> list[ListedVersion]:
    """Return what some versions are, in their order. The ledger's entries about these versions alone are read."""
    champion, refs = ports.ledger.champion(), [version.ref for version in versions]
    entries = ports.ledger.entries(None, (*_TRIED, *succession.BARS), refs) if refs else []
    withdrawn = carriers([known.document for known in register(ports) if known.in_force], ports=ports)
    about: dict[str, list[Entry]] = {ref: [] for ref in refs}
    for entry in entries:
        about[entry.version].append(entry)
    return [_listed(version, about[version.ref], champion, withdrawn, ports) for version in versions]


def _listed(
    version: VersionManifest,
    newest_first: Sequence[Entry],
    champion: str | None,
    withdrawn: Mapping[str, Sequence[str]],
    ports: Ports,
) -> ListedVersion:
    decision = ports.store.find(version.outcome.decision)
    made_champion = next((entry for entry in newest_first if entry.event in succession.CHANGES), None)
    standing, entry = _standing(version.ref, newest_first, champion)
    explained = entry is not None and standing in ("barred", "held")
    return ListedVersion(
        version=version.ref,
        registered=made_at(version),
        recipe=version.outcome.recipe,
        standing=standing,
        since=entry.at if entry else None,
        by=entry.by if entry and standing == "barred" else "",
        kind=entry.decision if entry and standing == "held" else "",
        reasons=entry.reasons if entry and explained else (),
        gates=_not_passed(decision.outcome) if isinstance(decision, DecisionManifest) else {},
        promoted=made_champion.at if made_champion else None,
        withdrawn=tuple(document for document, carrying in withdrawn.items() if version.ref in carrying),
    )


def _standing(version: str, newest_first: Sequence[Entry], champion: str | None) -> tuple[Standing, Entry | None]:
    """Return where a version stands, and the entry that put it there."""
    tried = next((entry for entry in newest_first if entry.event in _TRIED), None)
    if version == champion:
        return "champion", tried
    bar = next((entry for entry in newest_first if entry.event in succession.BARS), None)
    if bar and bar.event == succession.BARRED:
        return "barred", bar
    if tried is None:
        return "judged", None
    return ("held" if tried.event == HELD else "replaced"), tried


def _not_passed(decision: DecisionOutcome) -> dict[str, Outcome]:
    return {gate.name: gate.outcome for gate in decision.gates if gate.outcome is not Outcome.PASS}
