"""Read what `mutmut run` found and print it by room: `make mutants` fails below the threshold."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from tests.places import ROOT

ROOMS = ("core/judging", "core/safety", "core/knowledge", "steps")
THRESHOLD = 0.85
"""Share of the mutants of each room that a test must kill."""

_KILLED = {1, 3, 24, 36, -24, 152, 255, 37}
"""Exit statuses of mutmut 3 that are not survivors: a failed test, a timeout, a crash, a type error."""


def main(folder: Path = ROOT / "mutants") -> int:
    """Print a table of rooms and the survivors; return 1 when a room is below the threshold, or was not judged."""
    below = 0
    for room in ROOMS:
        statuses = {
            name: status
            for file in sorted((folder / "medpipe" / room).rglob("*.meta"))
            for name, status in json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"].items()
            if status is not None
        }
        killed = sum(status in _KILLED for status in statuses.values())
        share = killed / len(statuses) if statuses else 0.0
        print(f"{room:15} {killed:5} of {len(statuses):5} killed: {share:6.1%}  {dict(Counter(statuses.values()))}")
        print(*(f"    survived: {name}" for name, status in statuses.items() if status not in _KILLED), sep="\n")
        below += share < THRESHOLD
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
