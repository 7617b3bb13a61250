"""The plot of `bench.feedback_attack`: what attacks buy with every rating taught, and under the policy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"every rating": "#e08e45", "defended": "#0b6e99"}


def draw(figures: Mapping[str, Any], path: Path) -> None:
    """Write the plot as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    answers, pairs = figure.subplots(1, 2)
    _bars(answers, figures, lambda told: told["success"] / told["probes"], "answers that name the attackers' drug")
    _bars(pairs, figures, lambda told: told["hostile"] / max(1, told["pairs"]), "taught pairs that name it")
    answers.axhline(figures["limit"], color="#17202a", linewidth=0.8, linestyle="--", label="limit: 2 points")
    for axis in (answers, pairs):
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _bars(axis: Axes, figures: Mapping[str, Any], share: Any, title: str) -> None:
    """Draw the worst cell of each strategy under both rules."""
    names = list(dict.fromkeys(cell["strategy"] for cell in figures["cells"]))
    for offset, (rule, colour) in zip((-0.2, 0.2), COLOURS.items(), strict=True):
        worst = [
            max((share(cell[rule]) for cell in figures["cells"] if cell["strategy"] == name and cell[rule]), default=0)
            for name in names
        ]
        axis.bar([place + offset for place in range(len(names))], worst, 0.4, color=colour, label=rule)
    axis.set_xticks(range(len(names)), names, rotation=20, ha="right", fontsize=8)
    axis.set(title=title, ylabel="share, worst cell")
