"""Curated question-and-answer sets from a folder: MedQuAD, as JSON Lines (one document a line)."""

from __future__ import annotations

import gzip
import json
import logging
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import IO, Any

from medpipe.core.document import Document, Section
from medpipe.nlm import fetch
from medpipe.ports import SourceError

__all__ = ["CuratedSource"]
log = logging.getLogger(__name__)

PUBLISHED = date(2017, 1, 1)
"""MedQuAD gives no dates; its pages were collected before 2017 (Ben Abacha and Demner-Fushman, BMC
Bioinformatics 2019, 20:511), so every record counts as published on this day, in every window."""
LICENCE = "CC BY 4.0"
_REPEATED = re.compile(r"(?:(?:What|How|Is|Are|Who|Can|Which|Why|Where|Does|Do)\b[^.?!]{0,200}\?\s*)+")
"""Headings of the page that were taken for the beginning of an answer (most of GARD's)."""


class CuratedSource:
    """MedQuAD from `folder/medquad/*.jsonl.gz` (or `.jsonl`).

    A line has `doc_id`, `focus`, `url` and `qa`: question, answer. The set never changes, so a pull returns
    all of it whatever the window; the corpus notices that nothing is new. Questions whose answer was removed
    (for the copyright of its publisher) are dropped and counted in the log, as are lines that give a document
    again.
    """

    def __init__(self, folder: Path | str) -> None:
        self._folder = Path(folder) / "medquad"

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Document]:
        """See `medpipe.ports.Source.pull`; `ids` are `medquad:9_CDC_QA/0000001` or `9_CDC_QA/0000001`."""
        files = sorted([*self._folder.glob("*.jsonl.gz"), *self._folder.glob("*.jsonl")])
        if not files:
            raise SourceError(
                f"{self._folder}: no *.jsonl.gz or *.jsonl in it; set MEDPIPE_CURATED to the folder "
                "that holds `medquad`."
            )
        wanted = {value.removeprefix("medquad:") for value in ids}
        seen = set[str]()
        for path in files:
            yield from fetch.numbered(
                (
                    document
                    for document in _documents(path, seen)
                    if not wanted or document.id.removeprefix("medquad:") in wanted
                ),
                path.name,
            )


def _documents(path: Path, seen: set[str]) -> Iterator[Document]:
    unanswered = repeated = 0
    with _opened(path) as lines:
        for number, line in enumerate(_whole(lines, path), start=1):
            row = _row(line, path, number)
            sections = tuple(
                Section(heading=_flat(qa["question"]), text=text)
                for qa in row["qa"]
                if (text := _lines(qa.get("answer") or ""))
            )
            unanswered += len(row["qa"]) - len(sections)
            if not sections:
                continue
            document = _document(row, sections, seen)
            repeated += "#" in document.id
            yield document
    if unanswered or repeated:
        log.info(
            "%s: %d questions without an answer were dropped; %d documents share another's id",
            path.name,
            unanswered,
            repeated,
        )


def _document(row: dict[str, Any], sections: tuple[Section, ...], seen: set[str]) -> Document:
    """Ids repeat in the set (different texts under one number): later ones get `#2`, `#3` … in file order."""
    base = f"medquad:{row['doc_id']}"
    name, turn = base, 1
    while name in seen:
        turn += 1
        name = f"{base}#{turn}"
    seen.add(name)
    return Document(
        id=name,
        revision=int(PUBLISHED.strftime("%Y%m%d")),
        source="medquad",
        title=_flat(row["focus"]),
        focus=_flat(row["focus"]),
        url=row.get("url") or "",
        licence=LICENCE,
        published=PUBLISHED,
        sections=sections,
    )


def _row(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
        if not isinstance(row, dict) or not {"doc_id", "focus", "qa"} <= row.keys():
            raise ValueError("no doc_id, focus or qa")
        return row
    except ValueError as error:
        raise SourceError(f"{path}, line {number}: not a record ({error}); correct or remove the line.") from error


def _whole(lines: IO[str], path: Path) -> Iterator[str]:
    try:
        yield from (line for line in lines if line.strip())
    except (EOFError, OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: broken off or damaged ({error}); copy it again.") from error


def _opened(path: Path) -> IO[str]:
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")


def _lines(text: str) -> str:
    """The answer without the headings at its beginning, and the blanks that its HTML left."""
    whole = "\n".join(flat for line in text.splitlines() if (flat := _flat(line)))
    return _REPEATED.sub("", whole, count=1) if _REPEATED.match(whole) else whole


def _flat(text: str) -> str:
    return " ".join(text.split())
