"""The error budget: what a look at held-out items costs, and at which level the next look is judged.

A gate that is asked often enough passes by luck. So all looks of a calendar year at one benchmark share one
probability, `total`, of ever passing wrongly. Each look gets a part of it, its level. The items of a benchmark have an
account, named by their digest. The k-th look of the j-th account of a year gets

    total * weight(j) * weight(k), with weight(i) = i^-1.6 / zeta(1.6),

so that fresh items (a new account) are judged at a higher level than items that were looked at many times, and all
parts together never exceed `total`, whatever is looked at in whichever order. A look that passes has not spent its
level: it is added to that of the next look. This is the online fallback procedure, which controls the familywise error
rate under any dependence between the looks (Tian and Ramdas, "Online control of the familywise error rate", Statistical
Methods in Medical Research 2021, 30:976-993); weights that fall as i^-1.6 are those of the R package onlineFDR.

The guarantee is for challengers that are made without knowledge of the held-out scores. Who keeps what raised a printed
score finds noise (Dwork et al., "The reusable holdout", Science 2015, 349:636-638; Feng et al., "Sequential algorithmic
modification with test data reuse", UAI 2022, arXiv:2203.11377), and hides losses. So items wear out: a pass counts in
`MOST_LOOKS` looks at the same items, where `Gate.wears` says so. `make bench-chain` simulates such a tuner.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from medpipe.core.refs import BASE

_EXPONENT = 1.6
_ZETA = 2.2857656656801293
"""The sum over all i >= 1 of i^-1.6."""


MOST_LOOKS = 20
"""Looks at the same items in which a pass counts. Chosen by `bench.chain`: tuners then pass with less than 5 %."""


class Asked(NamedTuple):
    """One evaluation of one benchmark, and what was decided on it before the present evaluation was made."""

    evaluation: str
    adapter: str
    digest: str
    """Of the benchmark's items and scorer."""
    created_ns: int
    judged: bool = False
    """A decision had this evaluation as its challenger."""
    passed: bool = False
    """The decision passed the benchmark's gates."""


class Budget(BaseModel):
    """What one look at one benchmark may spend, and what the looks before it have spent."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    total: float
    """Probability that a gate on this benchmark passes wrongly in a calendar year."""
    spent: float
    """Levels of this year's earlier looks that did not pass."""
    account: int
    """Number of the items among those that were looked at this year, from 1."""
    look: int
    """Number of this look at these items, from 1."""
    level: float
    """The level of this look: the probability that a bound is on the wrong side of the truth."""

    @property
    def worn(self) -> bool:
        """Whether the items were looked at so often that a tuner would pass by noise."""
        return self.look > MOST_LOOKS

    @property
    def left(self) -> float:
        """What this look and all later ones of the year can spend."""
        return max(0.0, self.total - self.spent)


def looks(asked: Iterable[Asked], now: Asked, incumbents: Collection[str]) -> tuple[Asked, ...]:
    """Return the earlier looks at a benchmark that count before the evaluation `now`, oldest first.

    Every adapter counts once for each digest, at its first evaluation, whether or not it was compared. Evaluations made
    after `now` do not count, so that a repeated comparison gets the same level. Nor do the base, the adapter of `now`,
    and evaluations of `incumbents` (adapters that had passed) other than the one that they passed with: an incumbent
    is asked for comparison, and nothing is chosen by its scores.
    """
    first: dict[tuple[str, str], Asked] = {}
    for ask in sorted(asked, key=lambda ask: ask.created_ns):
        if ask.created_ns >= now.created_ns or ask.adapter in (BASE, now.adapter):
            continue
        if ask.adapter in incumbents and not ask.judged:
            continue
        key = ask.adapter, ask.digest
        first[key] = first[key]._replace(passed=first[key].passed or ask.passed) if key in first else ask
    return tuple(first.values())


def budget(total: float, earlier: Sequence[Asked], now: Asked) -> Budget:
    """Return the budget of the look `now` after the `earlier` looks, oldest first."""
    year = _year(now.created_ns)
    accounts: list[str] = []
    counts: dict[str, int] = {}
    spent = level = 0.0
    passed = False
    for look in (*earlier, now):
        counts[look.digest] = counts.get(look.digest, 0) + 1
        if _year(look.created_ns) != year:
            continue
        if look.digest not in accounts:
            accounts.append(look.digest)
        spent += 0.0 if passed else level
        share = total * _weight(accounts.index(look.digest) + 1) * _weight(counts[look.digest])
        level = share + (level if passed else 0.0)
        passed = look.passed
    return Budget(
        total=total, spent=spent, account=accounts.index(now.digest) + 1, look=counts[now.digest], level=level
    )


def _weight(number: int) -> float:
    return float(number**-_EXPONENT) / _ZETA


def _year(created_ns: int) -> int:
    return datetime.fromtimestamp(created_ns / 1e9, tz=UTC).year
