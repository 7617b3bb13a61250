"""Curated question-and-answer sets, from a folder or the Hugging Face hub."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from medpipe.core.corpus.bad_record import BadRecord, Received
from medpipe.core.corpus.document import Document
from medpipe.core.refs import digest_of
from medpipe.core.teaching.official_tests import OfficialTest
from medpipe.errors import SourceError
from medpipe.sources.curated import files, hub, official_test, triage
from medpipe.sources.curated.entry import BadRow, Reading, Row
from medpipe.sources.curated.sets import MARK, SETS, CuratedSet
from medpipe.sources.transport import document_ids, listing, progress

__all__ = ["CuratedSource"]
log = logging.getLogger(__name__)

_AGAIN = "records that were given twice were dropped"
_TESTED = "questions that a benchmark asks were left out"
_FAULTS = (ValueError, KeyError, TypeError, AttributeError, IndexError)
"""What a reader raises for a row that is not a record of its set."""


class CuratedSource:
    """One set (`medpipe.sources.curated.sets`) from `folder/<name>`, or from the hub when that folder has no data.

    Sets do not change, so a pull returns all of it whatever the window; the corpus notices that nothing is
    new. What is left out (no answer, a duplicate, a benchmark's question) is counted by reason in `drops` and in the
    log. Texts that share a number become `name`, `name#2` … in the order of the files.
    """

    def __init__(
        self,
        folder: Path | str | None,
        name: str = "medquad",
        offline: bool = True,
        cache: Path | None = None,
        *,
        sets: dict[str, CuratedSet] | None = None,
        shipped: Path | None = None,
    ) -> None:
        """Look the set up in the table of sets.

        Args:
            folder: the folder of all sets; None without local copies.
            name: the set's name.
            offline: whether the hub must not be asked.
            cache: where `datasets` keeps what it downloads; None: its own folder.
            sets: the table of sets.
            shipped: the file to read when the folder has none (triage).
        """
        self._set = (sets or SETS)[name]
        self._folder = Path(folder) / name if folder is not None else None
        self._offline, self._cache, self._shipped = offline, cache, shipped
        self.drops = Counter[str]()

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Received]:
        """See `medpipe.ports.Source.pull`; `ids` are `medquad:9_CDC_QA/0000001` or `9_CDC_QA/0000001`."""
        self.drops = Counter()
        prefix = f"{self._set.name}:"
        wanted = {value.removeprefix(prefix) for value in document_ids.distinct(ids)}
        chosen = (document for document in self._received() if not wanted or document.id.removeprefix(prefix) in wanted)
        yield from progress.counted(chosen, self._set.name)
        self.drops = +self.drops
        for reason, number in sorted(self.drops.items()):
            log.info("%s: %d %s", self._set.name, number, reason)

    def _parts(self) -> Iterator[tuple[date, Iterator[files.Placed]]]:
        """Yield (the date of its revision, its rows) of each file, oldest first, or of the hub."""
        read, _ = self._files()
        if read:
            for day, path in sorted((self._day(path), path) for path in read):
                yield day, self._set.rows(path)
        elif self._shipped is not None:
            yield triage.shipped(self._shipped)
        elif self._set.hub and not self._offline:
            yield self._set.released, hub.rows(self._set, self._cache)
        else:
            raise SourceError(self._missing())

    def official_test(self) -> OfficialTest:
        """Return the items of the set's official test; see `official_test.official_test`."""
        return official_test.official_test(self._set, self._folder)

    def _tested(self) -> frozenset[str]:
        """Return the keys of the records that the authors' list names, if the set has one."""
        return self._set.tested(self._folder) if self._set.tested and self._folder else frozenset()

    def _refuse_unmarked(self, place: str, row: Any, tested: frozenset[str]) -> None:
        """Raise SourceError for a row of which nothing says whether it belongs to the official test."""
        if self._set.tested and not tested and not (isinstance(row, Mapping) and row.get(MARK) is not None):
            raise SourceError(
                f"{place}: nothing says whether it belongs to the official test of {self._set.name}, so it is not "
                f"taken. Put the authors' {self._set.list_of_tested} ({self._set.home}) into "
                f"{self._folder or f'MEDPIPE_CURATED/{self._set.name}'}, or give each row a column {MARK}."
            )

    def _files(self) -> tuple[list[Path], list[Path]]:
        if self._folder is not None and self._folder.is_dir():
            return files.data_files(self._folder, self._set.kinds, self._set.leave_out)
        return [], []

    def _day(self, path: Path) -> date:
        return listing.modified(path) if self._set.revised else self._set.released

    def _missing(self) -> str:
        kinds = ", ".join(f"*{kind}" for kind in self._set.kinds)
        folder = self._folder or f"MEDPIPE_CURATED/{self._set.name}"
        elsewhere = ""
        if self._set.hub:
            elsewhere = f"; or set MEDPIPE_OFFLINE=false to take {self._set.hub} from the hub"
        elif self._set.home:
            elsewhere = f"; it is published at {self._set.home}"
        return (
            f"{folder}: no file of it ({kinds}); set MEDPIPE_CURATED to the folder that has "
            f"`{self._set.name}`{elsewhere}."
        )

    def _received(self) -> Iterator[Received]:
        for path in self._files()[1]:
            log.info("%s: left out by its name (a benchmark's, or another language's)", path)
        read, tested, names = self._reader(), self._tested(), _Names()
        for day, rows in self._parts():
            for place, row in rows:
                self._refuse_unmarked(place, row, tested)
                try:
                    document = self._document(row, day, tested, read)
                except _FAULTS as error:
                    yield self._bad(place, error)
                    continue
                if document is None:
                    continue
                if name := names.unused(document):
                    yield document.model_copy(update={"id": name})
                else:
                    self.drops[_AGAIN] += 1

    def _reader(self) -> Callable[[Row], Reading]:
        """Return what reads a row of the set; all rows are gone through before where they tell how to mend each."""
        if self._set.mending is None:
            return self._set.read
        mended = self._set.mending(row for _, rows in self._parts() for _, row in rows)
        return lambda row: self._set.read(mended(row))

    def _document(self, row: Any, day: date, tested: frozenset[str], read: Callable[[Row], Reading]) -> Document | None:
        """Return the document of a row; None, and counted, for one that is left out. Raises one of `_FAULTS`."""
        if isinstance(row, BadRow):
            raise row
        source = self._set
        reading = read(row)
        self.drops.update(reading.dropped)
        entry = reading.entry
        if entry is None:
            return None
        if entry.key in tested:
            self.drops[_TESTED] += 1
            return None
        return Document(
            id=f"{source.name}:{'_'.join(entry.key.split())}",
            revision=int(day.strftime("%Y%m%d")),
            source=source.name,
            title=entry.title,
            focus=entry.focus,
            language=entry.language or source.language,
            url=entry.url or source.home,
            licence=entry.licence or source.licence,
            published=entry.published or day,
            sections=entry.sections,
            mesh=entry.mesh,
            types=entry.types,
            counterpart=entry.counterpart,
        )

    def _bad(self, place: str, error: Exception) -> BadRecord:
        file, _, record = place.rpartition(", ")
        reason = _without_texts(error)
        return BadRecord(source=self._set.name, file=file or place, place=record if file else "record 1", reason=reason)


class _Names:
    """The ids that documents have already, and a short digest of each of their texts."""

    def __init__(self) -> None:
        self._turns: dict[str, int] = {}
        self._texts = set[int]()

    def unused(self, document: Document) -> str:
        """Return the document's id, with `#2` … after it for another text of the same id; "" for the same text."""
        text = int(digest_of([document.id, document.title, document.model_dump(mode="json")["sections"]]), 16)
        if text in self._texts:
            return ""
        self._texts.add(text)
        turn = self._turns[document.id] = self._turns.get(document.id, 0) + 1
        return document.id if turn == 1 else f"{document.id}#{turn}"


def _without_texts(error: Exception) -> str:
    """Return what is wrong with a record, without texts of the record, which most messages repeat."""
    if isinstance(error, BadRow):
        return str(error)
    if isinstance(error, KeyError):
        return f"no {error.args[0]}"
    return f"its columns have the wrong form ({type(error).__name__})"
