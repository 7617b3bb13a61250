"""Shares that are held to a limit, for gates that hold a model and not its distance from another.

A limit that is broken by what was seen fails. A limit that the questions are too few to decide is inconclusive.
"""

from __future__ import annotations

from medpipe.core.judging.comparisons import Outcome


def at_least(seen: str, value: float, low: float, least: float) -> tuple[Outcome, str]:
    """Return the outcome of a share that must reach `least`, and the sentence with its reason, which `seen` begins.

    `low`: the lower bound of the share's interval. All are in 0..1.
    """
    if value < least:
        return Outcome.FAIL, f"{seen}; at least {percent(least)} is required."
    if low < least:
        return Outcome.INCONCLUSIVE, f"{seen}; less than the required {percent(least)} cannot be ruled out."
    return Outcome.PASS, f"{seen}; that is the required {percent(least)} or more."


def interval(low: float, high: float) -> str:
    """Return an interval in words."""
    return f"95 % interval {percent(low)} to {percent(high)}"


def percent(share: float) -> str:
    """Return a share with three significant digits."""
    return f"{100 * share:.3g} %"
