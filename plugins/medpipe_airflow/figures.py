"""Small inline SVG figures: a metric on 0..1 and a difference around zero, each with its 95 % interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

WIDTH, HEIGHT = 180, 16


def metric(found: Mapping[str, Any] | None, kind: str = "after") -> Markup:
    """A bar up to `value` and a whisker from `low` to `high`, on a scale of 0..1."""
    if not found:
        return Markup("<span class='none'>not asked</span>")
    value, low, high = (_share(found[key]) for key in ("value", "low", "high"))
    return _svg(
        f'<rect class="track" width="{WIDTH}" height="8" y="4" rx="4"/>'
        f'<rect class="{kind}" width="{value * WIDTH:.1f}" height="8" y="4" rx="4"/>{_whisker(low, high)}',
        f"{found['value']:.3f}, 95 % interval {found['low']:.3f} to {found['high']:.3f}, n = {found['n']}",
    )


def interval(gate: Mapping[str, Any]) -> Markup:
    """A difference and its interval on a scale of -1..1 with a line at zero; nothing when none was computed."""
    if gate.get("difference") is None:
        return Markup("")
    middle, low, high = (
        (_share((float(gate[key] if gate.get(key) is not None else gate["difference"]) + 1) / 2))
        for key in ("difference", "low", "high")
    )
    return _svg(
        f'<line class="zero" x1="{WIDTH / 2}" x2="{WIDTH / 2}" y1="0" y2="{HEIGHT}"/>{_whisker(low, high)}'
        f'<circle class="{gate["outcome"]}" cx="{middle * WIDTH:.1f}" cy="8" r="4"/>',
        f"difference {gate['difference']:+.3f}",
    )


def _whisker(low: float, high: float) -> str:
    left, right = low * WIDTH, high * WIDTH
    return f'<path class="whisker" d="M{left:.1f} 8H{right:.1f}M{left:.1f} 4V12M{right:.1f} 4V12"/>'


def _share(value: float) -> float:
    return min(1.0, max(0.0, float(value)))


def _svg(content: str, title: str) -> Markup:
    # Only numbers and this module's words reach the markup.
    return Markup(
        f'<svg class="figure" viewBox="-1 0 {WIDTH + 2} {HEIGHT}" width="{WIDTH + 2}" height="{HEIGHT}" '
        f'role="img" aria-label="{title}"><title>{title}</title>{content}</svg>'
    )
