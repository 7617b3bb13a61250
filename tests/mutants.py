"""`make mutants`: change the code where safety is decided, one place at a time, and see whether a quick test notices.

mutmut makes the mutants and runs the tests that reach each of them. A room with many mutants is judged by a sample: the
same mutants every time, chosen by their names. `--all` judges every mutant, which takes hours on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from medpipe.core.intervals import wilson
from tests.places import ROOT

ROOMS = ("core/judging", "core/safety", "core/knowledge", "steps")
THRESHOLD = 0.85
"""Share of the mutants of each room that a test must kill."""
PER_ROOM = 150

_SURVIVED = (0, 5, 33)
"""mutmut's exit statuses of mutants that no test noticed: all tests passed, or no test reaches the line.
Any other status is a kill: a failed test, a crash, or a loop that ended in a timeout."""


class Judged(NamedTuple):
    """The mutants of one room that were run: how many, and the names of those that survived."""

    room: str
    count: int
    survivors: tuple[str, ...]

    @property
    def share(self) -> float:
        return 1 - len(self.survivors) / self.count if self.count else 0.0


def statuses(folder: Path, room: str) -> dict[str, int | None]:
    """Mutant → exit status of its tests (None: not run), as mutmut wrote them below `folder`."""
    return {
        name: status
        for file in sorted((folder / "medpipe" / room).rglob("*.meta"))
        for name, status in json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"].items()
    }


def sample(names: Sequence[str], count: int) -> list[str]:
    """At most `count` of the names, the same ones every time, whatever order they come in."""
    return sorted(sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())[:count])


def judged(folder: Path, room: str) -> Judged:
    """What the tests made of a room's mutants."""
    run = {name: status for name, status in statuses(folder, room).items() if status is not None}
    return Judged(room, len(run), tuple(name for name, status in run.items() if status in _SURVIVED))


def _line(room: Judged) -> str:
    if not room.count:
        return f"{room.room:15} no mutant was run"
    low, high = wilson(room.share, room.count)
    return (
        f"{room.room:15} {room.count - len(room.survivors)} of {room.count} mutants killed: "
        f"{room.share:.1%} (95 % {low:.1%} to {high:.1%})"
    )


def _mutmut(*names: str) -> None:
    program = Path(sys.executable).with_name("mutmut")
    subprocess.run([program, "run", *names], cwd=ROOT, check=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sample and print each room; return 1 when a room is below the threshold or was not judged."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--all", action="store_true", help="judge every mutant instead of a sample")
    parser.add_argument("--per-room", type=int, default=PER_ROOM, help="mutants of each room (default %(default)s)")
    chosen = parser.parse_args(arguments)
    folder = ROOT / "mutants"
    if chosen.all:
        _mutmut()
    else:
        _mutmut("medpipe.core.knowledge.*")  # makes every mutant and runs those of the smallest room
        _mutmut(*(name for room in ROOMS for name in sample(list(statuses(folder, room)), chosen.per_room)))
    rooms = [judged(folder, room) for room in ROOMS]
    for room in rooms:
        print(_line(room), *(f"    survived: {name}" for name in room.survivors), sep="\n")
    return int(any(room.share < THRESHOLD for room in rooms))


if __name__ == "__main__":
    sys.exit(main())
