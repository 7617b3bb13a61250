"""Has the world moved enough from what the champion knows? Signals with intervals, and a verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import sqrt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_Z = 1.959963984540054
"""The 97.5 % point of the normal distribution: intervals hold 95 %."""


class Thresholds(BaseModel):
    """From where on a retrain is worth its risk.

    News counts when there are at least `documents` new or changed documents and the interval of their
    share of the corpus lies wholly above `share`. One withdrawn document that was taught is enough.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    documents: int = Field(5, ge=1)
    share: float = Field(0.01, ge=0, le=1)
    withdrawn: int = Field(1, ge=1)
    pairs: int = Field(20, ge=1)


class Signal(BaseModel):
    """`count` of `total` with the share's 95 % interval [low, high], and whether it calls for a retrain."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    count: int
    total: int
    share: float
    low: float
    high: float
    over: bool


class Drift(BaseModel):
    """`method` is what a retrain would use: knowledge first (sft), feedback (dpo) when nothing else calls.

    `withdrawn` are the taught documents that were retracted since: what a hotfix must withdraw.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    verdict: Literal["retrain", "hold"]
    method: Literal["sft", "dpo"]
    signals: tuple[Signal, ...]
    reasons: tuple[str, ...]
    withdrawn: tuple[str, ...] = ()


def detect(
    previous: Mapping[str, str] | None,
    current: Mapping[str, str],
    retracted: Collection[str],
    pairs_unused: int,
    thresholds: Thresholds,
) -> Drift:
    """Compare what the champion was taught (id → digest; None: no champion) with the corpus of today.

    `retracted` are the ids that the corpus knows as retracted; those that `previous` taught matter.
    """
    before = previous or {}
    news = sum(1 for id in current if id not in before)
    changed = sum(1 for id, digest in current.items() if id in before and before[id] != digest)
    withdrawn = tuple(sorted(set(retracted) & set(before)))
    gone = sum(1 for id in before if id not in current)
    _, low, _ = _interval(news + changed, len(current))
    enough = news + changed >= thresholds.documents and low > thresholds.share
    signals = (
        _signal("new documents", news, len(current), enough and news > 0),
        _signal("changed documents", changed, len(current), enough and changed > 0),
        _signal("taught documents retracted", len(withdrawn), len(before), len(withdrawn) >= thresholds.withdrawn),
        _signal("taught documents gone", gone, len(before), False),
        _signal("unused preference pairs", pairs_unused, pairs_unused, pairs_unused >= thresholds.pairs),
    )
    if previous is None:
        first = ("no champion yet: everything is new",) if current else ()
        return _verdict(signals, first, ())
    reasons = tuple(_reason(signal) for signal in signals if signal.over)
    return _verdict(signals, reasons, withdrawn)


def _verdict(signals: tuple[Signal, ...], reasons: tuple[str, ...], withdrawn: tuple[str, ...]) -> Drift:
    pairs_alone = bool(reasons) and [signal.name for signal in signals if signal.over] == [signals[-1].name]
    calm = "nothing is far enough from what the champion knows: " + "; ".join(
        f"{signal.name} {signal.count}" for signal in signals
    )
    return Drift(
        verdict="retrain" if reasons else "hold",
        method="dpo" if pairs_alone else "sft",
        signals=signals,
        reasons=reasons or (calm,),
        withdrawn=withdrawn,
    )


def _reason(signal: Signal) -> str:
    if signal.total in (0, signal.count):
        return f"{signal.name}: {signal.count}"
    return (
        f"{signal.name}: {signal.count} of {signal.total} "
        f"({signal.share:.1%}, 95 % interval {signal.low:.1%} to {signal.high:.1%})"
    )


def _signal(name: str, count: int, total: int, over: bool) -> Signal:
    share, low, high = _interval(count, total)
    return Signal(name=name, count=count, total=total, share=share, low=low, high=high, over=over)


def _interval(count: int, total: int) -> tuple[float, float, float]:
    """A share and its 95 % interval (Wilson, JASA 1927, 22:209); of nothing: 0 in [0, 1]."""
    if not total:
        return 0.0, 0.0, 1.0
    share, z2 = count / total, _Z * _Z
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z / (1 + z2 / total) * sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    return share, max(0.0, middle - half), min(1.0, middle + half)
