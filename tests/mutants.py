"""`make mutants`: change the code where safety is decided, one place at a time, and see whether a quick test notices.

mutmut makes the mutants and runs the tests that reach each of them. A room with many mutants is judged by a sample: the
same mutants every time, chosen by their names. `--all` judges every mutant, which takes hours on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from medpipe.core.intervals import wilson
from tests.places import ROOT

ROOMS = ("core/intervals", "core/knowledge", "core/judging", "core/safety", "steps")
"""Folders and modules below `medpipe/`. `only_mutate` in `pyproject.toml` names the same."""
THRESHOLD = 0.85
"""Share of the mutants of each room that a test must kill."""
PER_ROOM = 150
ENOUGH = 100
"""Of so many mutants some are equivalent to the code. If every one of them dies, it is not the tests that kill them."""

_NOT_KILLED = (0, 2, 4, 5, 33, 255)
"""mutmut's exit statuses of mutants that no test noticed: all tests passed (0), no test reaches the line (5, 33), or
pytest could not run its tests (2, 4, 255). Any other status is a kill: a failed test, a crash, or `_OUT_OF_TIME`."""
_OUT_OF_TIME = (-24, 24, 36, 152)
"""A mutant that loops for ever ends so. On an overloaded machine, others may too: the report counts them."""
_MISLEADING = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS", "MUTANT_UNDER_TEST")


class Judged(NamedTuple):
    """The mutants of one room that were run: how many, the names of the survivors, and how many ran out of time."""

    room: str
    total: int
    survivors: tuple[str, ...]
    out_of_time: int = 0

    @property
    def share(self) -> float:
        return 1 - len(self.survivors) / self.total if self.total else 0.0


def statuses(folder: Path, room: str) -> dict[str, int | None]:
    """Mutant → exit status of its tests (None: not run), as mutmut wrote them below `folder`."""
    place = folder / "medpipe" / room
    files = [*sorted(place.rglob("*.meta")), *place.parent.glob(f"{place.name}.py.meta")]
    return {
        name: status
        for file in files
        for name, status in json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"].items()
    }


def sample(names: Sequence[str], count: int) -> list[str]:
    """At most `count` of the names, the same ones every time, whatever order they come in."""
    return sorted(sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())[:count])


def judged(folder: Path, room: str) -> Judged:
    """What the tests made of a room's mutants."""
    run = {name: status for name, status in statuses(folder, room).items() if status is not None}
    survivors = tuple(name for name, status in run.items() if status in _NOT_KILLED)
    return Judged(room, len(run), survivors, sum(status in _OUT_OF_TIME for status in run.values()))


def environment(outside: Mapping[str, str]) -> dict[str, str]:
    """The shell's environment without what leads Python, or a child of a test, to the unchanged package."""
    kept = {name: value for name, value in outside.items() if name not in _MISLEADING}
    return kept | {"HF_HUB_OFFLINE": "1"}


def _line(room: Judged) -> str:
    if not room.total:
        return f"{room.room:15} no mutant was run"
    low, high = wilson(room.share, room.total)
    late = f", {room.out_of_time} of them out of time" if room.out_of_time else ""
    return (
        f"{room.room:15} {room.total - len(room.survivors)} of {room.total} mutants killed: "
        f"{room.share:.1%} (95 % {low:.1%} to {high:.1%}){late}"
    )


def _mutmut(*names: str) -> None:
    program = Path(sys.executable).with_name("mutmut")
    subprocess.run([program, "run", *names], cwd=ROOT, env=environment(os.environ), check=False)


def _run(folder: Path, per_room: int | None) -> None:
    """Make the mutants again and run a sample of each room, or all (`per_room` None)."""
    shutil.rmtree(folder, ignore_errors=True)  # no verdict of an earlier state of the code stays in the figures
    if per_room is None:
        _mutmut()
        return
    _mutmut("medpipe.core.knowledge.*")  # makes every mutant and runs those of the smallest room
    chosen = [name for room in ROOMS for name in sample(list(statuses(folder, room)), per_room)]
    done = {name for room in ROOMS for name, status in statuses(folder, room).items() if status is not None}
    if left := [name for name in chosen if name not in done]:
        _mutmut(*left)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sample and print each room; return 1 when a room is below the threshold or was not judged."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--all", action="store_true", help="judge every mutant instead of a sample")
    parser.add_argument("--per-room", type=int, default=PER_ROOM, help="mutants of each room (default %(default)s)")
    chosen = parser.parse_args(arguments)
    begin, folder = time.monotonic(), ROOT / "mutants"
    _run(folder, None if chosen.all else chosen.per_room)
    rooms = [judged(folder, room) for room in ROOMS]
    for room in rooms:
        print(_line(room), *(f"    survived: {name}" for name in room.survivors), sep="\n")
    print(f"{sum(room.total for room in rooms)} mutants in {(time.monotonic() - begin) / 60:.0f} minutes")
    if sum(room.total for room in rooms) >= ENOUGH and not any(room.survivors for room in rooms):
        print("every mutant died, even those that change nothing: something other than the tests kills them")
        return 1
    return int(any(room.share < THRESHOLD for room in rooms))


if __name__ == "__main__":
    sys.exit(main())
