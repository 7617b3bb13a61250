"""Simulate a year of retrains, and count what each rule lets through: `make bench-chain`.

    python -m bench.chain [--chains N] [--quick]

Models are rows of right and wrong answers. A challenger is its incumbent with noise (answers that flip without a change
of the mean) and, in an adversarial chain, with a true loss. The rules are those of `bench.chain_rules`; the first of
them calls `medpipe.core.judging`. Results go to bench/results/chain.json, docs/images/chain.png and docs/judging.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import chain_plot
from bench.chain_rules import Budgeted, FixedInterval, HigherMean, Rule, Scores
from bench.measuring import machine, replace_between
from medpipe.core.judging.budget import MOST_LOOKS
from medpipe.core.judging.plan import Gate

ROOT = Path(__file__).resolve().parent.parent
RESULT, PLOT = ROOT / "bench" / "results" / "chain.json", ROOT / "docs" / "images" / "chain.png"
PAGE, BEGIN, END = (
    ROOT / "docs" / "judging.md",
    "<!-- figures: written by make bench-chain -->",
    "<!-- end of figures -->",
)
SEED = 17
RETRAINS, LOOKS = 26, 200
DOCUMENTS, EACH = 800, 2
"""Documents of the anchor and of each set of old questions, and questions about each."""
KNOWN = 0.9
"""Share of the questions that the first champion answers right."""
MARGIN, NOISE, TOGETHER = 0.05, 0.01, 0.5
"""Margin of both gates; share of the right answers that flip at a retrain; share of the documents whose answers change
together."""
POWER_DOCUMENTS = (100, 200, 300, 400, 600, 800, 1200, 1600)
GAIN = 0.05
TUNED = (0.03, 0.1, 0.3)
"""Share of the documents whose answers a tuner's next recipe gives anew; each chain has one of them."""
BEYOND = MARGIN + 0.0005
"""True loss of each recipe of a tuner who hides a loss."""
CHANGING, CHANGED = "changing", 0.02
"""Items of which a share is about other documents at each look, as old questions are when the corpus grows."""

RULES = ("gates and budget", "fixed interval", "higher mean")
ADVERSARIES: dict[str, Callable[[float, np.random.Generator], float]] = {
    "loses 5 % each time": lambda lost, chance: 0.05,
    "loses 2 % each time": lambda lost, chance: 0.02,
    "loses 0 to 5 %": lambda lost, chance: float(chance.uniform(0, 0.05)),
    "creeps, then goes beyond": lambda lost, chance: 0.01 if lost < 0.025 else MARGIN + 0.0005 - lost,
}
"""True loss of the next challenger, given the true loss of the incumbent.

The last one knows the latter: it takes three steps of a point, and then tries again and again to get just beyond the
margin.
"""


def _gate(kind: str, **thresholds: float) -> Gate:
    return Gate.model_validate(
        {"kind": kind, "benchmark": "simulated", "min_samples": 1, "min_documents": 2} | thresholds
    )


NOT_WORSE = _gate("not_worse", margin=MARGIN, floor=0.3)
BEST = _gate("not_worse_than_best", margin=MARGIN, floor=0.3)
GAINED = _gate("gained", minimum=0.02)


def main() -> int:
    """Run every simulation, write the figures, the plot and the section of the page, and print the table."""
    parser = argparse.ArgumentParser(prog="bench.chain", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--chains", type=int, default=200, help="chains of each kind (default 200)")
    parser.add_argument("--quick", action="store_true", help="a few chains, to see that it runs; nothing is recorded")
    options = parser.parse_args()
    started = time.perf_counter()
    figures = measure(6 if options.quick else options.chains)
    figures |= {"machine": machine(), "seconds": round(time.perf_counter() - started)}
    text = table(figures)
    if not options.quick:
        RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        chain_plot.draw(figures, PLOT)
        replace_between(PAGE, BEGIN, END, text)
    print(text)
    return 0


def measure(chains: int) -> dict[str, Any]:
    """Return all figures, from `chains` chains of each kind. The same number gives the same figures."""
    figures: dict[str, Any] = {"chains": chains, "retrains": RETRAINS, "looks": LOOKS, "margin": MARGIN}
    for name, loss in ADVERSARIES.items():
        _report(name)
        figures.setdefault("adversaries", {})[name] = {rule: _losses(rule, loss, chains) for rule in RULES}
    _report("harmless challengers")
    figures["harmless"] = {rule: _promoted(rule, chains, harmful=False) for rule in RULES}
    figures["harmless among harmful"] = {rule: _promoted(rule, chains, harmful=True) for rule in RULES}
    for items in ("same", "fresh"):
        _report(f"null challengers, {items} items")
        figures[f"null, {items} items"] = {rule: _false_promotions(rule, chains, items) for rule in RULES}
    for items in ("same", "fresh"):
        _report(f"tuned challengers, {items} items")
        figures[f"tuned, {items} items"] = {rule: _tuned(_rules(rule), chains, items) for rule in RULES}
    figures["tuned, same items, without a limit"] = _tuned(_limitless, chains, "same")
    for items in ("same", "fresh"):
        _report(f"tuned challengers that hide a loss, {items} items")
        figures[f"hidden, {items} items"] = {rule: _tuned(_rules(rule), chains, items, BEYOND) for rule in RULES}
    for items in ("same", CHANGING):
        figures[f"hidden, {items} items, without a limit"] = _tuned(_limitless, chains, items, BEYOND)
    _report("power")
    figures["power"] = {f"look {look}": _powers(look, 2 * chains) for look in (1, RETRAINS)}
    return figures


def _losses(rule: str, loss: Callable[[float, np.random.Generator], float], chains: int) -> dict[str, Any]:
    """Return how much is truly lost in chains of losing challengers: quantiles by retrain, and who stays within."""
    chance = np.random.default_rng(SEED)
    lost = np.zeros((chains, RETRAINS))
    for chain in range(chains):
        year = _Year(rule, chance)
        for retrain in range(RETRAINS):
            year.retrain(loss(year.lost, chance))
            lost[chain, retrain] = year.lost
    return {
        "within margin": float((lost[:, -1] <= MARGIN + 1e-12).mean()),
        "median": np.median(lost, axis=0).round(4).tolist(),
        "worst in forty": np.quantile(lost, 0.975, axis=0).round(4).tolist(),
    }


def _promoted(rule: str, chains: int, harmful: bool) -> float:
    """Return the share of harmless challengers that pass. `harmful`: every other challenger loses 5 %."""
    chance = np.random.default_rng(SEED)
    passed = [
        outcome
        for _ in range(chains)
        for year in [_Year(rule, chance)]
        for retrain in range(RETRAINS)
        for outcome in [year.retrain(0.05 if harmful and retrain % 2 else 0.0)]
        if not (harmful and retrain % 2)
    ]
    return float(np.mean(passed))


class _Year:
    """One chain: the champions so far on the anchor, and what was truly lost."""

    def __init__(self, rule: str, chance: np.random.Generator) -> None:
        self.chance = chance
        self.old = _rule(rule, NOT_WORSE)
        self.anchor = _rule(rule, BEST) if rule == RULES[0] else None
        self.champions = [first(chance, DOCUMENTS)]
        self.lost = 0.0
        self.number = 0

    def retrain(self, loss: float) -> bool:
        """Judge a challenger that truly loses `loss`; return whether it was promoted."""
        self.number += 1
        loss = max(0.0, min(loss, KNOWN - self.lost - 2 * NOISE))
        before = first(self.chance, DOCUMENTS, KNOWN - self.lost)
        passed = self.old.passes(self._child(before, loss), [before], f"old {self.number}")
        challenger = self._child(self.champions[-1], loss)
        if self.anchor is not None:
            passed = self.anchor.passes(challenger, self.champions, "anchor") and passed
        if passed:
            self.champions.append(challenger)
            self.lost += loss
        return passed

    def _child(self, scores: Scores, loss: float) -> Scores:
        return child(self.chance, scores, KNOWN - self.lost, loss)


def _false_promotions(rule: str, chains: int, items: str) -> list[float]:
    """Return the share of chains with a false promotion, after each of `LOOKS` challengers that are not better."""
    chance = np.random.default_rng(SEED)
    ever = np.zeros((chains, LOOKS))
    for chain in range(chains):
        gate, incumbent = _rule(rule, GAINED), first(chance, DOCUMENTS // 4)
        for look in range(LOOKS):
            if items == "fresh":
                incumbent = first(chance, DOCUMENTS // 4)
            passed = gate.passes(
                child(chance, incumbent, KNOWN, 0.0), [incumbent], items if items == "same" else str(look)
            )
            ever[chain, look:] = np.maximum(ever[chain, look:], passed)
    return [round(share, 4) for share in ever.mean(axis=0).tolist()]


def _tuned(rule: Callable[[Gate], Rule], chains: int, items: str, loss: float = 0.0) -> list[float]:
    """Return the share of chains with a false promotion, after each of `LOOKS` challengers of a person who tunes.

    The person sees each score on the held-out questions and keeps a recipe if it did not lower it. The next recipe
    answers a share of the documents anew, no better than before: the true mean of every challenger is that of the
    incumbent, or lower by `loss`. Without a loss the gate asks for a gain, with one that nothing was lost.
    """
    ever = np.zeros((chains, LOOKS))
    for chain in range(chains):
        chance = np.random.default_rng((SEED, chain))  # the same tuner meets every rule
        gate, share = rule(NOT_WORSE if loss else GAINED), TUNED[chain % len(TUNED)]
        incumbent, best = _before_tuning(chance, DOCUMENTS // 4, loss)
        for look in range(LOOKS):
            if items == "fresh":
                incumbent, best = _before_tuning(chance, DOCUMENTS // 4, loss)
            elif items == CHANGING:
                other = chance.random((len(best), 1)) < CHANGED
                drawn = _before_tuning(chance, len(best), loss)
                incumbent, best = (np.where(other, new, old) for new, old in zip(drawn, (incumbent, best), strict=True))
            anew = chance.random((len(best), 1)) < share
            challenger = np.where(anew, first(chance, len(best), KNOWN - loss), best).astype(np.int8)
            if gate.passes(challenger, [incumbent], items if items == "same" else str(look)):
                ever[chain, look:] = 1
                break
            if challenger.mean() >= best.mean():
                best = challenger
    return [round(share, 4) for share in ever.mean(axis=0).tolist()]


def _before_tuning(chance: np.random.Generator, documents: int, loss: float) -> tuple[Scores, Scores]:
    """Draw the scores of an incumbent, and those of the first recipe of a person who tunes."""
    incumbent = first(chance, documents)
    return incumbent, child(chance, incumbent, KNOWN, loss) if loss else incumbent


def _limitless(gate: Gate) -> Rule:
    return Budgeted(gate, wears=False)


def _powers(look: int, rounds: int) -> dict[str, float]:
    """Return how often a true gain is found, by number of documents, at a look before which none passed.

    Every look is at fresh items.
    """
    chance = np.random.default_rng(SEED)
    powers = {}
    for documents in POWER_DOCUMENTS:
        found = 0
        for _ in range(rounds):
            gate = Budgeted(GAINED)
            incumbent = first(chance, documents)
            for earlier in range(1, look):
                gate.passes(incumbent, [incumbent], str(earlier))
            found += gate.passes(child(chance, incumbent, KNOWN, -GAIN), [incumbent], str(look))
        powers[str(documents)] = found / rounds
    return powers


def first(chance: np.random.Generator, documents: int, known: float = KNOWN) -> Scores:
    """Draw the scores of a model that answers `known` of the questions right."""
    return (_draws(chance, documents) < known).astype(np.int8)


def child(chance: np.random.Generator, scores: Scores, known: float, loss: float) -> Scores:
    """Return the scores of a retrained model whose mean is `known` - `loss` (a negative loss is a gain)."""
    lapse = NOISE + max(loss, 0.0) / known
    learn = (NOISE * known + max(-loss, 0.0)) / (1 - known)
    flips = _draws(chance, len(scores)) < np.where(scores == 1, lapse, learn)
    return np.where(flips, 1 - scores, scores).astype(np.int8)


def _draws(chance: np.random.Generator, documents: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Draw a uniform number for each question; the questions of some documents share theirs."""
    alone, shared = chance.random((documents, EACH)), chance.random((documents, 1))
    return np.where(chance.random((documents, 1)) < TOGETHER, shared, alone)


def _rule(name: str, gate: Gate) -> Rule:
    if name == RULES[0]:
        return Budgeted(gate)
    return FixedInterval(gate) if name == RULES[1] else HigherMean(bonus=0.0 if gate.kind == "gained" else 0.06)


def _rules(name: str) -> Callable[[Gate], Rule]:
    return lambda gate: _rule(name, gate)


def table(figures: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    rows = [
        f"{figures['chains']} chains of each kind; {RETRAINS} retrains with a margin of {MARGIN}, "
        f"{LOOKS} looks of challengers that are not better. {figures.get('seconds', '?')} seconds.",
        "",
        f"| | {' | '.join(RULES)} |",
        "|---|---|---|---|",
    ]
    for name, by_rule in figures["adversaries"].items():
        rows.append(
            _row(f"chains within the margin; every challenger {name}", [by_rule[r]["within margin"] for r in RULES])
        )
        worst = [by_rule[rule]["worst in forty"][-1] for rule in RULES]
        rows.append(f"| … lost in the worst chain of forty | {' | '.join(f'{value:.3f}' for value in worst)} |")
    rows.append(_row("harmless challengers promoted", [figures["harmless"][r] for r in RULES]))
    mixed = [figures["harmless among harmful"][rule] for rule in RULES]
    rows.append(_row("… while every other challenger loses 5 %", mixed))
    for items in ("same", "fresh"):
        ever = [figures[f"null, {items} items"][rule][-1] for rule in RULES]
        rows.append(_row(f"any false promotion in {LOOKS} looks, {items} items", ever))
    for items in ("fresh", "same"):
        ever = [figures[f"tuned, {items} items"][rule][-1] for rule in RULES]
        rows.append(_row(f"any false promotion in {LOOKS} looks of a tuner, {items} items", ever))
    limitless = figures["tuned, same items, without a limit"]
    for look in (MOST_LOOKS, 52, LOOKS):
        rows.append(f"| … in {look} looks, if a gain on worn items counted | {100 * limitless[look - 1]:.1f} % | | |")
    for items in ("fresh", "same"):
        ever = [figures[f"hidden, {items} items"][rule][-1] for rule in RULES]
        rows.append(_row(f"a loss beyond the margin promoted in {LOOKS} looks of a tuner, {items} items", ever))
    limitless = figures["hidden, same items, without a limit"]
    for look in (MOST_LOOKS, 52, LOOKS):
        rows.append(f"| … in {look} looks, if a pass on worn items counted | {100 * limitless[look - 1]:.1f} % | | |")
    changing = 100 * figures[f"hidden, {CHANGING} items, without a limit"][-1]
    rows.append(f"| … in {LOOKS} looks, of whose items {CHANGED:.0%} change at each | {changing:.1f} % | | |")
    for look, powers in figures["power"].items():
        enough = next((number for number, power in powers.items() if power >= 0.8), "none of those tried")
        rows.append(f"| documents that find +5 points with 80 % power, {look} | {enough} | | |")
    return "\n".join(rows)


def _row(what: str, shares: list[float]) -> str:
    return f"| {what} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |"


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
