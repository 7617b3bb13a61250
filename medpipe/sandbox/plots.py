"""The two plots of the report, as SVG: scores of each challenger, and tasks over time."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from medpipe.sandbox.narrator import TaskSpan

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {
    "corpus": "#4c78a8",
    "watch": "#9aa7b4",
    "retrain": "#e08e45",
    "rollout": "#54a24b",
    "feedback": "#b279a2",
    "withdrawals": "#d45f5f",
    "certificates": "#72b7b2",
}
"""The colour of each DAG, in the order of the lines of the timeline."""
_INCUMBENT, _CHALLENGER, _INTERVAL = "#a9b8c4", "#0b6e99", "#17202a"
_LABELLED = 12.0
"""Seconds that a task must last for its name to fit into its bar."""


def scores(challengers: Sequence[Mapping[str, Any]]) -> Markup:
    """Draw incumbent and challenger side by side for each benchmark, with 95 % intervals.

    `challengers`: as `report.Outcomes.judged` returns them.
    """
    benchmarks = list(dict.fromkeys(name for challenger in challengers for name in challenger["metrics"]))
    size = (2.9 * len(benchmarks), 0.52 * len(challengers) + 1.4)
    figure, axes = _subplots(len(benchmarks), size)
    for axis, benchmark in zip(axes, benchmarks, strict=True):
        for row, challenger in enumerate(challengers):
            _bar(axis, row - 0.17, challenger["incumbent_metrics"].get(benchmark), _INCUMBENT)
            _bar(axis, row + 0.17, challenger["metrics"].get(benchmark), _CHALLENGER)
        axis.set(title=benchmark, xlim=(0, 1.02))
        axis.spines[["top", "right"]].set_visible(False)
    labels = [
        f"{challenger['challenger'].removeprefix('version/')}\n{challenger['recipe']}" for challenger in challengers
    ]
    axes[0].set_yticks(range(len(challengers)), labels, fontsize=8)
    axes[0].invert_yaxis()
    return _svg(figure)


def timeline(spans: Sequence[TaskSpan]) -> Markup:
    """Draw every task of every run as a bar over time, one line for each DAG. `spans` must not be empty."""
    first = min(span.started for span in spans)
    figure, (axis,) = _subplots(1, (10, 2.9))
    rows = list(_COLOURS)
    for span in spans:
        _task(axis, rows.index(span.dag), span, first)
    axis.set_yticks(range(len(rows)), rows)
    axis.invert_yaxis()
    axis.set_xlabel("seconds since the first task")
    axis.spines[["top", "right"]].set_visible(False)
    return _svg(figure)


def _bar(axis: Axes, height: float, metric: Mapping[str, float] | None, colour: str) -> None:
    """Draw one score with its interval; nothing where the benchmark was not measured."""
    if metric is None:
        return
    value = metric["value"]
    # Rounding can put a bound a little on the wrong side of the value; matplotlib refuses negative lengths.
    spread = [[max(0.0, value - metric["low"])], [max(0.0, metric["high"] - value)]]
    axis.barh(height, value, 0.32, color=colour)
    axis.errorbar(value, height, xerr=spread, color=_INTERVAL, capsize=2, linewidth=1)


def _task(axis: Axes, row: int, span: TaskSpan, first: float) -> None:
    """Draw one task from its start to its end, in seconds since `first`, with its name where that fits."""
    seconds = span.ended - span.started
    left = span.started - first
    axis.barh(row, seconds, 0.6, left=left, color=_COLOURS[span.dag], edgecolor="white", linewidth=0.4)
    if seconds > _LABELLED:
        name = span.task.replace("evaluate_", "eval ")
        axis.text(left + seconds / 2, row, name, ha="center", va="center", fontsize=7)


def _subplots(columns: int, size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """Return a figure of `columns` plots side by side; `size` is in inches."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, columns, figsize=size, sharey=True, squeeze=False)
    return figure, list(axes[0])


def _svg(figure: Figure) -> Markup:
    """Return the figure as an SVG element without XML's head, and forget the figure."""
    from matplotlib import pyplot

    figure.tight_layout()
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", transparent=True)
    pyplot.close(figure)
    text = drawn.getvalue()
    return Markup(text[text.index("<svg") :])  # matplotlib escapes the labels that it draws
