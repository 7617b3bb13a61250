"""PubMed's baseline and update files: every citation that NLM added, revised, retracted or deleted."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from isal import igzip

from medpipe.core.corpus.document import Document
from medpipe.errors import SourceError
from medpipe.ports import PostedFile
from medpipe.sources.pubmed.citations import file_revision, parse_citations
from medpipe.sources.transport import fetch

__all__ = ["PubMedSource", "parse_citations"]
log = logging.getLogger(__name__)

_NAME = re.compile(r"pubmed(\d\d)n(\d{4})\.xml(?:\.gz)?")
_FOLDERS = ("baseline", "updatefiles")


class _File(NamedTuple):
    """A file in NLM's order: by year, then number. `place` is its revision."""

    year: int
    number: int
    day: date
    address: str
    place: int = 0

    @property
    def name(self) -> str:
        return self.address.rsplit("/", 1)[1]


class PubMedSource:
    """Citations from `address` (the FTP site's `/pubmed` over https, or a folder: a mirror, or only files).

    A pull reads the files posted in the window, in number order, each against its `.md5` (in a folder: where
    there is one).
    """

    def __init__(self, address: str, cache: Path) -> None:
        self._address = address.rstrip("/")
        self._cache = cache

    def files(self, start: date, end: date) -> Sequence[PostedFile]:
        """See `medpipe.ports.SourceOfFiles.files`: baseline and update files."""
        return [PostedFile(file.name, file.day) for file in self._posted(start, end)]

    def pull(self, start: date, end: date, ids: Sequence[str] = (), file: str = "") -> Iterator[Document]:
        """See `medpipe.ports.SourceOfFiles.pull`; `ids` are `pmid:123` or `123`, and mean every version of it."""
        wanted = {_pmid(value) for value in ids}
        files = [found for found in self._posted(start, end) if file in ("", found.name)]
        if file and not files:
            raise SourceError(
                f"{self._address}: no {file} was posted from {start} to before {end}; plan the pulls again."
            )
        log.info("%s: %d files from %s to before %s", self._address, len(files), start, end)
        for each in files:
            with _opened(self._local(each)) as stream:
                found = parse_citations(stream, each.address, each.place)
                yield from fetch.numbered(
                    (document for document in found if not wanted or _pmid(document.id) in wanted), each.name
                )

    def _posted(self, start: date, end: date) -> list[_File]:
        return [file for file in _placed(self._offered()) if start <= file.day < end]

    def _offered(self) -> list[_File]:
        root = fetch.folder_of(self._address)
        if root is not None:
            folders = [root / name for name in _FOLDERS if (root / name).is_dir()] or [root]
            return [file for folder in folders for file in _numbered(fetch.listing(folder), str(folder))]
        with fetch.session() as http:
            return [
                file
                for name in _FOLDERS
                for file in _numbered(fetch.index(http, f"{self._address}/{name}/"), f"{self._address}/{name}")
            ]

    def _local(self, file: _File) -> Path:
        if "://" in file.address:
            with fetch.session() as http:
                return fetch.download(http, file.address, self._cache / "pubmed", f"{file.address}.md5")
        path = Path(file.address)
        sums = path.with_name(path.name + ".md5")
        if sums.exists() and fetch.md5_in(sums.read_text(), str(sums)) != fetch.md5_of(path):
            raise SourceError(f"{path}: its MD5 is not the one in {sums.name}; copy it again.")
        return path


def _numbered(listed: list[fetch.Listed], folder: str) -> list[_File]:
    found = ((_NAME.fullmatch(entry.name), entry) for entry in listed)
    return [_File(int(name[1]), int(name[2]), entry.day, f"{folder}/{entry.name}") for name, entry in found if name]


def _placed(files: list[_File]) -> list[_File]:
    """The files in order, with revisions that keep it: a file posted again later stays before its
    successors."""
    placed, latest = list[_File](), date.max
    for file in sorted(files, reverse=True):
        latest = min(latest, file.day)
        placed.append(file._replace(place=file_revision(latest, file.year, file.number)))
    return placed[::-1]


def _pmid(value: str) -> str:
    """The PMID in `pmid:123`, `pmid:123.2` or `123`."""
    return value.removeprefix("pmid:").partition(".")[0]


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, igzip.open(path)) if path.suffix == ".gz" else path.open("rb")
