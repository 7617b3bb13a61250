"""Triage items: a short account of somebody's complaint, and how soon they must be seen.

Three labels, coarser than any scale in use; `recipes/data/triage.yaml` says which categories of START, SALT and
the Manchester scale each stands for. A hospital's own items are a line of JSON each, with the same columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import yaml

from medpipe.core.corpus.document import Section
from medpipe.errors import SourceError
from medpipe.sources.curated import files
from medpipe.sources.curated.entry import UNANSWERED, BadRow, Drops, Entry, Row, flat, key_of, needed, shortened

LABELS = ("immediate", "medium", "delayed")


def shipped(path: Path) -> tuple[date, Iterator[files.Placed]]:
    """The day that our own items were released, and their rows, each with the file's licence.

    Raises SourceError when the file is missing or has another form.
    """
    try:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
        released, licence, items = held["released"], held["licence"], held["items"]
        rows = [(f"{path}, item {number}", {"licence": licence, **row}) for number, row in enumerate(items, start=1)]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise SourceError(
            f"{path}: no list of triage items with `released` and `licence` ({type(error).__name__}); "
            "restore it, or put items into MEDPIPE_CURATED/triage."
        ) from error
    return released, iter(rows)


def read(row: Row, drops: Drops) -> Entry | None:
    """`question`, `label`, `language` (en or fr); optional `id`, `counterpart`, `published` and `licence`.

    The section's choices are the three labels, and its text is the right one.
    """
    question, label = needed(row, "question"), needed(row, "label").lower()
    if not question or not label:
        drops[UNANSWERED] += 1
        return None
    if label not in LABELS:
        raise BadRow(f"a label that is none of {', '.join(LABELS)}")
    language = needed(row, "language")
    if language not in ("en", "fr"):
        raise BadRow("a language that is neither en nor fr")
    published, other = row.get("published"), flat(row.get("counterpart"))
    return Entry(
        flat(row.get("id")) or key_of(question),
        (Section(heading=question, text=label, choices=LABELS),),
        title=shortened(question),
        language=language,
        licence=flat(row.get("licence")),
        published=date.fromisoformat(flat(str(published))) if published else None,
        counterpart=f"triage:{other}" if other else "",
    )
