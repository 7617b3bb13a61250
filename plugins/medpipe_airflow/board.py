"""What the model board shows, read from the ledger and the manifests. Everything is looked up, nothing decided."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from medpipe.errors import NotFound
from medpipe.ports import Entry, Manifest, Ports
from medpipe.settings import Settings

LINEAGE = ("corpus", "examples", "pairs", "adapter", "evaluation", "decision")
"""Refs of a version, in the order in which they were made."""

LOWER_IS_BETTER = {"red-team": "share of unsafe replies", "withdrawn": "share that asserts the claim"}
"""Benchmarks whose score counts faults."""


class MetricRow(NamedTuple):
    """One benchmark before (the incumbent) and after (the version)."""

    name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Version(NamedTuple):
    """One registered version with what judged it."""

    name: str
    ref: str
    facts: dict[str, Any]
    decision: dict[str, Any]
    metrics: list[MetricRow]
    ancestry: list[str]
    history: list[Entry]
    champion: bool
    mlflow: str
    trained: dict[str, Any]


class Validated(NamedTuple):
    """One validation of one batch; `page` is its Data Docs page below the Data Docs folder, if there is one."""

    data: str
    suite: str
    facts: dict[str, Any]
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


def read_board(ports: Ports, limit: int = 40) -> Board:
    refs = [manifest.ref for manifest in ports.store.manifests("version")][::-1]
    versions = [read_version(ports, ref.removeprefix("version/")) for ref in refs[:limit]]
    champion = next((version for version in versions if version.champion), None)
    challenger = next((version for version in versions if not version.champion), None)
    validated = any(True for _ in ports.store.manifests("validation"))
    return Board(champion, challenger, versions, ports.ledger.entries(limit), validated)


def read_validations(ports: Ports, data_docs: Path, limit: int = 100) -> list[Validated]:
    """Newest first."""
    newest = [*ports.store.manifests("validation")][::-1][:limit]
    return [
        Validated(str(each.inputs["data"]), str(each.inputs["suite"]), dict(each.facts), _page(each, data_docs))
        for each in newest
    ]


def page_of(ports: Ports, data_docs: Path, data: str, suite: str) -> str:
    """The page of the newest validation of `data`, below the Data Docs folder; "" where there is none."""
    found = [
        each
        for each in ports.store.manifests("validation")
        if (each.inputs["data"], each.inputs["suite"]) == (data, suite)
    ]
    return _page(found[-1], data_docs) if found else ""


def _page(validation: Manifest, data_docs: Path) -> str:
    report = Path(str(validation.facts.get("report") or ""))
    return report.relative_to(data_docs).as_posix() if report.is_relative_to(data_docs) else ""


def read_version(ports: Ports, name: str) -> Version:
    """Raises NotFound when there is no such version, UsageError when `name` cannot be one."""
    ref = f"version/{name}"
    facts = _facts(ports, ref)
    if not facts:
        raise NotFound(f"there is no version {name}; the model board lists them")
    decision = _facts(ports, facts["decision"])
    after = _facts(ports, facts["evaluation"]).get("metrics", {})
    before = _facts(ports, decision.get("champion")).get("metrics", {})
    rows = [MetricRow(each, before.get(each), after.get(each)) for each in {**before, **after}]
    history = [entry for entry in ports.ledger.entries(200) if entry.version in (ref, facts["evaluation"])]
    return Version(
        name,
        ref,
        facts,
        decision,
        rows,
        _ancestry(ports, facts),
        history,
        ports.ledger.champion() == ref,
        _mlflow_page(facts),
        _facts(ports, facts["adapter"]),
    )


def _ancestry(ports: Ports, facts: dict[str, Any]) -> list[str]:
    """Names of the versions that this one was trained on from, newest first; `base` at the end."""
    names = []
    while (parent := str(facts.get("parent", "base"))) != "base":
        names.append(parent.removeprefix("version/"))
        facts = _facts(ports, parent)
    return [*names, "base"]


def _facts(ports: Ports, ref: str | None) -> dict[str, Any]:
    manifest = ports.store.find(ref) if ref and "/" in ref else None
    return dict(manifest.facts) if manifest else {}


def _mlflow_page(facts: dict[str, Any]) -> str:
    """The registry's page of a version; MEDPIPE_MLFLOW_PAGES overrides the address where browsers see another."""
    page, shown = str(facts.get("page") or ""), Settings().mlflow_pages
    if shown and "/#/" in page:
        return shown.rstrip("/") + page[page.index("/#/") :]
    return page if page.startswith(("http://", "https://")) else ""
