"""Curated question-and-answer sets, from a folder or the Hugging Face hub."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from medpipe.core.corpus.document import Document
from medpipe.core.refs import digest_of
from medpipe.errors import SourceError
from medpipe.sources.curated import files, hub, triage
from medpipe.sources.curated.entry import BadRow, Drops, Entry
from medpipe.sources.curated.sets import SETS, CuratedSet
from medpipe.sources.transport import document_ids, progress

__all__ = ["CuratedSource"]
log = logging.getLogger(__name__)

_AGAIN = "records that were given twice were dropped"
_HELD = "questions that a benchmark asks were left out"


class CuratedSource:
    """One set (`medpipe.sources.curated.sets`) from `folder/<name>`, or from the hub when nothing lies there.

    Sets do not change, so a pull returns all of it whatever the window; the corpus notices that nothing is
    new. What is left out (no answer, given twice, a benchmark's) is counted by reason in `drops` and in the
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
        """`shipped` is the file to read where the folder has none (triage); `offline` never asks the hub."""
        self._set = (sets or SETS)[name]
        self._folder = Path(folder) / name if folder is not None else None
        self._offline, self._cache, self._shipped = offline, cache, shipped
        self.drops: Drops = Counter()

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Document]:
        """See `medpipe.ports.Source.pull`; `ids` are `medquad:9_CDC_QA/0000001` or `9_CDC_QA/0000001`."""
        self.drops = Counter()
        prefix = f"{self._set.name}:"
        wanted = {value.removeprefix(prefix) for value in document_ids.distinct(ids)}
        chosen = (
            document for document in self._documents() if not wanted or document.id.removeprefix(prefix) in wanted
        )
        yield from progress.counted(chosen, self._set.name)
        self.drops = +self.drops
        for reason, number in sorted(self.drops.items()):
            log.info("%s: %d %s", self._set.name, number, reason)

    def _parts(self) -> Iterator[tuple[date, Iterator[files.Placed]]]:
        """(the date of its revision, its rows) of each file, oldest first, or of the hub."""
        read, left = self._files()
        for path in left:
            log.info("%s: left out by its name (a benchmark's, or another language's)", path)
        if read:
            for day, path in sorted((self._day(path), path) for path in read):
                yield day, self._set.rows(path)
        elif self._shipped is not None:
            yield triage.shipped(self._shipped)
        elif self._set.hub and not self._offline:
            yield self._set.released, hub.rows(self._set, self._cache)
        else:
            raise SourceError(self._missing())

    def _held(self) -> frozenset[str]:
        """Keys of the records that a benchmark asks, where the set has a list of them."""
        if self._set.tested is None:
            return frozenset()
        held = self._set.tested(self._folder) if self._folder else frozenset()
        if not held:
            log.warning(
                "%s: no list of the benchmark's questions beside it, so they are taken with the others", self._set.name
            )
        return held

    def _files(self) -> tuple[list[Path], list[Path]]:
        if self._folder is not None and self._folder.is_dir():
            return files.data_files(self._folder, self._set.kinds, self._set.leave_out)
        return [], []

    def _day(self, path: Path) -> date:
        if not self._set.revised:
            return self._set.released
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()

    def _missing(self) -> str:
        kinds = ", ".join(f"*{kind}" for kind in self._set.kinds)
        where = self._folder or f"MEDPIPE_CURATED/{self._set.name}"
        asked = (
            f"; or set MEDPIPE_OFFLINE=false to take {self._set.hub} from the hub"
            if self._set.hub
            else f"; it is published at {self._set.home}"
            if self._set.home
            else ""
        )
        return (
            f"{where}: no file of it ({kinds}); set MEDPIPE_CURATED to the folder that holds `{self._set.name}`{asked}."
        )

    def _documents(self) -> Iterator[Document]:
        held, names = self._held(), _Names()
        for day, rows in self._parts():
            for place, row in rows:
                document = self._read(place, row, day, held)
                if document is None:
                    continue
                if name := names.give(document):
                    yield document.model_copy(update={"id": name})
                else:
                    self.drops[_AGAIN] += 1

    def _read(self, place: str, row: Any, day: date, held: frozenset[str]) -> Document | None:
        try:
            entry = self._set.read(row, self.drops)
            if entry and entry.key in held:
                self.drops[_HELD] += 1
                return None
            return self._document(entry, day) if entry else None
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise files.unreadable(place, _told(error)) from error

    def _document(self, entry: Entry, day: date) -> Document:
        chosen = self._set
        return Document(
            id=f"{chosen.name}:{'_'.join(entry.key.split())}",
            revision=int(day.strftime("%Y%m%d")),
            source=chosen.name,
            title=entry.title,
            focus=entry.focus,
            language=entry.language or chosen.language,
            url=entry.url or chosen.home,
            licence=entry.licence or chosen.licence,
            published=entry.published or day,
            sections=entry.sections,
            mesh=entry.mesh,
            types=entry.types,
            counterpart=entry.counterpart,
        )


class _Names:
    """Ids that were given, and a short digest of each text that has one."""

    def __init__(self) -> None:
        self._turns: dict[str, int] = {}
        self._texts = set[int]()

    def give(self, document: Document) -> str:
        """The document's id, with `#2` … after it for another text of the same id; "" for the same text."""
        text = int(digest_of([document.id, document.title, document.model_dump(mode="json")["sections"]]), 16)
        if text in self._texts:
            return ""
        self._texts.add(text)
        turn = self._turns[document.id] = self._turns.get(document.id, 0) + 1
        return document.id if turn == 1 else f"{document.id}#{turn}"


def _told(error: Exception) -> Exception:
    """The error as a message may show it: without texts of the record, which others repeat."""
    if isinstance(error, BadRow):
        return error
    if isinstance(error, KeyError):
        return BadRow(f"no {error.args[0]}")
    return BadRow(f"its columns have the wrong form ({type(error).__name__})")
