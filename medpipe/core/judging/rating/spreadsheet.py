"""The file that a rater fills in: CSV for a spreadsheet, or JSON Lines, with the same columns.

CSV is written as spreadsheets open it without asking: UTF-8 with a byte order mark, CRLF, every cell in quotes. A cell
that a spreadsheet could take for a formula gets an apostrophe before it (OWASP, "CSV Injection",
https://owasp.org/www-community/attacks/CSV_Injection): a question or an answer must not compute anything.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from medpipe.core.judging.rating.scale import DIMENSIONS
from medpipe.core.judging.rating.sheet import Shown

TEXTS = ("id", "question", "passage", "answer")
"""Columns that say what to rate."""
CORRECTION = "correction"
COLUMNS = (*TEXTS, *DIMENSIONS, CORRECTION)
LONGEST = 32_000
"""Characters of a text that a cell can hold: spreadsheets cut at 32,767."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Beginnings of a cell that some spreadsheet computes, in half and in full width."""


def csv_of(answers: Iterable[Shown]) -> str:
    """Return the answers as CSV with empty columns for ratings and correction."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([harmless(cell) for cell in _cells(shown)] for shown in answers)
    return text.getvalue()


def jsonl_of(answers: Iterable[Shown]) -> Iterator[str]:
    """Yield the answers as lines of JSON, with null for what the rater fills in."""
    for shown in answers:
        empty = dict.fromkeys(COLUMNS[len(TEXTS) :])
        yield json.dumps(dict(zip(TEXTS, _cells(shown), strict=False)) | empty, ensure_ascii=False)


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet computes: with an apostrophe before what could be a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) or cell.lstrip().startswith(_FORMULA) else cell


def _cells(shown: Shown) -> list[str]:
    return [shown.id, shown.question, shown.context, shown.answer, *([""] * (len(COLUMNS) - len(TEXTS)))]
