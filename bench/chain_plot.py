"""The plot of `bench.chain`: what is lost over a year, false promotions over looks, and power over documents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"gates and budget": "#0b6e99", "fixed interval": "#e08e45", "higher mean": "#9aa7b4"}
SHOWN = "loses 2 % each time"


def draw(figures: Mapping[str, Any], path: Path) -> None:
    """Write the plot as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    lost, false, power = figure.subplots(1, 3)
    _losses(lost, figures)
    _false_promotions(false, figures)
    _power(power, figures)
    for axis in (lost, false, power):
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _losses(axis: Axes, figures: Mapping[str, Any]) -> None:
    for rule, curves in figures["adversaries"][SHOWN].items():
        retrains = range(1, len(curves["median"]) + 1)
        style = "--" if rule == "higher mean" else "-"  # it promotes all that a fixed interval promotes
        axis.plot(retrains, curves["median"], color=COLOURS[rule], linestyle=style, label=rule)
        axis.plot(retrains, curves["worst in forty"], color=COLOURS[rule], linestyle=":")
    axis.axhline(figures["margin"], color="#17202a", linewidth=0.8, linestyle="--", label="margin")
    axis.set(title=f"every challenger {SHOWN}", xlabel="retrain", ylabel="truly lost (dotted: worst in 40)")


def _false_promotions(axis: Axes, figures: Mapping[str, Any]) -> None:
    for rule, ever in figures["null, same items"].items():
        axis.plot(ever, color=COLOURS[rule], label=rule)
    for rule, ever in figures["tuned, same items"].items():
        axis.plot(ever, color=COLOURS[rule], linestyle=":")
    for tuner, label in (("tuned", "worn items counted"), ("hidden", "… and a loss hidden")):
        limitless = figures[f"{tuner}, same items, without a limit"]
        axis.plot(limitless, color="#b279a2", linestyle=":" if tuner == "tuned" else "-.", label=label)
    axis.axhline(0.05, color="#17202a", linewidth=0.8, linestyle="--", label="5 %")
    axis.set(title="not better, same items (dotted: tuned)", xlabel="look", ylabel="any false promotion")


def _power(axis: Axes, figures: Mapping[str, Any]) -> None:
    for look, colour in zip(figures["power"], ("#0b6e99", "#b279a2"), strict=True):
        powers = figures["power"][look]
        axis.plot([int(number) for number in powers], list(powers.values()), color=colour, marker="o", label=look)
    axis.axhline(0.8, color="#17202a", linewidth=0.8, linestyle="--", label="80 %")
    axis.set(title="a true gain of 5 points", xlabel="documents", ylabel="found", ylim=(0, 1.02))
