"""MedMCQA: questions of Indian entrance examinations (Pal et al., CHIL 2022, arXiv:2203.14371).

Rows have `question`, the options `opa` … `opd` and the right one, `cop`. The authors' files count options from 1; the
hub (`openlifescienceai/medmcqa`) counts from 0 and gives -1 in its test split. A file that may be either is not read:
one letter off, and every answer would be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from medpipe.errors import SourceError
from medpipe.sources.curated import choices, files
from medpipe.sources.curated.entry import (
    UNANSWERED,
    Entry,
    Reading,
    Row,
    flat,
    key_of,
    left_out,
    lines,
    needed,
    shortened,
)

_OPTIONS = ("opa", "opb", "opc", "opd")
_FIRST = "first"
"""The column that `rows` and `of_hub` add: the number of the first option."""


def rows(path: Path) -> Iterator[files.Placed]:
    """Yield the rows of a file with the number of its first option. Raises SourceError when the file does not show it.

    The file is read twice.
    """
    first: int | None = None
    for _, row in files.rows(path):
        right = _number(row)
        if right in (0, len(_OPTIONS)):
            first = 0 if right == 0 else 1
            break
    if first is None:
        raise SourceError(
            f"{path}: no `cop` is 0 or 4, so nothing shows whether its options are counted from 0 or from 1; take the "
            "whole file of the authors or of the hub."
        )
    for place, row in files.rows(path):
        yield place, {**row, _FIRST: first} if isinstance(row, Mapping) else row


def of_hub(table: Iterable[Row]) -> Iterator[Row]:
    """Yield the hub's rows, which count options from 0."""
    for row in table:
        yield {**row, _FIRST: 0}


def read(row: Row) -> Reading:
    """Read a question with its options; one without a right option is left out."""
    question = lines(needed(row, "question"))
    options = {letter: text for letter, name in zip("ABCD", _OPTIONS, strict=True) if (text := flat(row[name]))}
    right = _number(row)
    place = -1 if right is None else right - row[_FIRST]
    if not question or not 0 <= place < len(_OPTIONS):
        return left_out(UNANSWERED)
    section = choices.section(question, options, ["ABCD"[place]])
    topic = tuple(filter(None, (flat(row.get("subject_name")),)))
    return Reading(Entry(flat(row.get("id")) or key_of(question), (section,), title=shortened(question), types=topic))


def _number(row: object) -> int | None:
    """Return the number of the right option as the row gives it; None where it gives none."""
    value = row.get("cop") if isinstance(row, Mapping) else None
    return int(value) if isinstance(value, int | str) and str(value).strip().lstrip("-").isdigit() else None
