"""MedlinePlus: the newest topic file of a window, English and Spanish."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

from medpipe.core.corpus.document import Document
from medpipe.errors import SourceError
from medpipe.sources.medlineplus import summaries, topic_groups, topics
from medpipe.sources.medlineplus.topics import generated, parse_topics
from medpipe.sources.transport import fetch, files, parsed

__all__ = ["MedlinePlusSource", "parse_topics"]
log = logging.getLogger(__name__)

_LINK = re.compile(
    r"""href=["']([^"']*?mplus_topics_(compressed_)?(\d{4}-\d\d-\d\d)\.(?:xml|zip))["']""", re.IGNORECASE
)
_DATED = re.compile(r"mplus_topics_(compressed_)?(\d{4}-\d\d-\d\d)\.(xml|xml\.gz|zip)")
_GROUP = "group:"


class _File(NamedTuple):
    """A topic file that is offered. Among files of one day the plain one sorts last, so it is preferred."""

    day: date
    plain: bool
    address: str

    @property
    def groups(self) -> str:
        """The address of the group file of the same day."""
        return f"{self.address.rpartition('/')[0]}/mplus_topic_groups_{self.day}.xml"


class MedlinePlusSource:
    """Health topics from `address` (the site, or a folder of topic files).

    Every file holds every topic and none says when it was revised, so a pull returns all topics of the newest
    file dated in the window; the corpus finds what changed by digest. A topic that is missing from a newer
    file is not inferred to be withdrawn. Days without a file (Sunday, Monday) return nothing.

    Pages and files are downloaded when they have changed, and a file is parsed once: `cache` keeps both.
    """

    def __init__(self, address: str, cache: Path) -> None:
        self._address = address
        self._cache = cache / "medlineplus"

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Document]:
        """See `medpipe.ports.Source.pull`; `ids` are `mplus:6308` or `6308`, or a topic group as
        `group:Diabetes Mellitus` or `group:45`, whose name is looked up in the group file of the day."""
        offered = [file for file in self._offered() if start <= file.day < end]
        if not offered:
            log.info("%s: no topic file from %s to before %s", self._address, start, end)
            return
        newest = max(offered)
        found = fetch.whole(newest.address, self._cache, lambda path: self._read(path, newest))
        yield from fetch.numbered(iter(self._chosen(found, newest, ids)), newest.address)

    def _offered(self) -> list[_File]:
        folder = fetch.folder_of(self._address)
        if folder is not None:
            return _in_folder(folder)
        page = self._address.rstrip("/") + "/xml.html"
        with fetch.session() as http:
            links = _LINK.findall(fetch.page(http, page, self._cache))
        if not links:
            raise SourceError(f"{page}: links to no mplus_topics file; the page may have changed.")
        return [_File(date.fromisoformat(day), not compressed, urljoin(page, link)) for link, compressed, day in links]

    def _read(self, path: Path, file: _File) -> list[Document]:
        revision = int(file.day.strftime("%Y%m%d"))

        def parse() -> Iterator[Document]:
            with files.opened(path) as stream:
                yield from parse_topics(stream, file.address, revision)

        return parsed.once(path, self._cache / "parsed", (topics, summaries), revision, parse)

    def _chosen(self, found: list[Document], file: _File, ids: Sequence[str]) -> list[Document]:
        if not ids:
            return found
        numbers = {value.removeprefix("mplus:") for value in ids if not value.startswith(_GROUP)}
        groups = self._groups([value.removeprefix(_GROUP) for value in ids if value.startswith(_GROUP)], file)
        absent = numbers - {topic.id.removeprefix("mplus:") for topic in found}
        if absent:
            log.warning("%s: no topic %s with a summary", file.address, ", ".join(sorted(absent)))
        return [
            topic
            for topic in found
            if topic.id.removeprefix("mplus:") in numbers or not groups.isdisjoint(topic.groups)
        ]

    def _groups(self, wanted: Sequence[str], file: _File) -> set[str]:
        """The names, in both languages, of the groups that are asked for."""
        if not wanted:
            return set()
        if "://" not in file.groups and not Path(file.groups).exists():
            raise SourceError(f"{file.groups}: is not there, so topic groups cannot be looked up; copy it too.")
        known = fetch.whole(file.groups, self._cache, lambda path: _known_groups(path, file.groups))
        try:
            return set().union(*(topic_groups.names(known, one) for one in wanted))
        except LookupError as error:
            raise SourceError(f"{file.groups}: {error.args[0]}.") from error


def _known_groups(path: Path, name: str) -> list[topic_groups.Group]:
    with files.opened(path) as stream:
        return topic_groups.parse_groups(stream, name)


def _in_folder(folder: Path) -> list[_File]:
    """Topic files by the date in their names; other XML files by the date that they say they were generated
    on."""
    found = []
    for path in sorted(folder.iterdir()):
        dated = _DATED.fullmatch(path.name)
        if dated:
            found.append(_File(date.fromisoformat(dated[2]), not dated[1], str(path)))
        elif path.name.endswith((".xml", ".xml.gz")):
            with files.opened(path) as stream:
                day = generated(stream, str(path))
            if day is not None:
                found.append(_File(day, True, str(path)))
    return found
