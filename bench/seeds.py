"""What the README says of the demo, on several invented medicines: `make bench-seeds`.

    python -m bench.seeds [--seeds 17 5 7]

Each seed is one run of `make demo ARGS=--exit`: another medicine, and another order of what is taught. A run that does
not end as the demo must is a result, too, and its reason stands in the table. Results go to bench/results/seeds.json
after each run, and the table to the README.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.measuring import machine, replace_between

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench" / "results" / "seeds.json"
PAGE = ROOT / "README.md"
BEGIN, END = "<!-- seeds: begin -->", "<!-- seeds: end -->"
SEEDS = (17, 5, 7)
NOT_REACHED = "–"
"""In the place of what a run did not reach."""

Report = Mapping[str, Any]
_TEXTS = ("asked_for", "reasons", "gates", "held", "examples", "evaluations", "faults", "rollout_run")
"""What a judged version of a report has beside figures."""


def run(seed: int) -> dict[str, Any]:
    """Run the demo with a seed; return its report, or `failed`: the line that says why it has none."""
    with tempfile.TemporaryDirectory(prefix="medpipe-seed-") as folder:
        var = Path(folder) / "demo"
        command = [sys.executable, "-m", "medpipe.sandbox.demo", "--exit", "--seed", str(seed), "--var", str(var)]
        last = ""
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, errors="replace") as process:
            for line in process.stdout or ():
                print(f"seed {seed} · {line}", end="", file=sys.stderr, flush=True)
                last = line.strip() or last
        if process.returncode:
            return {"failed": last}
        return kept(json.loads((var / "report.json").read_text(encoding="utf-8")))


def kept(report: Report) -> dict[str, Any]:
    """Return what the table is written from: without texts, gates and refs."""
    judged = {name: _figures(report[name]) for name in ("withdrawal", "feedback")}
    several = {name: [_figures(one) for one in report[name]] for name in ("days", "challengers")}
    return {name: report[name] for name in ("swap", "rollback", "seconds", "memory_gib", "versions")} | judged | several


def _figures(judged: Report) -> dict[str, Any]:
    return {name: value for name, value in judged.items() if name not in _TEXTS}


def table(reports: Mapping[str, Report]) -> str:
    """Return what the demo's runs came to, a column for each seed."""
    head = ["| what |", *(f" seed {seed} |" for seed in reports)]
    rows = ["".join(head), f"|---|{'---|' * len(reports)}"]
    for title, cell in ROWS:
        rows.append(f"| {title} | {' | '.join(_cell(report, cell) for report in reports.values())} |")
    return "\n".join(rows)


def _cell(report: Report, cell: Callable[[Report], str]) -> str:
    return NOT_REACHED if "failed" in report else cell(report)


def _change(judged: Report, benchmark: str) -> str:
    """Return a benchmark's score before and after, with the interval and the number of questions of the latter."""
    before, after = judged["incumbent_metrics"][benchmark], judged["metrics"][benchmark]
    return f"{before['value']:.3f} → {_interval(after)}"


def _interval(metric: Report) -> str:
    return f"{metric['value']:.3f} [{metric['low']:.2f}, {metric['high']:.2f}], n {metric['n']}"


def _held(report: Report, recipe: str) -> str:
    """Return how the old facts fared in the challenger of a recipe, and what became of it."""
    judged = next(one for one in report["challengers"] if one["recipe"] == recipe)
    return f"{_change(judged, 'old-knowledge')}: {'promoted' if judged['promoted'] else 'held'}"


def _withdrawn(report: Report) -> str:
    withdrawal = report["withdrawal"]
    before, after = (withdrawal[key]["withdrawn"] for key in ("incumbent_metrics", "metrics"))
    return " → ".join(f"{round(one['value'] * one['n'])} of {one['n']}" for one in (before, after))


def _certified(report: Report) -> str:
    probed = report["withdrawal"]["precisions"]
    return f"{sum(one['assertions'] for one in probed)} of {sum(one['probes'] for one in probed)}"


ROWS: Sequence[tuple[str, Callable[[Report], str]]] = (
    (
        "day 1: questions in phrasings that were never taught, base → champion",
        lambda report: _change(report["days"][0], "new-knowledge"),
    ),
    ("control: old facts, after training on shuffled answers", lambda report: _held(report, "tiny-sft-shuffled")),
    (
        "day 2: answers of the service that assert the retracted claim, before → after the block",
        lambda report: f"{report['withdrawal']['claim_before']:.0%} → {report['withdrawal']['claim_after']:.0%}",
    ),
    ("day 2: questions about it that the weights assert, before → after the hotfix", _withdrawn),
    ("day 2: the certificate: assertions in fresh phrasings, at fp32, NF4 and int8 together", _certified),
    ("day 3: new facts, champion before → after", lambda report: _change(report["days"][1], "new-knowledge")),
    (
        "day 3: old facts that were not replayed, champion before → after",
        lambda report: _change(report["days"][1], "old-knowledge"),
    ),
    ("day 3: old facts, challenger without replay", lambda report: _held(report, "tiny-sft-no-replay")),
    (
        "requests during the swap; failed",
        lambda report: f"{report['swap']['total_requests']}; {report['swap']['failed_requests']}",
    ),
    (
        "feedback: what users preferred, before → after DPO",
        lambda report: f"{_change(report['feedback'], 'preferences')}, {report['feedback']['train']} pairs",
    ),
    ("feedback: old facts, before → after the same DPO", lambda report: _change(report["feedback"], "old-knowledge")),
    (
        "rollback: requests meanwhile; failed; promoted again by the next watch",
        lambda report: (
            f"{report['rollback']['total_requests']}; {report['rollback']['failed_requests']}; "
            f"{'no' if report['rollback']['champion'] == report['rollback']['serving'] else 'yes'}"
        ),
    ),
    ("time of the whole demo, after installation", lambda report: _minutes(report["seconds"]["total"])),
    ("peak memory of all servers together", lambda report: f"{report['memory_gib']:.1f} GiB"),
)
"""Title and content of each row of the table."""


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"


def described(reports: Mapping[str, Report]) -> str:
    """Return the table, and the reason of each run that did not end as it must."""
    failed = {seed: report["failed"] for seed, report in reports.items() if "failed" in report}
    reasons = [f"The run of seed {seed} ended early: {why}" for seed, why in failed.items()]
    return "\n\n".join([table(reports), *reasons])


def main() -> int:
    """Run the demo with each seed and write the results."""
    parser = argparse.ArgumentParser(prog="bench.seeds", description=__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS), help="seeds of the invented medicine")
    reports: dict[str, Any] = {}
    for seed in parser.parse_args().seeds:
        reports[str(seed)] = run(seed)
        RESULT.write_text(json.dumps({"machine": machine(), "reports": reports}, indent=1) + "\n", encoding="utf-8")
        replace_between(PAGE, BEGIN, END, described(reports))
    return 0


if __name__ == "__main__":
    sys.exit(main())
