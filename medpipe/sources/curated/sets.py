"""The table of sets: where each is published, under which licence, and how its rows are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from medpipe.sources.curated import choices, dialogues, files, liveqa, medquad, preferences, pubmedqa, triage
from medpipe.sources.curated.entry import Drops, Entry, Row

CC_BY = "CC BY 4.0"
UNLICENSED = "No licence given (cite the authors)"
TEST = re.compile(r"(?i)(?<![a-z])test(?:(?:data)?set)?(?![a-z])")
"""Files and splits that benchmarks are made of: they never become documents."""


def _same(rows: Iterable[Row]) -> Iterator[Row]:
    yield from rows


class CuratedSet(NamedTuple):
    """One published set.

    `released` is the day from which everybody could read it: the revision and, where a record says nothing
    better, the date of publication of each of its records. `hub` is the dataset on the Hugging Face hub that
    `datasets` can read without running code from there ("" where none is known), with its `configs`.
    """

    name: str
    licence: str
    language: str
    released: date
    home: str
    read: Callable[[Row, Drops], Entry | None]
    hub: str = ""
    configs: tuple[str, ...] = ("",)
    kinds: tuple[str, ...] = files.KINDS
    rows: Callable[[Path], Iterator[files.Placed]] = files.rows
    leave_out: re.Pattern[str] = TEST
    gathered: Callable[[Iterable[Row]], Iterator[Row]] = _same
    """Rows of the hub's table → rows as `read` takes them."""
    tested: Callable[[Path], frozenset[str]] | None = None
    """Keys that a file in the local folder names as a benchmark's."""
    revised: bool = False
    """Whether records change: their revision is then the date of their file."""


_TABLE = (
    CuratedSet(
        "medquad",
        CC_BY,
        "en",
        date(2017, 1, 1),
        "https://github.com/abachaa/MedQuAD",
        medquad.read,
        hub="lavita/MedQuAD",
        kinds=(*files.KINDS, ".xml"),
        rows=medquad.rows,
        gathered=medquad.gathered,
    ),
    CuratedSet(
        "pubmedqa",
        "MIT (contexts are PubMed abstracts, which may be their publishers')",
        "en",
        date(2019, 9, 13),
        "https://github.com/pubmedqa/pubmedqa",
        pubmedqa.read,
        hub="qiaojin/PubMedQA",
        configs=("pqa_labeled",),
        rows=pubmedqa.rows,
        tested=pubmedqa.tested,
    ),
    CuratedSet(
        "medqa",
        "MIT",
        "en",
        date(2020, 9, 28),
        "https://github.com/jind11/MedQA",
        choices.medqa,
        hub="GBaker/MedQA-USMLE-4-options",
        leave_out=re.compile(rf"{TEST.pattern}|qbank|mainland|taiwan"),
    ),
    CuratedSet(
        "meddialog",
        "Unknown (texts of healthcaremagic.com and icliniq.com)",
        "en",
        date(2020, 4, 7),
        "https://github.com/UCSD-AI4H/Medical-Dialogue-System",
        dialogues.meddialog,
        kinds=(*files.KINDS, ".txt"),
        rows=dialogues.meddialog_rows,
        leave_out=re.compile(rf"{TEST.pattern}|chinese|(?<![a-z])zh(?![a-z])"),
    ),
    CuratedSet(
        "liveqa",
        UNLICENSED,
        "en",
        date(2017, 11, 15),
        "https://github.com/abachaa/LiveQA_MedicalTask_TREC2017",
        liveqa.read,
        kinds=(".xml",),
        rows=liveqa.rows,
    ),
    CuratedSet(
        "frenchmedmcqa",
        "Apache-2.0",
        "fr",
        date(2022, 12, 7),
        "https://github.com/qanastek/FrenchMedMCQA",
        choices.frenchmedmcqa,
        hub="nthngdy/frenchmedmcqa",
    ),
    CuratedSet(
        "mediqal",
        CC_BY,
        "fr",
        date(2025, 7, 28),
        "https://huggingface.co/datasets/ANR-MALADES/MediQAl",
        choices.mediqal,
        hub="ANR-MALADES/MediQAl",
        configs=("mcqu", "mcqm"),
    ),
    CuratedSet(
        "ultramedical",
        "MIT",
        "en",
        date(2024, 6, 6),
        "https://github.com/TsinghuaC3I/UltraMedical",
        dialogues.ultramedical,
        hub="TsinghuaC3I/UltraMedical",
    ),
    CuratedSet(
        "ultramedical-preference",
        "MIT",
        "en",
        date(2024, 9, 1),
        "https://huggingface.co/datasets/TsinghuaC3I/UltraMedical-Preference",
        preferences.read,
        hub="TsinghuaC3I/UltraMedical-Preference",
    ),
    CuratedSet(
        "mediqa",
        UNLICENSED,
        "en",
        date(2019, 8, 1),
        "https://github.com/abachaa/MEDIQA2019",
        preferences.read,
        kinds=(*files.KINDS, ".xml"),
        rows=preferences.rows,
        leave_out=re.compile(rf"{TEST.pattern}|ranked|task[12]"),
    ),
    CuratedSet(
        "triage",
        "The provider's own",
        "en",
        date(2026, 11, 21),
        "",
        triage.read,
        kinds=(".jsonl", ".jsonl.gz"),
        revised=True,
    ),
)

SETS = {entry.name: entry for entry in _TABLE}
"""Every set by its name, which is the prefix of its documents' ids, the name of its source and of its folder."""
