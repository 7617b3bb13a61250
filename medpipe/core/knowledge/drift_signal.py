"""A signal of drift: a count or a share, and whether it is over its threshold."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict

from medpipe.core.intervals import wilson


class Signal(BaseModel):
    """`count` of `total`, the share with its 95 % interval [low, high], and whether it is over its threshold."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    count: int
    """Facts, documents, questions or ratings; days for ages."""
    total: int
    share: float
    low: float
    high: float
    over: bool
    note: str = ""
    """Why nothing was measured; empty for a measurement."""

    @property
    def reason(self) -> str:
        """The signal as the reason of a verdict."""
        if self.total == self.count:
            return f"{self.name}: {self.count}"
        return (
            f"{self.name}: {self.count} of {self.total} "
            f"({self.share:.1%}, 95 % interval {self.low:.1%} to {self.high:.1%})"
        )

    @classmethod
    def of_count(cls, name: str, count: int, total: int, threshold: int, counts: bool = True) -> Self:
        """Return the signal of a count; over from `threshold` on, unless it does not count."""
        share, low, high = _interval(count, total)
        over = counts and count >= threshold
        return cls(name=name, count=count, total=total, share=share, low=low, high=high, over=over)

    @classmethod
    def of_share(cls, name: str, count: int, total: int, threshold: float) -> Self:
        """Return the signal of a share; over when the lower end of its interval is above `threshold`, 0..1."""
        share, low, high = _interval(count, total)
        return cls(name=name, count=count, total=total, share=share, low=low, high=high, over=low > threshold)

    @classmethod
    def unmeasured(cls, name: str, note: str) -> Self:
        """Return the signal of what was not measured, and why not."""
        return cls(name=name, count=0, total=0, share=0.0, low=0.0, high=1.0, over=False, note=f"not measured: {note}")


def _interval(count: int, total: int) -> tuple[float, float, float]:
    """Return a share and its 95 % interval; a share of nothing is 0 in [0, 1]."""
    share = count / total if total else 0.0
    return (share, *wilson(share, total))
