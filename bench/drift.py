"""False alarms and delay of drift: a year of days, under the shipped policy and under the rule of 0.1, by simulation.

Each day, a number of documents per thousand have their metadata edited, and some facts really change. Days are
Poisson. A retrain learns everything that has changed. No text is made and no model is trained: only the rules run, on
the numbers that they read.
"""

from __future__ import annotations

import random
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from statistics import mean, median
from typing import Any, NamedTuple

from medpipe import configuration
from medpipe.core.corpus.document import Document
from medpipe.core.intervals import wilson
from medpipe.core.knowledge.drift import Measured, verdict
from medpipe.core.knowledge.drift_policy import DriftPolicy
from medpipe.core.knowledge.fact_changes import Changes
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.origin import Origin
from medpipe.settings import Settings

NAME = "drift"
YEAR = 365
FIRST_DAY = date(2026, 1, 1)
SHARE, DOCUMENTS = 0.01, 5
"""The rule of 0.1: five changed documents, and the 95 % interval of their share above one in a hundred."""
EDITS = (0.5, 2.0, 5.0, 10.0)
"""Metadata edits a day for each 1,000 documents."""
CHANGES = ((1_000, 0.1), (1_000, 1.0), (1_000_000, 1.0), (1_000_000, 100.0))
"""Documents of the corpus, and true changes a day in all."""

Rule = Callable[[int, "list[date]", date, date], bool]
"""(documents edited, days of true changes, the last training, today) → whether to retrain."""


class Year(NamedTuple):
    """One simulated year."""

    retrains: int
    waits: list[int]
    """Days that each change waited until a retrain learned it."""


def measure(options: Namespace) -> dict[str, Any]:
    """Return retrains a year from metadata edits alone, and days until true changes are learned."""
    policy = configuration.load(Settings().policies / "drift.yaml", DriftPolicy)
    repeats = 2 if options.quick else 50
    alarms = {
        f"{rate:g}": {name: _mean_retrains(rule(1_000), 1_000, rate, repeats) for name, rule in _rules(policy).items()}
        for rate in EDITS
    }
    delays = {
        f"{documents} documents, {rate:g} changes a day": {
            name: _delay(rule(documents), rate, repeats if rate < EDITS[-1] else 3)
            for name, rule in _rules(policy).items()
        }
        for documents, rate in CHANGES
    }
    return {"years": repeats, "retrains_from_edits": alarms, "days_to_learn": delays}


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
    alarms = figures["retrains_from_edits"]
    worst = alarms[max(alarms, key=float)]
    many = next(reversed(figures["days_to_learn"].values()))
    return [
        f"| retrains a year from metadata edits alone (10 a day per 1,000 documents) | {worst['facts']:g}; "
        f"{worst['share of documents']:g} by share of documents |",
        f"| days until 100 changes a day are learned in a million documents | {many['facts']['median']:g}; "
        f"{many['share of documents']['median']:g} by share of documents |",
    ]


def _rules(policy: DriftPolicy) -> dict[str, Callable[[int], Rule]]:
    return {"share of documents": _by_share, "facts": lambda documents: _by_facts(policy)}


def _by_share(documents: int) -> Rule:
    def rule(edited: int, changed: list[date], trained: date, today: date) -> bool:
        news = min(edited + len(changed), documents)
        return news >= DOCUMENTS and wilson(news / documents, documents)[0] > SHARE

    return rule


def _by_facts(policy: DriftPolicy) -> Rule:
    def rule(edited: int, changed: list[date], trained: date, today: date) -> bool:
        facts = tuple(
            _fact(day) for day in (changed if len(changed) < policy.changed_facts else changed[:1] * len(changed))
        )
        at = datetime(today.year, today.month, today.day, tzinfo=UTC)
        trained_at = datetime(trained.year, trained.month, trained.day, tzinfo=UTC)
        measured = Measured(Changes((), facts, 1_000), (), 1_000, 0, trained_at, at, None)
        return verdict(measured, policy).verdict == "retrain"

    return rule


def _fact(day: date) -> Fact:
    document = Document(id="mplus:1", revision=int(day.strftime("%Y%m%d")), source="s", title="t", published=day)
    return Fact(Origin.of(document), "treatment", "ill", "rest")


def _year(rule: Rule, edits: float, changes: float, seed: int) -> Year:
    """Return a year with these means of edited documents and changed facts a day."""
    chance = random.Random(seed)
    retrains, edited, waits = 0, 0, []
    changed: list[date] = []
    trained = FIRST_DAY
    for number in range(YEAR):
        today = FIRST_DAY + timedelta(days=number)
        edited += _poisson(chance, edits)
        changed += [today] * _poisson(chance, changes)
        if rule(edited, changed, trained, today):
            waits += [(today - day).days for day in changed]
            retrains, edited, changed, trained = retrains + 1, 0, [], today
    last = FIRST_DAY + timedelta(days=YEAR)
    return Year(retrains, waits + [(last - day).days for day in changed])


def _mean_retrains(rule: Rule, documents: int, rate: float, repeats: int) -> float:
    return round(mean(_year(rule, rate * documents / 1_000, 0, seed).retrains for seed in range(repeats)), 1)


def _delay(rule: Rule, rate: float, repeats: int) -> dict[str, float]:
    years = [_year(rule, 0, rate, seed) for seed in range(repeats)]
    waits = [wait for year in years for wait in year.waits]
    return {"median": median(waits), "longest": max(waits), "retrains": round(mean(year.retrains for year in years), 1)}


def _poisson(chance: random.Random, expected: float) -> int:
    """Return a Poisson number: arrivals in one unit of time with exponential gaps."""
    count, at = 0, chance.expovariate(expected) if expected else 2.0
    while at < 1:
        count, at = count + 1, at + chance.expovariate(expected)
    return count
