"""The report of the demo as one HTML page: scores, decisions, and where the time went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from medpipe.sandbox import plots, rendering
from medpipe.sandbox.narrator import TaskSpan


class StepTimes(NamedTuple):
    """Seconds of one step of the demo, and how many tasks it ran."""

    name: str
    wall: float
    busy: float
    """Time in which at least one task ran."""
    idle: float
    """Wall time in which no task ran."""
    queued: float
    """Sum of the tasks' waiting times between ready and started."""
    tasks: int


def render(report: Mapping[str, Any], spans: Sequence[TaskSpan]) -> str:
    """Return the whole page, plots included.

    `report`: the content of `report.json`. `spans`: every task that ran, in the order in which they ended.
    """
    return rendering.render(
        "report.html",
        figures=_figures(report),
        scores_plot=plots.scores(report["challengers"]),
        challengers=[_decision(challenger) for challenger in report["challengers"]],
        sample=report["sample"],
        timeline_plot=plots.timeline(spans),
        steps=step_times(report["seconds"], spans),
        versions=[(name, version.removeprefix(name).strip()) for name, version in report["versions"].items()],
    )


def step_times(seconds: Mapping[str, float], spans: Sequence[TaskSpan]) -> list[StepTimes]:
    """Return the times of each step in `seconds` (step → wall time), from the tasks that ran in it.

    The step `total` has the tasks of all steps.
    """
    return [
        _times(step, wall, [span for span in spans if step in (span.step, "total")]) for step, wall in seconds.items()
    ]


def _times(step: str, wall: float, spans: Sequence[TaskSpan]) -> StepTimes:
    busy = _covered([(span.started, span.ended) for span in spans])
    queued = sum(span.started - span.queued for span in spans)
    return StepTimes(step, wall, busy, max(0.0, wall - busy), queued, len(spans))


def _covered(intervals: Sequence[tuple[float, float]]) -> float:
    """Return the seconds that at least one interval covers."""
    total, covered_until = 0.0, 0.0
    for start, stop in sorted(intervals):
        total += max(0.0, stop - max(start, covered_until))
        covered_until = max(covered_until, stop)
    return total


def _figures(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the headline figures as (value, meaning)."""
    swap, withdrawal, rollback = report["swap"], report["withdrawal"], report["rollback"]
    return [
        (f"{swap['failed_requests']} of {swap['total_requests']}", "requests failed during the swap"),
        (f"{swap['seconds']:.1f} s", "to load, ask, switch and drain"),
        (
            f"{withdrawal['claim_before']:.0%} → {withdrawal['claim_after']:.0%}",
            "answers that assert the retracted claim",
        ),
        (f"{withdrawal['seconds_until_withheld']:.1f} s", "from the new corpus until the claim was withheld"),
        (f"{rollback['failed_requests']} of {rollback['total_requests']}", "requests failed during the rollback"),
        (str(report["feedback"]["pairs"]), "preference pairs from feedback"),
        (f"{report['seconds']['total']:.0f} s", "in all"),
        (f"{report['memory_gib']:.1f} GiB", "memory of all servers"),
    ]


def _decision(challenger: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line of the table of decisions. A version whose gates passed can be held all the same, as a barred one.

    `against`: what held a version although its gates passed, as sentences. `kind`: what kind of objection that is.
    """
    held = None if challenger["promoted"] else challenger.get("held")
    passed = challenger["decision"] == "pass"
    since = held and held["barred_at"] and f"Barred on {held['barred_at'][:16].replace('T', ' at ')} UTC."
    return {
        "version": challenger["challenger"].removeprefix("version/"),
        "recipe": challenger["recipe"],
        "decision": "promoted" if challenger["promoted"] else "held",
        "kind": held["kind"] if held and passed else "",
        "against": [*filter(None, (since,)), *held["reasons"]] if held and passed else [],
        "reasons": challenger["reasons"],
    }
