"""MedlinePlus Genetics: one file with every summary, posted again when some have changed."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from medpipe.core.corpus.document import Document
from medpipe.errors import SourceError
from medpipe.sources.medlineplus import genetics, summaries
from medpipe.sources.transport import fetch, files, parsed

__all__ = ["GeneticsSource"]
log = logging.getLogger(__name__)

_NAME = re.compile(r"ghr-summaries[^/]*\.(xml|xml\.gz|zip)")


class GeneticsSource:
    """Summaries from `address` (the file's address, or a folder that holds it).

    A pull returns all summaries when the file was posted in the window (its Last-Modified; in a folder its
    modification time), else nothing; the corpus finds what changed by digest. The first pull of all takes a
    window that begins long ago: the file is not posted every day.
    """

    def __init__(self, address: str, cache: Path) -> None:
        self._address = address
        self._cache = cache / "genetics"

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Document]:
        """See `medpipe.ports.Source.pull`; `ids` are such as `ghr:condition/sample-syndrome` or `ghr:gene/samp1`."""
        found = fetch.whole(_place(self._address), self._cache, lambda path: self._read(path, start, end))
        wanted = set(ids)
        absent = wanted - {summary.id for summary in found} if found else set()
        if absent:
            log.warning("%s: no summary %s", self._address, ", ".join(sorted(absent)))
        yield from fetch.numbered(iter([one for one in found if not wanted or one.id in wanted]), self._address)

    def _read(self, path: Path, start: date, end: date) -> list[Document]:
        day = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        if not start <= day < end:
            log.info("%s: posted on %s, not from %s to before %s", self._address, day, start, end)
            return []

        def parse() -> Iterator[Document]:
            with files.opened(path) as stream:
                yield from genetics.parse_genetics(stream, path.name, revision)

        revision = int(day.strftime("%Y%m%d"))
        return parsed.once(path, self._cache / "parsed", (genetics, summaries), revision, parse)


def _place(address: str) -> str:
    """The file's address; in a folder, the last `ghr-summaries*` by name."""
    folder = fetch.folder_of(address)
    if folder is None:
        return address
    found = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    if not found:
        raise SourceError(f"{address}: holds no ghr-summaries file; correct the setting or copy it there.")
    return str(found[-1])
