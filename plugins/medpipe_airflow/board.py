"""The contents of the model board, read from the ledger and the manifests. The board decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from medpipe.core.judging.evaluation import Metric
from medpipe.core.judging.gates import GateResult
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
from medpipe.steps.versions import ListedVersion, listed
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


class Version(NamedTuple):
    """One registered version with the decision about it. Artifacts that were removed since are None."""

    name: str
    listed: ListedVersion
    outcome: VersionOutcome
    decision: DecisionOutcome | None
    metrics: list[MetricRow]
    ancestry: list[str]
    """Names of the versions that its training continued, newest first; `base` at the end."""
    mlflow: str
    """Address of its page in the registry; empty without one."""
    trained: AdapterOutcome | None


class VersionPage(NamedTuple):
    """The page of one version."""

    version: Version
    history: list[Entry]
    """Every entry of the ledger about it and its evaluation, newest first."""


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
    registered = [*ports.store.manifests(VersionManifest)][::-1][:limit]
    serves = _find(ports, ports.ledger.champion() or "", VersionManifest)
    older = [serves] if serves and serves not in registered else []
    shown = _versions(ports, [*registered, *older])
    versions = shown[: len(registered)]
    champion = next((version for version in shown if version.listed.standing == "champion"), None)
    challenger = next((version for version in versions if version != champion), None)
    validated = any(True for _ in ports.store.refs(ValidationManifest))
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
        ports.ledger.entries(limit),
        validated,
        read_freshness(ports, None if Settings().calendar == "off" else datetime.now(UTC).date()),
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


def read_version(ports: Ports, name: str) -> VersionPage:
    """Read one version by its name. Raises NotFound when there is no such version."""
    registered = _find(ports, f"version/{name}", VersionManifest)
    if registered is None:
        raise NotFound(f"there is no version {name}; the model board lists them")
    (version,) = _versions(ports, [registered])
    return VersionPage(version, ports.ledger.entries(None, (), (registered.ref, registered.outcome.evaluation)))


def _versions(ports: Ports, registered: Sequence[VersionManifest]) -> list[Version]:
    remarks, pages = _remarks(ports), Settings().mlflow_pages
    return [
        _version(ports, manifest.outcome, known, remarks, pages)
        for manifest, known in zip(registered, listed(registered, ports), strict=True)
    ]


def _version(
    ports: Ports, outcome: VersionOutcome, known: ListedVersion, remarks: Mapping[str, str], mlflow_pages: str | None
) -> Version:
    judged = _find(ports, outcome.decision, DecisionManifest)
    trained = _find(ports, outcome.adapter, AdapterManifest)
    decision = judged.outcome if judged else None
    return Version(
        known.version.removeprefix("version/"),
        known,
        outcome,
        decision,
        _metric_rows(ports, outcome.evaluation, decision.champion if decision else "", remarks),
        _ancestry(ports, outcome),
        _mlflow_page(outcome.page, mlflow_pages),
        trained.outcome if trained else None,
    )


def _metric_rows(ports: Ports, evaluation: str, incumbent: str, remarks: Mapping[str, str]) -> list[MetricRow]:
    """Return a row for each benchmark that the incumbent or the version was asked."""
    before, after = _metrics(ports, incumbent), _metrics(ports, evaluation)
    return [MetricRow(name, remarks.get(name, ""), before.get(name), after.get(name)) for name in {**before, **after}]


def _metrics(ports: Ports, evaluation: str) -> dict[str, Metric]:
    stored = _find(ports, evaluation, EvaluationManifest)
    return stored.outcome.by_name() if stored else {}


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
