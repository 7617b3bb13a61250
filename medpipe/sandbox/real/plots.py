"""The plot of the report: each figure of each model with its interval, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from medpipe.sandbox.plots import subplots, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = ("#8a9aa8", "#b279a2", "#0b6e99", "#e08e45")
"""Of the base, the control, and what was trained after it."""
_COLUMNS = 3
_GRID = "#e8edf1"


def figures(rows: Sequence[Mapping[str, Any]], models: Sequence[str]) -> Markup:
    """Draw a panel for each figure: a line for each model, with its value and its 95 % interval."""
    count = -(-len(rows) // _COLUMNS)
    figure, axes = subplots(count, _COLUMNS, (10, count * (0.22 * len(models) + 0.75)))
    for axis, row in zip(axes, rows, strict=False):
        _panel(axis, row, models)
    for axis in axes[len(rows) :]:
        axis.set_axis_off()
    return svg(figure)


def _panel(axis: Axes, row: Mapping[str, Any], models: Sequence[str]) -> None:
    for line, model in enumerate(models):
        axis.axhline(line, color=_GRID, linewidth=0.8, zorder=0)
        if estimate := row["values"].get(model):
            colour = _COLOURS[line % len(_COLOURS)]
            axis.plot([estimate["low"], estimate["high"]], [line, line], color=colour, linewidth=2.2)
            axis.plot(estimate["value"], line, "o", markersize=5.5, color=colour)
    axis.set_yticks(range(len(models)), models, fontsize=8.5)
    axis.set_ylim(len(models) - 0.5, -0.5)
    axis.tick_params(length=0, labelsize=8.5)
    axis.spines[["top", "right", "left"]].set_visible(False)
    arrow = " ↓" if row["better"] == "lower" else ""
    axis.set_title(row["name"] + arrow, loc="left", fontsize=9.5, weight="bold")
    axis.set_xlabel(row["about"], fontsize=8, loc="left")
