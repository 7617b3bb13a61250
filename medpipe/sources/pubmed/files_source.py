"""PubMed's baseline and update files: every citation that NLM added, revised, retracted or deleted."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple

from isal import igzip

from medpipe.core.corpus.bad_record import Received
from medpipe.core.corpus.watermark import PostedFile
from medpipe.errors import SourceError, UsageError
from medpipe.sources.pubmed.citations import file_revision, parse_citations
from medpipe.sources.pubmed.record import pmid_of
from medpipe.sources.transport import checksum, document_ids, download, listing, progress, session

__all__ = ["PubMedSource", "parse_citations"]
log = logging.getLogger(__name__)

_NAME = re.compile(r"pubmed(\d\d)n(\d{4})\.xml(?:\.gz)?")
_BASELINE, _UPDATES = "baseline", "updatefiles"
_FROZEN = timedelta(days=30)
"""How long before its posting a baseline may have been cut, while update files went on. No file of this time, and no
deletion in one, is outranked by the baseline."""
_open_gzip: Callable[[Path], BinaryIO] = igzip.open  # isal has no types


class _File(NamedTuple):
    """A file in NLM's order: by year (two digits), then number. `revision` and `time` are those of its documents."""

    year: int
    number: int
    day: date
    address: str
    mark: str = ""
    time: str = ""
    baseline: bool = False
    revision: int = 0

    @property
    def name(self) -> str:
        return self.address.rsplit("/", 1)[1]


class PubMedSource:
    """Citations from `address`: the FTP site's `/pubmed` over https, or a folder (a mirror, or only files).

    A pull reads the files posted in the window in the order of their numbers. Each must have the MD5 of the
    `.md5` file beside it; in a folder, that file may be missing.
    """

    def __init__(self, address: str, cache: Path) -> None:
        self._address = address.rstrip("/")
        self._cache = cache
        self._listed = dict[str, _File]()  # what `files` returned last: a pull of one of them lists nothing again

    def files(self, start: date, end: date) -> Sequence[PostedFile]:
        """See `medpipe.ports.SourceOfFiles.files`: baseline and update files."""
        self._listed = {file.name: file for file in self._posted(start, end)}
        return [
            PostedFile(file.name, file.day, f"{file.year:02}", file.number, file.mark, file.baseline)
            for file in self._listed.values()
        ]

    def pull(self, start: date, end: date, ids: Sequence[str] = (), file: str = "") -> Iterator[Received]:
        """See `medpipe.ports.SourceOfFiles.pull`; `ids` are `pmid:123` or `123`, and mean every version of it.

        Raises UsageError for an id or a file name of another form.
        """
        wanted = _checked(ids)
        if file and not _NAME.fullmatch(file):
            raise UsageError(
                f"{document_ids.shown(file)} is not a file of PubMed; names look like pubmed26n1335.xml.gz."
            )
        known = [self._listed[file]] if file in self._listed else self._posted(start, end)
        files = [posted for posted in known if file in ("", posted.name)]
        if file and not files:
            raise SourceError(
                f"{self._address}: no {file} was posted from {start} to before {end}; plan the pulls again."
            )
        log.info("%s: %d files from %s to before %s", self._address, len(files), start, end)
        for posted in files:
            with _opened(self._local(posted)) as stream:
                documents = parse_citations(stream, posted.address, posted.revision, posted.time)
                chosen = (document for document in documents if not wanted or pmid_of(document.id) in wanted)
                yield from progress.counted(chosen, posted.name)

    def _posted(self, start: date, end: date) -> list[_File]:
        return [file for file in _with_revisions(self._offered()) if start <= file.day < end]

    def _offered(self) -> list[_File]:
        root = listing.folder_of(self._address)
        if root is not None:
            folders = [root / name for name in (_BASELINE, _UPDATES) if (root / name).is_dir()] or [root]
            return [file for folder in folders for file in _numbered(listing.of_folder(folder), str(folder))]
        with session.new() as http:
            return [
                file
                for name in (_BASELINE, _UPDATES)
                for file in _numbered(listing.of_page(http, f"{self._address}/{name}/"), f"{self._address}/{name}")
            ]

    def _local(self, file: _File) -> Path:
        if "://" in file.address:
            with session.new() as http:
                return download.download(http, file.address, self._cache / "pubmed", f"{file.address}.md5")
        path = Path(file.address)
        sums = path.with_name(path.name + ".md5")
        if sums.exists() and checksum.md5_in(sums.read_text(), str(sums)) != checksum.md5_of(path):
            raise SourceError(f"{path}: its MD5 is not the one in {sums.name}; copy it again.")
        return path


def _checked(ids: Sequence[str]) -> set[str]:
    """Return the PMIDs among the ids. Raises UsageError for an id that has none."""
    for value in document_ids.distinct(ids):
        if not pmid_of(value).isdigit():
            raise UsageError(f"{document_ids.shown(value)} is not a PMID; ids look like pmid:99000006.")
    return set(map(pmid_of, ids))


def _numbered(entries: list[listing.Listed], folder: str) -> list[_File]:
    matches = ((_NAME.fullmatch(entry.name), entry) for entry in entries)
    baseline = folder.endswith(f"/{_BASELINE}")
    return [
        _File(int(name[1]), int(name[2]), entry.day, f"{folder}/{entry.name}", entry.mark, entry.time, baseline)
        for name, entry in matches
        if name
    ]


def _with_revisions(files: list[_File]) -> list[_File]:
    """Return the files in order, with revisions that keep it: a file posted again later stays before its successors.

    A baseline's revisions are those of `_FROZEN` before the first file of its year: what it says is older than it is.
    """
    placed, latest = list[_File](), date.max
    for file in sorted((file for file in files if not file.baseline), reverse=True):
        latest = min(latest, file.day)
        placed.append(file._replace(revision=file_revision(latest, file.year, file.number)))
    first = dict[int, date]()
    for file in files:
        first[file.year] = min(file.day, first.get(file.year, date.max))
    baseline = (file for file in files if file.baseline)
    placed += [
        file._replace(revision=file_revision(first[file.year] - _FROZEN, file.year, file.number)) for file in baseline
    ]
    return sorted(placed)


def _opened(path: Path) -> BinaryIO:
    return _open_gzip(path) if path.suffix == ".gz" else path.open("rb")
