"""Small inline SVG figures: a metric on 0..1 and a difference around zero, each with its 95 % interval."""

from __future__ import annotations

from markupsafe import Markup

from medpipe.core.judging.evaluation import Metric
from medpipe.core.judging.gates import GateResult

WIDTH, HEIGHT = 180, 16
"""Size of a figure in CSS pixels."""


def metric(value: Metric | None, style: str = "after") -> Markup:
    """Draw a bar up to the value and a whisker from its low to its high, on a scale of 0..1.

    `style`: the CSS class of the bar, `before` or `after`.
    """
    if not value:
        return Markup("<span class='none'>not asked</span>")
    return _svg(
        f'<rect class="track" width="{WIDTH}" height="8" y="4" rx="4"/>'
        f'<rect class="{style}" width="{_share(value.value) * WIDTH:.1f}" height="8" y="4" rx="4"/>'
        f"{_whisker(_share(value.low), _share(value.high))}",
        f"{value.value:.3f}, 95 % interval {value.low:.3f} to {value.high:.3f}, n = {value.n}",
    )


def interval(gate: GateResult) -> Markup:
    """Draw a difference and its interval on a scale of -1..1, with a line at zero; nothing without a difference."""
    if gate.difference is None:
        return Markup("")
    low = gate.difference if gate.low is None else gate.low
    high = gate.difference if gate.high is None else gate.high
    return _svg(
        f'<line class="zero" x1="{WIDTH / 2}" x2="{WIDTH / 2}" y1="0" y2="{HEIGHT}"/>'
        f"{_whisker(_signed(low), _signed(high))}"
        f'<circle class="{gate.outcome}" cx="{_signed(gate.difference) * WIDTH:.1f}" cy="8" r="4"/>',
        f"difference {gate.difference:+.3f}",
    )


def _whisker(low: float, high: float) -> str:
    left, right = low * WIDTH, high * WIDTH
    return f'<path class="whisker" d="M{left:.1f} 8H{right:.1f}M{left:.1f} 4V12M{right:.1f} 4V12"/>'


def _share(value: float) -> float:
    """Return a value as a share of the width, for a scale of 0..1."""
    return min(1.0, max(0.0, value))


def _signed(value: float) -> float:
    """Return a value as a share of the width, for a scale of -1..1."""
    return _share((value + 1) / 2)


def _svg(content: str, title: str) -> Markup:
    # Only numbers and this module's words reach the markup.
    return Markup(
        f'<svg class="figure" viewBox="-1 0 {WIDTH + 2} {HEIGHT}" width="{WIDTH + 2}" height="{HEIGHT}" '
        f'role="img" aria-label="{title}"><title>{title}</title>{content}</svg>'
    )
