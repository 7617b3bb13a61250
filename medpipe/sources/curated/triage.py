"""Triage items: a short account of somebody's complaint, and how soon they must be seen.

Three labels, coarser than any scale in use; `recipes/data/triage.yaml` says which categories of START, SALT and
the Manchester scale each corresponds to. medpipe's own cases are told in three languages each. A hospital's own items
have one line of JSON each, with a label of ours or a level of a scale that `triage-scales.yaml` maps.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from medpipe.core.corpus.document import Section
from medpipe.core.triage.case import LANGUAGES, Case, refuse_repeated
from medpipe.core.triage.labels import LABELS
from medpipe.core.triage.scales import Scales
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

SCALES = Path(__file__).with_name("triage-scales.yaml")
"""The scales in which a row can give its label."""


@cache
def scales() -> Scales:
    """Return the scales that `triage-scales.yaml` has, which lies beside this module."""
    return Scales.model_validate(yaml.safe_load(SCALES.read_text(encoding="utf-8")))


def shipped(path: Path) -> tuple[date, Iterator[files.Placed]]:
    """Return the day on which the cases that medpipe ships were released, and a row for each language of each case.

    Raises SourceError when the file is missing or has another form.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        released, licence = content["released"], content["licence"]
        cases = TypeAdapter(tuple[Case, ...]).validate_python(content["cases"])
        refuse_repeated(cases)
        if not isinstance(released, date):
            raise TypeError("`released` is not a date")
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise SourceError(
            f"{path}: no list of triage cases with `released` and `licence` ({type(error).__name__}); "
            "restore it, or put items into MEDPIPE_CURATED/triage."
        ) from error
    return released, (row for case in cases for row in _rows(path, case, licence))


def _rows(path: Path, case: Case, licence: str) -> Iterator[files.Placed]:
    """Yield a case's rows. Each names the next language as its counterpart, so that all three are one cluster."""
    for language, other in zip(LANGUAGES, (*LANGUAGES[1:], LANGUAGES[0]), strict=True):
        yield (
            f"{path}, case {case.id} ({language})",
            {
                "id": f"{language}-{case.id}",
                "language": language,
                "label": case.label,
                "question": case.told(language),
                "counterpart": f"{other}-{case.id}",
                "licence": licence,
            },
        )


def read(row: Row) -> Reading:
    """Read `question`, `label`, `language`; optional `scale`, `id`, `counterpart`, `published` and `licence`.

    `label` is a level of `scale`, without which it is one of the three labels. The section's choices are the three
    labels, and its text is the right one.
    """
    question, level = needed(row, "question"), needed(row, "label")
    if not question or not level:
        return left_out(UNANSWERED)
    try:
        label = scales().named(flat(row.get("scale")) or "ours").label_of(level)
    except ValueError as error:
        raise BadRow(str(error)) from error
    language = needed(row, "language")
    if language not in LANGUAGES:
        raise BadRow(f"a language that is not one of {', '.join(LANGUAGES)}")
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
