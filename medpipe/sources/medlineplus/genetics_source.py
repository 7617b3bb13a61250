"""MedlinePlus Genetics: one file with every summary, posted again when some have changed."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from medpipe.core.corpus.bad_record import Received
from medpipe.errors import SourceError, UsageError
from medpipe.sources.medlineplus import genetics, summaries
from medpipe.sources.transport import archive, document_cache, document_ids, download, listing, progress

__all__ = ["GeneticsSource"]
log = logging.getLogger(__name__)

_NAME = re.compile(r"ghr-summaries[^/]*\.(xml|xml\.gz|zip)")
_ID = re.compile(r"ghr:(condition|gene|chromosome)/\S+")


class GeneticsSource:
    """Summaries from `address`: the file's address, or a folder that has the file.

    A pull returns all summaries when the file was posted in the window (by its Last-Modified; in a folder, by
    its modification time), else nothing. The corpus finds what changed by digest. The file is not posted every
    day, so the first pull of all needs a window that begins long ago.
    """

    def __init__(self, address: str, cache: Path) -> None:
        self._address = address
        self._cache = cache / "genetics"

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Received]:
        """See `medpipe.ports.Source.pull`; `ids` are like `ghr:condition/sample-syndrome` or `ghr:gene/samp1`.

        Raises UsageError for an id of another form. Ids that the file does not have are named in the log.
        """
        wanted = _checked(ids)
        summaries_in_window = download.whole(
            _file(self._address), self._cache, lambda path: self._read(path, start, end)
        )
        known = {summary.id for summary in summaries_in_window}
        if known and (absent := wanted - known):
            log.warning("%s: no summary %s", self._address, ", ".join(sorted(absent)))
        chosen = [summary for summary in summaries_in_window if not wanted or summary.id in wanted]
        yield from progress.counted(chosen, self._address)

    def _read(self, path: Path, start: date, end: date) -> list[Received]:
        day = listing.posted_within(path, self._address, start, end)
        if day is None:
            return []

        def parse() -> Iterator[Received]:
            with archive.opened(path) as stream:
                yield from genetics.parse_genetics(stream, path.name, revision)

        revision = int(day.strftime("%Y%m%d"))
        return document_cache.documents_of(path, self._cache / "parsed", (genetics, summaries), revision, parse)


def _checked(values: Sequence[str]) -> set[str]:
    wanted = document_ids.distinct(values)
    for value in wanted:
        if not _ID.fullmatch(value):
            raise UsageError(f"{document_ids.shown(value)} is not a summary of Genetics; ids look like ghr:gene/samp1.")
    return set(wanted)


def _file(address: str) -> str:
    """Return the file's address; in a folder, the last `ghr-summaries*` by name."""
    folder = listing.folder_of(address)
    if folder is None:
        return address
    files = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    if not files:
        raise SourceError(f"{address}: has no ghr-summaries file; correct the setting or copy the file there.")
    return str(files[-1])
