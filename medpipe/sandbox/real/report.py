"""The report of the run, `report.json` and `report.html`: figures, decisions, costs, and what was answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from medpipe import wiring
from medpipe.core.manifests import AdapterManifest, DecisionManifest, EvaluationManifest
from medpipe.core.refs import EvaluationRef
from medpipe.ports import Ports
from medpipe.sandbox import rendering
from medpipe.sandbox.real import figures, plots
from medpipe.sandbox.real.story import Judged, Told
from medpipe.sandbox.real.usage import Cost
from medpipe.sandbox.real.verbs import Verbs
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import scores_of


def assemble(told: Told, verbs: Verbs, cost: Cost) -> dict[str, Any]:
    """Return the content of `report.json`. `cost`: of the whole run, with those that it went on from."""
    home, bases = (Path(verbs.environment[f"MEDPIPE_{name}"]) for name in ("HOME", "MODELS"))
    ports = wiring.ports(Settings(home=home, models=bases))
    models = (told.base, *told.judged)
    evaluations = {model.title: EvaluationRef(model.evaluation) for model in models}
    measurements = {model.title: model.measurement for model in told.judged}
    return {
        "rows": [row._asdict() for row in figures.rows(evaluations, measurements, told.base.title, ports)],
        "models": [model.title for model in models],
        "decisions": [_decision(model, ports) for model in told.judged],
        "trainings": [_training(model, ports) for model in told.judged],
        "evaluations": [_writing(model, verbs, ports) for model in models],
        "answers": dict(told.answers),
        "answered_by": told.answered_by,
        "seconds": {**verbs.seconds, "total": round(cost.seconds, 1)},
        "memory_gib": round(cost.peak_gib, 2),
        "watt_hours": None if cost.joules is None else round(cost.joules / 3600, 1),
    }


def _decision(model: Judged, ports: Ports) -> dict[str, Any]:
    outcome = manifest(ports, model.decision, DecisionManifest).outcome
    return {
        "model": model.title,
        "version": model.version,
        "outcome": str(outcome.outcome),
        "promoted": model.promoted,
        "reasons": list(outcome.reasons),
    }


def _training(model: Judged, ports: Ports) -> dict[str, Any]:
    """Return rows, steps, seconds and loss of a training."""
    outcome = manifest(ports, model.model, AdapterManifest).outcome
    return {"model": model.title, "method": outcome.method, "rows": outcome.examples, **outcome.metrics}


def _writing(model: Judged, verbs: Verbs, ports: Ports) -> dict[str, Any]:
    """Return how fast a model answered: tokens written a second of the whole verb, whose start-up is a part of it."""
    stored = manifest(ports, model.evaluation, EvaluationManifest)
    base = stored.inputs.contract.base
    scores = scores_of(ports, EvaluationRef(model.evaluation)).scores
    answers = [score.answer for given in scores.values() for score in given]
    tokens, seconds = sum(ports.tokens(base, answer) for answer in answers), verbs.seconds[f"evaluate: {model.title}"]
    speed = round(tokens / seconds, 1)
    return {"model": model.title, "answers": len(answers), "tokens": tokens, "tokens_per_second": speed}


def write(results: Mapping[str, Any], folder: Path, console: Console) -> None:
    """Write both files into `folder`, and print the table."""
    text = json.dumps(results, indent=1, default=lambda value: value.model_dump())
    (folder / "report.json").write_text(text, encoding="utf-8")
    read = json.loads(text)
    page = rendering.render("real.html", **read, plot=plots.figures(read["rows"], read["models"]), number=number)
    (folder / "report.html").write_text(page, encoding="utf-8")
    console.print(table(read["rows"], read["models"]))
    cost = f"{read['seconds']['total'] / 60:.0f} minutes in all, {read['memory_gib']:.1f} GiB"
    energy = "energy cannot be read here" if read["watt_hours"] is None else f"{read['watt_hours']} Wh"
    console.print(f"{cost}, {energy}\n{folder / 'report.json'}\n{folder / 'report.html'}", highlight=False)


def table(rows: Sequence[Mapping[str, Any]], models: Sequence[str]) -> Table:
    """Return the figures as a table: a row for each, a column for each model."""
    drawn = Table(title="A real base on real data", header_style="bold")
    for column in ("figure", "questions about", "n", *models):
        drawn.add_column(column, overflow="fold")
    for row in rows:
        arrow = " ↓" if row["better"] == "lower" else ""
        values = [number(row["values"].get(model)) for model in models]
        drawn.add_row(row["name"] + arrow, row["about"], str(row["n"]), *values)
    return drawn


def number(estimate: Mapping[str, float] | None) -> str:
    """Return an estimate with its interval as text; a dash for none."""
    if estimate is None:
        return "–"
    digits = 3 if abs(estimate["value"]) < 10 else 1
    return " ".join(
        (f"{estimate['value']:.{digits}f}", f"[{estimate['low']:.{digits}f}, {estimate['high']:.{digits}f}]")
    )
