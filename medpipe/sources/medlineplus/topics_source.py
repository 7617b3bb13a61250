"""MedlinePlus: the newest topic file of a window, English and Spanish."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

from medpipe.core.corpus.bad_record import LeftOut, Received
from medpipe.core.corpus.document import Document
from medpipe.errors import NotFound, SourceError, UsageError
from medpipe.sources.medlineplus import summaries, topic_groups, topics
from medpipe.sources.medlineplus.topics import generated, parse_topics
from medpipe.sources.transport import archive, document_cache, document_ids, download, listing, progress, session

__all__ = ["MedlinePlusSource", "parse_topics"]
log = logging.getLogger(__name__)

_LINK = re.compile(
    r"""href=["']([^"']*?mplus_topics_(compressed_)?(\d{4}-\d\d-\d\d)\.(?:xml|zip))["']""", re.IGNORECASE
)
_DATED = re.compile(r"mplus_topics_(compressed_)?(\d{4}-\d\d-\d\d)\.(xml|xml\.gz|zip)")
_TOPIC_ID = re.compile(r"(?:mplus:)?(\d+)")
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


class _Choice(NamedTuple):
    """What a pull is asked for: numbers of topics, and numbers or names of topic groups. Both empty: everything."""

    numbers: frozenset[str]
    groups: tuple[str, ...]


class MedlinePlusSource:
    """Health topics from `address`: the site, or a folder of topic files.

    Every file has every topic, and none says when it was revised. So a pull returns all topics of the newest
    file dated in the window, and the corpus finds what changed by digest. A topic that is missing from a newer
    file is not deleted (`core.corpus.vanished`). A window without a file (Sunday, Monday) returns nothing.

    Pages and files are downloaded when they have changed, and a file is parsed once: `cache` keeps both.
    """

    def __init__(self, address: str, cache: Path) -> None:
        self._address = address
        self._cache = cache / "medlineplus"

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Received]:
        """See `medpipe.ports.Source.pull`; `ids` are `mplus:6308` or `6308`, or topic groups.

        A topic group is `group:Diabetes Mellitus` or `group:45`; its name is looked up in the group file of the
        day. Raises UsageError for an id of another form, and NotFound for a group that the file does not have.
        """
        choice = _choice(ids)
        offered = [file for file in self._offered() if start <= file.day < end]
        if not offered:
            log.info("%s: no topic file from %s to before %s", self._address, start, end)
            return
        newest = max(offered)
        documents = download.whole(newest.address, self._cache, lambda path: self._read(path, newest))
        yield from progress.counted(self._chosen(documents, newest, choice), newest.address)

    def _offered(self) -> list[_File]:
        folder = listing.folder_of(self._address)
        if folder is not None:
            return _in_folder(folder)
        page = self._address.rstrip("/") + "/xml.html"
        with session.new() as http:
            links = _LINK.findall(download.page(http, page, self._cache))
        if not links:
            raise SourceError(f"{page}: links to no mplus_topics file; the page may have changed.")
        return [_File(date.fromisoformat(day), not compressed, urljoin(page, link)) for link, compressed, day in links]

    def _read(self, path: Path, file: _File) -> list[Received]:
        revision = int(file.day.strftime("%Y%m%d"))

        def parse() -> Iterator[Received]:
            with archive.opened(path) as stream:
                yield from parse_topics(stream, file.address, revision)

        return document_cache.documents_of(path, self._cache / "parsed", (topics, summaries), revision, parse)

    def _chosen(self, documents: list[Received], file: _File, choice: _Choice) -> list[Received]:
        if not choice.numbers and not choice.groups:
            return documents
        groups = self._groups(choice.groups, file)
        documents = [topic for topic in documents if not isinstance(topic, LeftOut)]
        if absent := choice.numbers - {_number(topic) for topic in documents}:
            log.warning("%s: no topic %s with a summary", file.address, ", ".join(sorted(absent)))
        return [
            topic for topic in documents if _number(topic) in choice.numbers or not groups.isdisjoint(_groups(topic))
        ]

    def _groups(self, wanted: Sequence[str], file: _File) -> set[str]:
        """Return the names, in both languages, of the groups that are asked for."""
        if not wanted:
            return set()
        if "://" not in file.groups and not Path(file.groups).exists():
            raise SourceError(f"{file.groups}: is not there, so topic groups cannot be looked up; copy it too.")
        all_groups = download.whole(file.groups, self._cache, lambda path: _known_groups(path, file.groups))
        try:
            return set().union(*(topic_groups.names(all_groups, group) for group in wanted))
        except NotFound as error:
            raise NotFound(f"{file.groups}: {error}") from error


def _choice(values: Sequence[str]) -> _Choice:
    numbers, groups = set[str](), list[str]()
    for value in document_ids.distinct(values):
        if value.startswith(_GROUP):
            groups.append(value.removeprefix(_GROUP))
        elif match := _TOPIC_ID.fullmatch(value):
            numbers.add(match[1])
        else:
            raise UsageError(
                f"{document_ids.shown(value)} is not a topic of MedlinePlus; ids look like mplus:6308 or group:Skin."
            )
    return _Choice(frozenset(numbers), tuple(groups))


def _number(topic: Received) -> str:
    return topic.id.removeprefix("mplus:")


def _groups(topic: Received) -> tuple[str, ...]:
    return topic.groups if isinstance(topic, Document) else ()


def _known_groups(path: Path, name: str) -> list[topic_groups.Group]:
    with archive.opened(path) as stream:
        return topic_groups.parse_groups(stream, name)


def _in_folder(folder: Path) -> list[_File]:
    """Return topic files with a date in their names, and other topic files with the date in their root."""
    files = []
    for path in sorted(folder.iterdir()):
        dated = _DATED.fullmatch(path.name)
        if dated:
            files.append(_File(date.fromisoformat(dated[2]), not dated[1], str(path)))
        elif path.name.endswith((".xml", ".xml.gz")):
            with archive.opened(path) as stream:
                day = generated(stream, str(path))
            if day is not None:
                files.append(_File(day, True, str(path)))
    return files
