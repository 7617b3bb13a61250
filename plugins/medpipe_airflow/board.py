"""The contents of the model board, read from the ledger and the manifests. The board decides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from medpipe.core.judging.evaluation import Metric
from medpipe.core.manifests import (
    AdapterManifest,
    AdapterOutcome,
    AnyManifest,
    DecisionManifest,
    DecisionOutcome,
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

LINEAGE = ("corpus", "examples", "pairs", "adapter", "evaluation", "decision")
"""Fields of a version's outcome that hold refs, in the order in which the artifacts were made."""


class MetricRow(NamedTuple):
    """One benchmark before (the incumbent) and after (the version). `summary` says what it measures."""

    name: str
    summary: str
    before: Metric | None
    after: Metric | None


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

    champion: Version | None
    challenger: Version | None
    """The newest version that is not the champion."""
    versions: list[Version]
    """Newest first."""
    entries: list[Entry]
    data_docs: bool
    """Whether any batch was validated."""


def read_board(ports: Ports, limit: int = 40) -> Board:
    """Read the newest `limit` versions and ledger entries."""
    refs = [version.ref for version in ports.store.manifests(VersionManifest)][::-1]
    versions = [read_version(ports, ref.removeprefix("version/")) for ref in refs[:limit]]
    champion = next((version for version in versions if version.champion), None)
    challenger = next((version for version in versions if not version.champion), None)
    validated = any(True for _ in ports.store.manifests(ValidationManifest))
    return Board(champion, challenger, versions, ports.ledger.entries(limit), validated)


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
    ref = f"version/{name}"
    registered = _find(ports, ref, VersionManifest)
    if registered is None:
        raise NotFound(f"there is no version {name}; the model board lists them")
    outcome = registered.outcome
    judged = _find(ports, outcome.decision, DecisionManifest)
    trained = _find(ports, outcome.adapter, AdapterManifest)
    decision = judged.outcome if judged else None
    history = [entry for entry in ports.ledger.entries(200) if entry.version in (ref, outcome.evaluation)]
    return Version(
        name,
        ref,
        outcome,
        decision,
        _metric_rows(ports, outcome.evaluation, decision.champion if decision else ""),
        _ancestry(ports, outcome),
        history,
        ports.ledger.champion() == ref,
        _mlflow_page(outcome.page),
        trained.outcome if trained else None,
    )


def _metric_rows(ports: Ports, evaluation: str, incumbent: str) -> list[MetricRow]:
    """Return a row for each benchmark that the incumbent or the version was asked."""
    before, after = _metrics(ports, incumbent), _metrics(ports, evaluation)
    return [MetricRow(name, _remark(ports, name), before.get(name), after.get(name)) for name in {**before, **after}]


def _metrics(ports: Ports, evaluation: str) -> dict[str, Metric]:
    stored = _find(ports, evaluation, EvaluationManifest)
    return stored.outcome.metrics if stored else {}


def _remark(ports: Ports, benchmark: str) -> str:
    """Say which faults a benchmark counts, if its score counts faults."""
    try:
        faults = ports.benchmark(benchmark).faults
    except MedpipeError:  # the benchmark was removed since
        return ""
    return f"share of {faults}; lower is better" if faults else ""


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


def _mlflow_page(page: str) -> str:
    """Return the registry's page. MEDPIPE_MLFLOW_PAGES replaces its address where browsers see another one."""
    shown = Settings().mlflow_pages
    if shown and "/#/" in page:
        return shown.rstrip("/") + page[page.index("/#/") :]
    return page if page.startswith(("http://", "https://")) else ""
