"""MedlinePlus: the newest topic file of a window, English and Spanish."""

from __future__ import annotations

import gzip
import logging
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast
from urllib.parse import urljoin

from medpipe.core.document import Document
from medpipe.nlm import fetch
from medpipe.nlm.topics import generated, parse_topics
from medpipe.ports import SourceError

__all__ = ["MedlinePlusSource", "parse_topics"]
log = logging.getLogger(__name__)

_LINK = re.compile(
    r"""href=["']([^"']*?mplus_topics_(compressed_)?(\d{4}-\d\d-\d\d)\.(?:xml|zip))["']""", re.IGNORECASE
)
_DATED = re.compile(r"mplus_topics_(compressed_)?(\d{4}-\d\d-\d\d)\.(xml|xml\.gz|zip)")


class _File(NamedTuple):
    """A topic file that is offered. Among files of one day the plain one sorts last, so it is preferred."""

    day: date
    plain: bool
    address: str


class MedlinePlusSource:
    """Health topics from `address` (the site, or a folder of topic files).

    Every file holds every topic and none says when it was revised, so a pull returns all topics of the newest
    file dated in the window; the corpus finds what changed by digest. A topic that is missing from a newer
    file is not inferred to be withdrawn. Days without a file (Sunday, Monday) return nothing.
    """

    def __init__(self, address: str, cache: Path) -> None:
        self._address = address
        self._cache = cache

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Document]:
        """See `medpipe.ports.Source.pull`; `ids` are `mplus:6308` or `6308`."""
        offered = [file for file in self._offered() if start <= file.day < end]
        if not offered:
            log.info("%s: no topic file from %s to before %s", self._address, start, end)
            return
        newest = max(offered)
        wanted = {value.removeprefix("mplus:") for value in ids}
        with _opened(self._local(newest)) as stream:
            topics = parse_topics(stream, newest.address, int(newest.day.strftime("%Y%m%d")))
            yield from fetch.numbered(
                (topic for topic in topics if not wanted or topic.id.removeprefix("mplus:") in wanted),
                newest.address,
            )

    def _offered(self) -> list[_File]:
        folder = fetch.folder_of(self._address)
        if folder is not None:
            return _in_folder(folder)
        page = self._address.rstrip("/") + "/xml.html"
        with fetch.session() as http:
            links = _LINK.findall(fetch.text(http, page))
        if not links:
            raise SourceError(f"{page}: links to no mplus_topics file; the page may have changed.")
        return [_File(date.fromisoformat(day), not compressed, urljoin(page, link)) for link, compressed, day in links]

    def _local(self, file: _File) -> Path:
        if "://" not in file.address:
            return Path(file.address)
        with fetch.session() as http:
            return fetch.download(http, file.address, self._cache / "medlineplus")


def _in_folder(folder: Path) -> list[_File]:
    """Topic files by the date in their names; other XML files by the date that they say they were generated
    on."""
    found = []
    for path in sorted(folder.iterdir()):
        dated = _DATED.fullmatch(path.name)
        if dated:
            found.append(_File(date.fromisoformat(dated[2]), not dated[1], str(path)))
        elif path.name.endswith((".xml", ".xml.gz")):
            with _opened(path) as stream:
                day = generated(stream, str(path))
            if day is not None:
                found.append(_File(day, True, str(path)))
    return found


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A topic file's XML: plain, gzipped, or the one XML member of a zip."""
    if path.suffix == ".gz":
        with gzip.open(path) as stream:
            yield cast(BinaryIO, stream)
    elif path.suffix == ".zip":
        with _archive(path) as archive, archive.open(_member(archive, path)) as stream:
            yield cast(BinaryIO, stream)
    else:
        with path.open("rb") as stream:
            yield stream


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise SourceError(f"{path.name}: not a whole zip file; remove it from the cache and pull again.") from error


def _member(archive: zipfile.ZipFile, path: Path) -> str:
    members = [name for name in archive.namelist() if name.endswith(".xml")]
    if len(members) != 1:
        raise SourceError(f"{path.name}: holds {len(members)} XML files where one is expected.")
    return members[0]
