"""Reading the file that a rater filled in. A row that cannot be read costs itself, and is named with its reason."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict

from medpipe.core.judging.rating.scale import DIMENSIONS, LEVELS, Dimension, Level
from medpipe.core.judging.rating.sheet import Shown
from medpipe.core.judging.rating.spreadsheet import COLUMNS, CORRECTION
from medpipe.core.text import in_lines, normalise
from medpipe.errors import UsageError

_DELIMITERS = (",", ";", "\t")
"""What spreadsheets write between cells: it depends on the country that they are set to."""
_NUMBER = re.compile(r"([0-9]+)(?:[.,]0+)?")
_REPEATED = 40
"""Characters of a column's name that a reason repeats."""
_SHORT = 5
"""Characters of a cell that a reason repeats whole. A longer one may be about a person, and is not kept."""
_ID = re.compile("a[0-9a-f]{1,12}")


class Filled(BaseModel):
    """One rater's ratings of one answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    """Of the answer on the sheet."""
    accuracy: Level
    safety: Level
    clarity: Level
    completeness: Level
    correction: str = ""
    """The answer that the rater would give instead; "" for none."""

    def rating(self, dimension: Dimension) -> Level:
        """Return the rating on one dimension."""
        level: Level = getattr(self, dimension)
        return level


class RefusedRow(BaseModel):
    """A row that cannot be read: where it is, and why. It repeats nothing of a rater but a short rating."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    file: str
    place: str
    """`row 17`, as spreadsheets count, with the header as row 1; or `line 17`."""
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.reason}"


class Returned(NamedTuple):
    """What one rater's file says."""

    filled: tuple[Filled, ...]
    refused: tuple[RefusedRow, ...]
    unrated: int
    """Rows of the sheet that the rater left empty, or that are not in the file."""


class _Row(NamedTuple):
    place: str
    values: Mapping[str, Any]
    fault: str = ""


def returned(file: str, content: bytes, sheet: Mapping[str, Shown]) -> Returned:
    """Read a file that a rater returned. `file`: its name, for messages; JSON Lines if it ends in `.jsonl`, else CSV.

    `sheet`: what was shown, by id. Raises UsageError for a file that cannot be read at all; then nothing of it counts.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(
            f"{file} is not UTF-8: in the spreadsheet, save it as `CSV UTF-8`. Nothing of it was taken"
        ) from None
    rows = list(_json_rows(text) if file.endswith(".jsonl") else _csv_rows(file, text))
    times = Counter(_text(row.values.get("id")) for row in rows if not row.fault)
    filled, refused = [], []
    for row in rows:
        one = _read(row, sheet, times)
        if isinstance(one, Filled):
            filled.append(one)
        elif one:
            refused.append(RefusedRow(file=file, place=row.place, reason=one))
    return Returned(tuple(filled), tuple(refused), len(sheet.keys() - {one.id for one in filled}))


def _read(row: _Row, sheet: Mapping[str, Shown], times: Mapping[str, int]) -> Filled | str:
    """Return the ratings of a row, why it is refused, or "" for a row that was not rated."""
    if row.fault:
        return row.fault
    cells = {name: _text(row.values.get(name)) for name in COLUMNS}
    given = {name: cells[name] for name in DIMENSIONS}
    if not any(given.values()) and not cells[CORRECTION]:
        return ""
    if not (shown := sheet.get(cells["id"])):
        return f"the sheet has no answer {cells['id'] if _ID.fullmatch(cells['id']) else 'with the id of this row'}"
    if times[cells["id"]] > 1:
        return f"the answer {cells['id']} is in the file {times[cells['id']]} times: keep one row"
    for name, text in (("question", shown.question), ("answer", shown.answer)):
        if name in row.values and normalise(cells[name]) != normalise(text):
            return f"the {name} is not the one of {cells['id']}: was one column sorted without the others?"
    if empty := [name for name, level in given.items() if not level]:
        return f"{', '.join(empty)} is empty: rate all of {', '.join(DIMENSIONS)}, or none"
    ratings = {name: _level(level) for name, level in given.items()}
    if wrong := [name for name, level in ratings.items() if level is None]:
        known = ", ".join(map(str, LEVELS))
        cell = given[wrong[0]]
        found = repr(cell) if len(cell) <= _SHORT else f"a text of {len(cell)} characters"
        return f"{wrong[0]} is {found}: a rating is one of {known}"
    return Filled.model_validate({"id": cells["id"], "correction": in_lines(cells[CORRECTION]), **ratings})


def _level(cell: str) -> Level | None:
    number = _NUMBER.fullmatch(cell) if cell.isascii() else None
    return next((level for level in get_args(Level) if number and level == int(number[1])), None)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _json_rows(text: str) -> Iterator[_Row]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            yield _Row(place, {}, "not JSON")
            continue
        yield _Row(place, values) if isinstance(values, dict) else _Row(place, {}, "not a JSON object")


def _csv_rows(file: str, text: str) -> Iterator[_Row]:
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [cell.strip() for cell in next(lines, [])]
        needed = [name for name in COLUMNS if name not in ("passage", CORRECTION)]
        if missing := [name for name in needed if header.count(name) != 1]:
            raise UsageError(
                f"{file} needs one column {', '.join(missing)}; its first row has "
                f"{', '.join(name[:_REPEATED] for name in header) or 'nothing'}. Nothing of it was taken"
            )
        for number, cells in enumerate(lines, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            place, values = f"row {number}", dict(zip(header, cells, strict=False))
            if len(cells) < len(header) or any(cell.strip() for cell in cells[len(header) :]):
                yield _Row(place, {}, f"has {len(cells)} cells where the first row has {len(header)}")
            else:
                yield _Row(place, values)
    except csv.Error as error:
        raise UsageError(f"{file} is not CSV ({error}, line {lines.line_num}). Nothing of it was taken") from None
