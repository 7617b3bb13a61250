"""The curated sets: where each is published and how its rows are read. `core.sources` has everything else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from medpipe.core import sources
from medpipe.sources.curated import (
    choices,
    dialogues,
    files,
    general,
    liveqa,
    medmcqa,
    medquad,
    preferences,
    pubmedqa,
    triage,
)
from medpipe.sources.curated.entry import Reading, Row

TEST = re.compile(r"(?i)(?<![a-z])test(?:(?:data)?set)?(?![a-z])")
"""Names of files and splits that benchmarks are made of: they never become documents."""
MARK = "is_test"
"""The column by which a row says whether it belongs to its set's official test."""


def _unchanged(rows: Iterable[Row]) -> Iterator[Row]:
    yield from rows


class CuratedSet(NamedTuple):
    """How one published set is found and read.

    Attributes:
        name: the set's name in `core.sources`, and that of its folder below MEDPIPE_CURATED.
        language: ISO 639-1 code of its texts, where a record does not say otherwise.
        released: the day from which everybody could read it. It is the revision of each record and, where the
            record has no better date, the date of publication.
        home: the address where it is published; "" for a provider's own.
        read: turns a row into an entry, and says what was left out of it.
        hub: the dataset on the Hugging Face hub that `datasets` reads without running code from there; "" where
            there is none.
        configs: the hub's configurations to read; "" is the only one.
        kinds: endings of the names of its files.
        rows: reads the rows of one file.
        leave_out: matches the paths of files that are not read.
        gathered: turns rows of the hub's table into rows as `read` takes them.
        mending: makes, of all rows of the set, what mends a row before it is read. A set that has this lost marks that
            only its other texts can tell, and is gone through twice.
        tested: reads the keys that the authors' list in the local folder names as their official test's. A set that
            has this has test items among its rows, so a row that no list and no column `is_test` tells apart is never
            taken.
        list_of_tested: the name of that list.
        doors: prefixes of other sources that may deliver the records of the set under the same number.
        revised: whether records change; the revision is then the date of their file.
    """

    name: str
    language: str
    released: date
    home: str
    read: Callable[[Row], Reading]
    hub: str = ""
    configs: tuple[str, ...] = ("",)
    kinds: tuple[str, ...] = files.KINDS
    rows: Callable[[Path], Iterator[files.Placed]] = files.rows
    leave_out: re.Pattern[str] = TEST
    gathered: Callable[[Iterable[Row]], Iterator[Row]] = _unchanged
    mending: Callable[[Iterable[Any]], Callable[[Row], Row]] | None = None
    tested: Callable[[Path], frozenset[str]] | None = None
    list_of_tested: str = ""
    doors: tuple[str, ...] = ()
    revised: bool = False

    @property
    def licence(self) -> str:
        """The licence of its records, where a record has none of its own."""
        return sources.named(self.name).licence


_TABLE = (
    CuratedSet(
        "medquad",
        "en",
        date(2017, 1, 1),
        "https://github.com/abachaa/MedQuAD",
        medquad.read,
        hub="lavita/MedQuAD",
        kinds=(*files.KINDS, ".xml"),
        rows=medquad.rows,
        gathered=medquad.gathered,
        mending=medquad.mending,
    ),
    CuratedSet(
        "pubmedqa",
        "en",
        date(2019, 9, 13),
        "https://github.com/pubmedqa/pubmedqa",
        pubmedqa.read,
        hub="qiaojin/PubMedQA",
        configs=("pqa_labeled",),
        rows=pubmedqa.rows,
        tested=pubmedqa.tested,
        list_of_tested=pubmedqa.LIST,
        doors=("pmid",),
    ),
    CuratedSet(
        "medqa",
        "en",
        date(2020, 9, 28),
        "https://github.com/jind11/MedQA",
        choices.medqa,
        hub="GBaker/MedQA-USMLE-4-options",
        leave_out=re.compile(rf"{TEST.pattern}|qbank|mainland|taiwan"),
    ),
    CuratedSet(
        "medmcqa",
        "en",
        date(2022, 3, 27),
        "https://github.com/medmcqa/medmcqa",
        medmcqa.read,
        hub="openlifescienceai/medmcqa",
        rows=medmcqa.rows,
        gathered=medmcqa.of_hub,
    ),
    CuratedSet(
        "meddialog",
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
        "en",
        date(2017, 11, 15),
        "https://github.com/abachaa/LiveQA_MedicalTask_TREC2017",
        liveqa.read,
        kinds=(".xml",),
        rows=liveqa.rows,
    ),
    CuratedSet(
        "frenchmedmcqa",
        "fr",
        date(2022, 12, 7),
        "https://github.com/qanastek/FrenchMedMCQA",
        choices.frenchmedmcqa,
        hub="nthngdy/frenchmedmcqa",
    ),
    CuratedSet(
        "mediqal",
        "fr",
        date(2025, 7, 28),
        "https://huggingface.co/datasets/ANR-MALADES/MediQAl",
        choices.mediqal,
        hub="ANR-MALADES/MediQAl",
        configs=("mcqu", "mcqm"),
    ),
    CuratedSet(
        "ultramedical",
        "en",
        date(2024, 6, 6),
        "https://github.com/TsinghuaC3I/UltraMedical",
        dialogues.ultramedical,
        hub="TsinghuaC3I/UltraMedical",
    ),
    CuratedSet(
        "ultramedical-preference",
        "en",
        date(2024, 9, 1),
        "https://huggingface.co/datasets/TsinghuaC3I/UltraMedical-Preference",
        preferences.read,
        hub="TsinghuaC3I/UltraMedical-Preference",
    ),
    CuratedSet(
        "mediqa",
        "en",
        date(2019, 8, 1),
        "https://github.com/abachaa/MEDIQA2019",
        preferences.read,
        kinds=(*files.KINDS, ".xml"),
        rows=preferences.rows,
        leave_out=re.compile(rf"{TEST.pattern}|ranked|task[12]"),
    ),
    CuratedSet(
        "general",
        "en",
        date(2023, 4, 12),
        "",
        general.read,
        hub=f"databricks/{general.DOLLY}",
        rows=general.rows,
        gathered=general.of_hub,
    ),
    CuratedSet(
        "triage",
        "en",
        date(2026, 11, 21),
        "",
        triage.read,
        kinds=(".jsonl", ".jsonl.gz"),
        revised=True,
    ),
)

SETS = {entry.name: entry for entry in _TABLE}
"""Every set by its name."""
