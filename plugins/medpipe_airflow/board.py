"""The contents of the model board, read from the ledger and the manifests. The board decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from medpipe.core.judging.evaluation import Metric
from medpipe.core.judging.gates import GateResult
from medpipe.core.knowledge import succession
from medpipe.core.manifests import (
    AdapterManifest,
    AdapterOutcome,
    AnyManifest,
    DecisionManifest,
    DecisionOutcome,
    DriftManifest,
    EvaluationManifest,
    ValidationManifest,
    ValidationOutcome,
    VersionManifest,
    VersionOutcome,
)
from medpipe.core.refs import BASE
from medpipe.errors import MedpipeError, NotFound, UsageError
from medpipe.ports import Entry, Ports
from medpipe.settings import Settings
from medpipe.steps.bars import bars
from medpipe.steps.rollout import HELD
from medpipe.steps.withdrawing import Listed, list_withdrawals
from medpipe_airflow.freshness import Freshness, read_freshness

LINEAGE = ("corpus", "examples", "pairs", "adapter", "evaluation", "decision")
"""Fields of a version's outcome that hold refs, in the order in which the artifacts were made."""


class MetricRow(NamedTuple):
    """One benchmark before (the incumbent) and after (the version)."""

    name: str
    remark: str
    """The faults that its score counts, if it counts faults; else empty."""
    before: Metric | None
    after: Metric | None


class Standing(NamedTuple):
    """Where a version stands, since when, and what put it there."""

    word: str
    """`champion`, `barred`, `held`, `replaced` (it was champion) or `judged` (nobody tried to promote it yet)."""
    since: datetime | None = None
    kind: str = ""
    """Of a version that was held: the kind of objection (`steps.objections`)."""
    reasons: tuple[str, ...] = ()
    """Of a version that is barred or was held: why."""


class _Surroundings(NamedTuple):
    """What the versions of one page share, read once a page."""

    champion: str | None
    barred: Mapping[str, Entry]
    """Version → the entry that barred it."""
    tried: list[Entry]
    """Every entry that promoted a version, held it or went back to it, newest first."""
    entries: list[Entry]
    """The newest entries of the ledger, newest first."""
    remarks: dict[str, str]
    """Benchmark → the faults that its score counts; without benchmarks for which higher is better."""
    mlflow_pages: str | None


class Version(NamedTuple):
    """One registered version with the decision about it. Artifacts that were removed since are None."""

    name: str
    ref: str
    outcome: VersionOutcome
    decision: DecisionOutcome | None
    metrics: list[MetricRow]
    ancestry: list[str]
    """Names of the versions that its training continued, newest first; `base` at the end."""
    history: list[Entry]
    champion: bool
    standing: Standing
    registered: datetime
    mlflow: str
    """Address of its page in the registry; empty without one."""
    trained: AdapterOutcome | None


class Validated(NamedTuple):
    """One validation of one batch. `page` is its path below the Data Docs folder; empty without a page."""

    data: str
    suite: str
    outcome: ValidationOutcome
    page: str


class Board(NamedTuple):
    """The first page."""

    withdrawals: tuple[Listed, ...]
    """Those in force first, newest first."""
    waiting: tuple[str, ...]
    """Documents whose hotfix a person must approve or reject."""
    drift: DriftManifest | None
    """The newest look at drift."""

    champion: Version | None
    challenger: Version | None
    """The newest version that is not the champion."""
    versions: list[Version]
    """Newest first."""
    entries: list[Entry]
    data_docs: bool
    """Whether any batch was validated."""
    freshness: list[Freshness]
    """How far each source was taken."""
    budgets: dict[str, GateResult]
    """By benchmark: the newest result of a gate that spent of its error budget."""


def read_board(ports: Ports, limit: int = 40) -> Board:
    """Read the newest `limit` versions and ledger entries, and the champion however old it is."""
    around = _surroundings(ports)
    registered = [*ports.store.manifests(VersionManifest)][::-1][:limit]
    versions = [_version(ports, manifest, around) for manifest in registered]
    serves = _find(ports, around.champion, VersionManifest) if around.champion else None
    champion = _version(ports, serves, around) if serves else None
    challenger = next((version for version in versions if not version.champion), None)
    validated = any(True for _ in ports.store.manifests(ValidationManifest))
    withdrawals = list_withdrawals(ports=ports).withdrawals
    waiting = tuple(row.document for row in withdrawals if row.hotfix == "waiting")
    drift = [*ports.store.manifests(DriftManifest)]
    return Board(
        withdrawals[:limit],
        waiting,
        drift[-1] if drift else None,
        champion,
        challenger,
        versions,
        around.entries[:limit],
        validated,
        read_freshness(ports),
        _budgets(ports),
    )


def _budgets(ports: Ports) -> dict[str, GateResult]:
    """Return the newest result that has a budget, by benchmark, sorted."""
    decisions = ports.store.manifests(DecisionManifest)
    spent = {gate.benchmark: gate for made in decisions for gate in made.outcome.gates if gate.budget}
    return dict(sorted(spent.items()))


def read_validations(ports: Ports, data_docs: Path, limit: int = 100) -> list[Validated]:
    """Read the newest `limit` validations, newest first."""
    newest = [*ports.store.manifests(ValidationManifest)][::-1][:limit]
    return [
        Validated(
            validation.inputs.data, validation.inputs.suite, validation.outcome, _page(validation.outcome, data_docs)
        )
        for validation in newest
    ]


def page_of(ports: Ports, data_docs: Path, data: str, suite: str) -> str:
    """Return the page of the newest validation of `data`, below the Data Docs folder; empty without a page."""
    outcomes = [
        validation.outcome
        for validation in ports.store.manifests(ValidationManifest)
        if (validation.inputs.data, validation.inputs.suite) == (data, suite)
    ]
    return _page(outcomes[-1], data_docs) if outcomes else ""


def _page(validation: ValidationOutcome, data_docs: Path) -> str:
    report = Path(validation.report)
    return report.relative_to(data_docs).as_posix() if report.is_relative_to(data_docs) else ""


def read_version(ports: Ports, name: str) -> Version:
    """Read one version by its name. Raises NotFound when there is no such version."""
    registered = _find(ports, f"version/{name}", VersionManifest)
    if registered is None:
        raise NotFound(f"there is no version {name}; the model board lists them")
    return _version(ports, registered, _surroundings(ports))


def _surroundings(ports: Ports) -> _Surroundings:
    ledger = ports.ledger
    tried = ledger.entries(None, (*succession.CHANGES, HELD))
    return _Surroundings(
        ledger.champion(), bars(ports), tried, ledger.entries(200), _remarks(ports), Settings().mlflow_pages
    )


def _version(ports: Ports, registered: VersionManifest, around: _Surroundings) -> Version:
    ref, outcome = registered.ref, registered.outcome
    judged = _find(ports, outcome.decision, DecisionManifest)
    trained = _find(ports, outcome.adapter, AdapterManifest)
    decision = judged.outcome if judged else None
    history = [entry for entry in around.entries if entry.version in (ref, outcome.evaluation)]
    return Version(
        ref.removeprefix("version/"),
        ref,
        outcome,
        decision,
        _metric_rows(ports, outcome.evaluation, decision.champion if decision else "", around.remarks),
        _ancestry(ports, outcome),
        history,
        around.champion == ref,
        _standing(ref, around),
        datetime.fromtimestamp(registered.created_ns / 1e9, UTC),
        _mlflow_page(outcome.page, around.mlflow_pages),
        trained.outcome if trained else None,
    )


def _standing(version: str, around: _Surroundings) -> Standing:
    newest = next((entry for entry in around.tried if entry.version == version), None)
    if version == around.champion:
        return Standing("champion", newest.at if newest else None)
    if bar := around.barred.get(version):
        return Standing("barred", bar.at, reasons=bar.reasons)
    if newest is None:
        return Standing("judged")
    if newest.event == HELD:
        return Standing("held", newest.at, newest.decision, newest.reasons)
    return Standing("replaced", newest.at)


def _metric_rows(ports: Ports, evaluation: str, incumbent: str, remarks: Mapping[str, str]) -> list[MetricRow]:
    """Return a row for each benchmark that the incumbent or the version was asked."""
    before, after = _metrics(ports, incumbent), _metrics(ports, evaluation)
    return [MetricRow(name, remarks.get(name, ""), before.get(name), after.get(name)) for name in {**before, **after}]


def _metrics(ports: Ports, evaluation: str) -> dict[str, Metric]:
    stored = _find(ports, evaluation, EvaluationManifest)
    return stored.outcome.metrics if stored else {}


def _remarks(ports: Ports) -> dict[str, str]:
    """Say for each benchmark which faults its score counts, if it counts faults."""
    try:
        benchmarks = ports.benchmarks()
    except MedpipeError:  # a file that cannot be used stops an evaluation, not the board
        return {}
    return {row.name: f"share of {row.faults}; lower is better" for row in benchmarks if row.faults}


def _ancestry(ports: Ports, version: VersionOutcome) -> list[str]:
    names = []
    parent = version.parent
    while parent != BASE:
        names.append(parent.removeprefix("version/"))
        registered = _find(ports, parent, VersionManifest)
        parent = registered.outcome.parent if registered else BASE
    return [*names, BASE]


def _find(ports: Ports, ref: str, kind: type[AnyManifest]) -> AnyManifest | None:
    """Return a manifest of a kind, or None: a page is shown although an old artifact was removed."""
    try:
        stored = ports.store.find(ref)
    except UsageError:  # not a ref: an address that a person typed
        return None
    return stored if isinstance(stored, kind) else None


def _mlflow_page(page: str, shown: str | None) -> str:
    """Return the registry's page. `shown` (MEDPIPE_MLFLOW_PAGES) replaces its address as browsers see it."""
    if shown and "/#/" in page:
        return shown.rstrip("/") + page[page.index("/#/") :]
    return page if page.startswith(("http://", "https://")) else ""
