"""Triage items: a short account of somebody's complaint, and how soon they must be seen.

Three labels, coarser than any scale in use; `recipes/data/triage.yaml` says which categories of START, SALT and
the Manchester scale each corresponds to. A hospital's own items have one line of JSON each, with the same columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import yaml

from medpipe.core.corpus.document import Section
from medpipe.errors import SourceError
from medpipe.sources.curated import files
from medpipe.sources.curated.entry import (
    UNANSWERED,
    BadRow,
    Entry,
    Reading,
    Row,
    flat,
    key_of,
    left_out,
    needed,
    shortened,
)

LABELS = ("immediate", "medium", "delayed")


def shipped(path: Path) -> tuple[date, Iterator[files.Placed]]:
    """Return the day on which the items that medpipe ships were released, and their rows with the file's licence.

    Raises SourceError when the file is missing or has another form.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        released, licence, items = content["released"], content["licence"], content["items"]
        rows = [(f"{path}, item {number}", {"licence": licence, **row}) for number, row in enumerate(items, start=1)]
        if not isinstance(released, date):
            raise TypeError("`released` is not a date")
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise SourceError(
            f"{path}: no list of triage items with `released` and `licence` ({type(error).__name__}); "
            "restore it, or put items into MEDPIPE_CURATED/triage."
        ) from error
    return released, iter(rows)


def read(row: Row) -> Reading:
    """Read `question`, `label`, `language` (en or fr); optional `id`, `counterpart`, `published` and `licence`.

    The section's choices are the three labels, and its text is the right one.
    """
    question, label = needed(row, "question"), needed(row, "label").lower()
    if not question or not label:
        return left_out(UNANSWERED)
    if label not in LABELS:
        raise BadRow(f"a label that is not one of {', '.join(LABELS)}")
    language = needed(row, "language")
    if language not in ("en", "fr"):
        raise BadRow("a language that is neither en nor fr")
    published, other = row.get("published"), flat(row.get("counterpart"))
    entry = Entry(
        flat(row.get("id")) or key_of(question),
        (Section(heading=question, text=label, choices=LABELS),),
        title=shortened(question),
        language=language,
        licence=flat(row.get("licence")),
        published=date.fromisoformat(flat(str(published))) if published else None,
        counterpart=f"triage:{other}" if other else "",
    )
    return Reading(entry)
