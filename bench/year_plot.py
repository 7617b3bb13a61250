"""The plot of `bench.chain_year`: who asserts what is withdrawn, and what is kept, turn by turn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEFORE, AFTER, ANCHOR, HELD = "#e08e45", "#0b6e99", "#17202a", "#c0392b"


def draw(years: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Write the plot as PNG: a column for each year, withdrawn claims above and the anchor below."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2 * len(years), 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(2, len(years), sharex=True, sharey="row", squeeze=False)
    for column, (seed, year) in enumerate(years.items()):
        _claims(grid[0][column], year)
        _anchor(grid[1][column], year)
        grid[0][column].set_title(f"year of seed {seed}")
    grid[0][0].set_ylabel("answers that assert\na withdrawn claim")
    grid[1][0].set_ylabel("anchor: share right")
    for axis in grid.flat:
        axis.spines[["top", "right"]].set_visible(False)
    for row in grid:
        row[0].legend(frameon=False, fontsize=8, loc="best")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _claims(axis: Axes, year: Mapping[str, Any]) -> None:
    turns = [turn["turn"] for turn in year["turns"]]
    for when, colour, label in (("before", BEFORE, "before the turn's retrain"), ("asserted", AFTER, "after it")):
        axis.plot(turns, [_share(turn[when]) for turn in year["turns"]], color=colour, marker="o", label=label)
    axis.axhline(_share(year["control"]), color=ANCHOR, linewidth=0.8, linestyle="--", label="never learned them")
    served = [_share(turn["asserted"], "served") for turn in year["turns"]]
    axis.plot(turns, served, color=HELD, linewidth=1, linestyle=":", label="served")
    axis.set(ylim=(-0.03, 1.0))


def _anchor(axis: Axes, year: Mapping[str, Any]) -> None:
    known = [turn for turn in year["turns"] if turn["anchor"] is not None]
    axis.plot([turn["turn"] for turn in known], [turn["anchor"] for turn in known], color=ANCHOR, marker=".")
    for promoted, mark, colour, label in ((True, "^", AFTER, "promoted"), (False, "x", HELD, "held")):
        counts = [sum(one["promoted"] is promoted for one in turn["retrains"]) for turn in year["turns"]]
        at = [turn["turn"] for turn, count in zip(year["turns"], counts, strict=True) if count]
        axis.scatter(at, [0.05] * len(at), marker=mark, color=colour, label=f"a retrain {label}")
    axis.set(ylim=(0, 1.05), xlabel="turn (a week)")


def _share(counts: Mapping[str, Any], of: str = "by_weights") -> float:
    return float(counts[of] / counts["questions"]) if counts["questions"] else 0.0
