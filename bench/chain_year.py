"""A year of real retrains on an invented medicine, with retractions and hostile feedback: `make bench-year`.

    python -m bench.chain_year [--seeds 3 5 7] [--turns 10]

Each turn runs the verbs that the DAGs run: pull, validate, merge, open withdrawals, collect feedback, hotfix, drift,
retrain, promote. Before and after it, the champion is asked every claim that is withdrawn, in phrasings that nothing
teaches, by its weights alone and behind the gateway's block. At the end, a model that never saw the withdrawn articles
is asked the same. Results go to bench/results/chain-year.json after each year, with a plot and the table in
docs/withdrawals.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import year_plot
from bench.measuring import machine, replace_between
from bench.year_chain import Chain, Turn
from bench.year_claims import Asserted, stated
from bench.year_ports import YearPorts
from medpipe.sandbox.servers import models, policies
from medpipe.sandbox.tiny_base import make_tiny_base
from medpipe.sandbox.year import Year
from medpipe.settings import Settings
from medpipe.steps import verification

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench" / "results" / "chain-year.json"
PLOT = ROOT / "docs" / "images" / "chain-year.png"
PAGE = ROOT / "docs" / "withdrawals.md"
BEGIN, END = "<!-- chain-year: begin -->", "<!-- chain-year: end -->"


def run(seed: int, turns: int, bases: Path) -> dict[str, Any]:
    """Run one year in a folder of its own, and return what it came to."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="medpipe-chain-") as folder:
        at_once = policies(Path(folder))

        def ports(home: Path) -> YearPorts:
            return YearPorts(Settings(home=home, models=bases, policies=at_once))

        chain = Chain(Path(folder) / "home", Year(seed, turns), ports)
        lived = []
        for turn in chain.turns():
            lived.append(turn)
            print(f"year {seed} · {line(turn)} · {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        checked = verification.verify(ports=chain.ports).model_dump(mode="json")
        return summary(lived, chain.control()) | {"verified": checked, "seconds": round(time.monotonic() - started)}


def line(turn: Turn) -> str:
    """Return a turn in one line, for people who wait."""
    events = [f"{name} withdrawn" for name in turn.opened] + [f"{name} lifted" for name in turn.lifted]
    trained = [f"{judged.plan} {'promoted' if judged.promoted else 'held'}" for judged in turn.retrains]
    anchor = "" if turn.anchor is None else f"anchor {turn.anchor:.2f}, "
    asserts = f"{turn.before.by_weights} → {turn.asserted.by_weights} of {turn.asserted.questions} assert a claim"
    return f"turn {turn.turn}: {'; '.join((*events, *trained)) or 'nothing to train'}; {anchor}{asserts}"


def summary(turns: Sequence[Turn], control: Asserted) -> dict[str, Any]:
    """Return what a year came to, as JSON values, with exact one-sided 95 % upper bounds."""
    judged = [judged for turn in turns for judged in turn.retrains]
    return {
        "turns": [
            turn._asdict()
            | {
                "retrains": [one._asdict() for one in turn.retrains],
                "before": stated(turn.before),
                "asserted": stated(turn.asserted),
            }
            for turn in turns
        ],
        "retrains": len(judged),
        "promoted": sum(one.promoted for one in judged),
        "served_assertions": sum(turn.before.served + turn.asserted.served for turn in turns),
        "by_weights": stated(turns[-1].asserted),
        "control": stated(control),
        "hostile_pairs": max(turn.hostile_pairs for turn in turns),
    }


def table(years: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the years as a Markdown table."""
    rows = [
        "| year | retrains, promoted | by the weights before a hotfix, at most | at the end | a control | served |"
        " hostile pairs | anchor, first to last |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for seed, year in years.items():
        worst = max(year["turns"], key=lambda turn: turn["before"]["by_weights"])["before"]
        anchors = [turn["anchor"] for turn in year["turns"] if turn["anchor"] is not None]
        rows.append(
            f"| seed {seed} | {year['retrains']}, {year['promoted']} | {worst['by_weights']} of {worst['questions']} | "
            f"{_share(year['by_weights'])} | {_share(year['control'])} | {year['served_assertions']} | "
            f"{year['hostile_pairs']} | {anchors[0]:.2f} to {anchors[-1]:.2f} |"
        )
    return "\n".join(rows)


def _share(counts: Mapping[str, Any]) -> str:
    return f"{counts['by_weights']} of {counts['questions']}, at most {counts['upper_bound']:.1%}"


def main() -> int:
    """Run the years and write the results."""
    parser = argparse.ArgumentParser(prog="bench.chain_year", description=__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[3, 5, 7], help="seeds of the invented medicine")
    parser.add_argument("--turns", type=int, default=10, help="deliveries of each year (default %(default)s)")
    options = parser.parse_args()
    bases = models(ROOT)
    print(f"making the tiny base in {bases}, unless it is there", file=sys.stderr, flush=True)
    make_tiny_base(bases)
    years: dict[str, Any] = {}
    for seed in options.seeds:
        years[str(seed)] = run(seed, options.turns, bases)
        RESULT.write_text(json.dumps({"machine": machine(), "years": years}, indent=2) + "\n", encoding="utf-8")
        year_plot.draw(years, PLOT)
        replace_between(PAGE, BEGIN, END, table(years))
    return 0


if __name__ == "__main__":
    sys.exit(main())
