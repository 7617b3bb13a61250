"""Whether the corpus has moved far enough from what the champion was taught: signals with intervals, and a verdict."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.intervals import wilson


class Thresholds(BaseModel):
    """How much must have changed before a retrain is worth its risk.

    New and changed documents are counted together as news. News is over its threshold if it has at least
    `documents` documents and the 95 % interval of its share of the corpus lies wholly above `share`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    documents: int = Field(5, ge=1)
    share: float = Field(0.01, ge=0, le=1)
    withdrawn: int = Field(1, ge=1)
    """Taught documents that were retracted since. By default a single one is enough."""
    pairs: int = Field(20, ge=1)
    """Preference pairs that no training has used."""


class Signal(BaseModel):
    """`count` of `total`, the share with its 95 % interval [low, high], and whether it is over its threshold."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    count: int
    total: int
    share: float
    low: float
    high: float
    over: bool


class Drift(BaseModel):
    """The verdict, and the signals that it rests on."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    verdict: Literal["retrain", "hold"]
    method: Literal["sft", "dpo"]
    """How to retrain: `dpo` if unused preference pairs are the only signal over its threshold, else `sft`."""
    signals: tuple[Signal, ...]
    reasons: tuple[str, ...]
    withdrawn: tuple[str, ...] = ()
    """Ids of taught documents that were retracted since: a hotfix must withdraw these."""


def detect(
    previous: Mapping[str, str] | None,
    current: Mapping[str, str],
    retracted: Collection[str],
    pairs_unused: int,
    thresholds: Thresholds,
) -> Drift:
    """Compare what the champion was taught with the corpus of today.

    `previous`: id → digest of each taught document; None: there is no champion. `current`: id → digest of each
    document that may be taught today. `retracted`: ids of retracted documents in the corpus; only those in
    `previous` count. `pairs_unused`: preference pairs that the champion was not trained on.
    """
    taught = previous or {}
    new = sum(1 for id in current if id not in taught)
    changed = sum(1 for id, digest in current.items() if id in taught and taught[id] != digest)
    withdrawn = tuple(sorted(set(retracted) & set(taught)))
    gone = sum(1 for id in taught if id not in current)
    _, low, _ = _interval(new + changed, len(current))
    news_over = new + changed >= thresholds.documents and low > thresholds.share
    pairs = _signal("unused preference pairs", pairs_unused, pairs_unused, pairs_unused >= thresholds.pairs)
    signals = (
        _signal("new documents", new, len(current), news_over and new > 0),
        _signal("changed documents", changed, len(current), news_over and changed > 0),
        _signal("taught documents retracted", len(withdrawn), len(taught), len(withdrawn) >= thresholds.withdrawn),
        # Never over a threshold: a document that is gone was not retracted, so its content need not be unlearned.
        _signal("taught documents gone", gone, len(taught), False),
        pairs,
    )
    if previous is None:
        first = ("no champion yet: everything is new",) if current else ()
        return _verdict(signals, first, (), "sft")
    over = [signal for signal in signals if signal.over]
    return _verdict(signals, tuple(map(_reason, over)), withdrawn, "dpo" if over == [pairs] else "sft")


def _verdict(
    signals: tuple[Signal, ...], reasons: tuple[str, ...], withdrawn: tuple[str, ...], method: Literal["sft", "dpo"]
) -> Drift:
    calm = "no signal is over its threshold: " + "; ".join(f"{signal.name} {signal.count}" for signal in signals)
    return Drift(
        verdict="retrain" if reasons else "hold",
        method=method,
        signals=signals,
        reasons=reasons or (calm,),
        withdrawn=withdrawn,
    )


def _reason(signal: Signal) -> str:
    if signal.total == signal.count:
        return f"{signal.name}: {signal.count}"
    return (
        f"{signal.name}: {signal.count} of {signal.total} "
        f"({signal.share:.1%}, 95 % interval {signal.low:.1%} to {signal.high:.1%})"
    )


def _signal(name: str, count: int, total: int, over: bool) -> Signal:
    share, low, high = _interval(count, total)
    return Signal(name=name, count=count, total=total, share=share, low=low, high=high, over=over)


def _interval(count: int, total: int) -> tuple[float, float, float]:
    """Return a share and its 95 % interval; a share of nothing is 0 in [0, 1]."""
    share = count / total if total else 0.0
    return (share, *wilson(share, total))
