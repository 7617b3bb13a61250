"""Which real sets are at hand, laid out as the curated sources expect them: one folder for each set."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from medpipe.core.sources import named

RANKED = "ranked"
"""In the name of a file that repeats another one's answers with their ranks."""
LIST = "test_ground_truth.json"
"""The authors' list of an official test, beside the files of its set."""


class Sets(NamedTuple):
    """The sets that can be pulled, and why others cannot."""

    present: tuple[str, ...]
    absent: dict[str, str]


def lay_out(names: Iterable[str], data: Path, into: Path) -> Sets:
    """Link the files of each set into a folder of its own under `into`, which is emptied first.

    `data` has a folder for each set, whose name begins with the set's. A set with an official test is left out unless
    the authors' list lies beside its files: nothing else says which questions its test has.
    """
    shutil.rmtree(into, ignore_errors=True)
    present, absent = [], dict[str, str]()
    for name in names:
        folder = next((path for path in (data / name, *sorted(data.glob(f"{name}*"))) if path.is_dir()), None)
        if folder is None:
            absent[name] = f"{data} has no folder for it"
        elif named(name).has_official_test and not (folder / LIST).is_file():
            absent[name] = f"the authors' {LIST} is not in {folder}, so nothing says which questions its test has"
        else:
            _link(folder, into / name)
            present.append(name)
    return Sets(tuple(present), absent)


def _link(folder: Path, into: Path) -> None:
    into.mkdir(parents=True)
    for file in sorted(path for path in folder.iterdir() if path.is_file() and RANKED not in path.name):
        os.symlink(file.resolve(), into / file.name)
