"""The two plots of the report, as SVG: what each challenger scored, and tasks over time."""

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
_INCUMBENT, _CHALLENGER, _GRID, _PROMOTED, _HELD = "#8a9aa8", "#0b6e99", "#e8edf1", "#1a7f4b", "#a86a00"
_COLUMNS = 2
"""Panels side by side: more would be too small to read."""
_LABELLED = 12.0
"""Seconds that a task must last for its name to fit into its bar."""


def scores(challengers: Sequence[Mapping[str, Any]]) -> Markup:
    """Draw a panel for each challenger: a line for each benchmark, with incumbent, challenger and 95 % intervals.

    `challengers`: as `report.Outcomes.judged` returns them; must not be empty. At a width of 960 CSS pixels, the
    smallest letters are 11 pixels high.
    """
    rows = -(-len(challengers) // _COLUMNS)
    longest = max(len(challenger["metrics"]) for challenger in challengers)
    figure, axes = subplots(rows, _COLUMNS, (10, rows * (0.26 * longest + 0.75)))
    for axis, challenger in zip(axes, challengers, strict=False):
        _panel(axis, challenger)
    for axis in axes[len(challengers) :]:
        axis.set_axis_off()
    return svg(figure)


def timeline(spans: Sequence[TaskSpan]) -> Markup:
    """Draw every task of every run as a bar over time, one line for each DAG. `spans` must not be empty."""
    first = min(span.started for span in spans)
    figure, (axis,) = subplots(1, 1, (10, 3.1))
    rows = list(_COLOURS)
    for span in spans:
        _task(axis, rows.index(span.dag), span, first)
    axis.set_yticks(range(len(rows)), rows)
    axis.invert_yaxis()
    axis.set_xlabel("seconds since the first task")
    axis.spines[["top", "right"]].set_visible(False)
    return svg(figure)


def _panel(axis: Axes, challenger: Mapping[str, Any]) -> None:
    """Draw what one challenger and its incumbent scored, a line for each benchmark, with the challenger's score."""
    metrics, before = challenger["metrics"], challenger["incumbent_metrics"]
    for line, (benchmark, metric) in enumerate(metrics.items()):
        axis.axhline(line, color=_GRID, linewidth=0.8, zorder=0)
        _point(axis, line - 0.14, before.get(benchmark), _INCUMBENT, hollow=True)
        _point(axis, line + 0.14, metric, _CHALLENGER)
        axis.text(1.04, line, f"{metric['value']:.2f}", fontsize=8.5, va="center", transform=axis.get_yaxis_transform())
    faults = challenger.get("faults", ())
    labels = [f"{name} ↓" if name in faults else name for name in metrics]
    axis.set_yticks(range(len(metrics)), labels, fontsize=8.5)
    axis.set(xlim=(-0.02, 1.02), ylim=(len(metrics) - 0.5, -0.5))
    axis.set_xticks([0, 0.5, 1], ["0", "0.5", "1"], fontsize=8.5)
    axis.tick_params(length=0)
    axis.spines[["top", "right", "left"]].set_visible(False)
    name = challenger["challenger"].removeprefix("version/")
    word, colour = ("promoted", _PROMOTED) if challenger["promoted"] else ("held", _HELD)
    axis.set_title(f"{name} · {challenger['recipe']} · {word}", loc="left", fontsize=9.5, color=colour, weight="bold")


def _point(axis: Axes, height: float, metric: Mapping[str, float] | None, colour: str, *, hollow: bool = False) -> None:
    """Draw one score with its interval; nothing where the benchmark was not measured."""
    if metric is None:
        return
    axis.plot([metric["low"], metric["high"]], [height, height], color=colour, linewidth=2.2, solid_capstyle="round")
    axis.plot(metric["value"], height, "o", markersize=5.5, color="white" if hollow else colour, markeredgecolor=colour)


def _task(axis: Axes, row: int, span: TaskSpan, first: float) -> None:
    """Draw one task from its start to its end, in seconds since `first`, with its name where that fits."""
    seconds = span.ended - span.started
    left = span.started - first
    axis.barh(row, seconds, 0.6, left=left, color=_COLOURS[span.dag], edgecolor="white", linewidth=0.4)
    if seconds > _LABELLED:
        name = span.task.replace("evaluate_", "eval ")
        axis.text(left + seconds / 2, row, name, ha="center", va="center", fontsize=7)


def subplots(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """Return a figure of plots in rows and columns, row by row; `size` is in inches (96 CSS pixels)."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(rows, columns, figsize=size, squeeze=False)
    return figure, list(axes.flat)


def svg(figure: Figure) -> Markup:
    """Return the figure as an SVG element without XML's head, and forget the figure."""
    from matplotlib import pyplot

    figure.tight_layout()
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", transparent=True)
    pyplot.close(figure)
    text = drawn.getvalue()
    return Markup(text[text.index("<svg") :])  # matplotlib escapes the labels that it draws
