"""Pages of Data Docs, unfinished work and downloaded files in folders of MEDPIPE_HOME."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from medpipe.ports import Leftover
from medpipe.ports.leftovers import LeftoverKind

_STYLES = ".static"
"""What the pages of a suite share."""
_ADDRESS = "[0-9a-f]" * 12
"""Pattern of the folders of `sources.transport.download`. Sets from a hub lie beside them: offline, no run gets them
again."""


class LeftoverFolders:
    """`medpipe.ports.Leftovers`."""

    def __init__(self, pages: Path, work: Iterable[Path], downloads: Path, in_use: Callable[[Path], bool]) -> None:
        """Say where they are.

        Args:
            pages: Data Docs, with `{suite}/{run}`.
            work: each has a folder for each unfinished piece of work.
            downloads: publishers' files.
            in_use: whether the writer of such a folder is at work, although it may not have written for days.
        """
        self._pages = pages
        self._work = tuple(work)
        self._downloads = downloads
        self._in_use = in_use

    def all(self) -> Iterator[Leftover]:
        """Yield everything, as `ports.Leftovers` says."""
        sites = [site for site in sorted(self._pages.glob("*/*")) if site.is_dir() and site.name != _STYLES]
        yield from _of("downloads", (file for file in sorted(self._downloads.glob(f"{_ADDRESS}/*")) if file.is_file()))
        yield from _of("pages", (site for site in sites if not site.name.startswith(".")))
        yield from _of("unfinished", (site for site in sites if site.name.startswith(".")))
        yield from _of(
            "unfinished",
            sorted(place for work in self._work for place in work.glob("*/") if not self._in_use(place)),
        )

    def remove(self, leftover: Leftover) -> bool:
        """Remove one. A folder is renamed to a hidden one first, which the next run finds if this one is killed."""
        place = Path(leftover.place)
        if self._in_use(place) or [*_of(leftover.kind, [place])] != [leftover]:
            return False
        if not place.is_dir():
            place.unlink(missing_ok=True)
            return True
        aside = place.with_name(f".{place.name.lstrip('.')}-{uuid.uuid4().hex}")
        try:
            place.rename(aside)
        except FileNotFoundError:
            return False
        shutil.rmtree(aside, ignore_errors=True)
        return True


def _of(kind: LeftoverKind, places: Iterable[Path]) -> Iterator[Leftover]:
    for place in places:
        try:
            files = [file.lstat() for file in (place, *place.rglob("*"))]
        except FileNotFoundError:  # finished, or removed by another run, meanwhile
            continue
        changed = datetime.fromtimestamp(max(file.st_mtime for file in files), UTC)
        yield Leftover(kind, str(place), sum(file.st_size for file in files), changed)
