"""PubMedQA: research questions on PubMed abstracts (Jin et al., EMNLP 2019, arXiv:1909.06146).

The repository's files (`ori_pqal.json`, `ori_pqaa.json`, `ori_pqau.json`) are one object, PMID → record with
QUESTION, CONTEXTS, LABELS, LONG_ANSWER, MESHES, YEAR and final_decision; the hub's table (`qiaojin/PubMedQA`)
has the same in lower case, without the year. `test_ground_truth.json` names the 500 labelled questions of
the benchmark, which never become documents. Without that list, only rows that say themselves that they are none of
them (`is_test`) are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from medpipe.core.corpus.document import Section
from medpipe.errors import SourceError
from medpipe.sources.curated import files
from medpipe.sources.curated.entry import UNANSWERED, BadRow, Entry, Reading, Row, flat, left_out, lines, needed

DECISIONS = ("yes", "no", "maybe")
LIST = "test_ground_truth.json"
"""The authors' list of the test half, beside the data."""
TESTED = "questions of the benchmark's test half were left out"


def rows(path: Path) -> Iterator[files.Placed]:
    """Yield the records of one file; from a file that is one object, each with its PMID as `key`."""
    yield from files.keyed(path) if path.name.endswith((".json", ".json.gz")) else files.rows(path)


def tested(folder: Path) -> frozenset[str]:
    """Return the PMIDs of the benchmark's test half: the keys of `test_ground_truth.json`, if the folder has it."""
    for path in sorted(folder.rglob(LIST)):
        try:
            with files.opened(path) as stream:
                return frozenset(json.load(stream))
        except (ValueError, OSError) as error:
            raise SourceError(f"{path}: not the benchmark's list of decisions; copy it again.") from error
    return frozenset()


def read(row: Row) -> Reading:
    """Read the question twice: with its long answer, and, where it was labelled, with its decision.

    `context` is the abstract without its conclusion, each labelled paragraph on a line. The second section has the
    three decisions as its choices, and the right one as its text. A record's year is all that is known of its
    date, so it counts as published on the last day of that year.
    """
    pmid = needed(row, "pmid", "pubid", "key")
    if row.get("is_test"):
        return left_out(TESTED)
    question, answer = needed(row, "QUESTION", "question"), lines(row.get("LONG_ANSWER", row.get("long_answer")))
    if not question or not answer:
        return left_out(UNANSWERED)
    of_hub = row.get("context") or {}
    context = _context(row.get("CONTEXTS", of_hub.get("contexts")), row.get("LABELS", of_hub.get("labels")))
    sections = [Section(heading=question, text=answer, context=context)]
    decision = flat(row.get("final_decision")).lower()
    if decision in DECISIONS:
        sections.append(Section(heading=question, text=decision, context=context, choices=DECISIONS))
    elif decision:
        raise BadRow("a final_decision that is not yes, no or maybe")
    year = flat(row.get("YEAR"))
    entry = Entry(
        pmid,
        tuple(sections),
        title=question,
        url=f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/",
        published=date(int(year), 12, 31) if year else None,
        mesh=tuple(map(flat, row.get("MESHES", of_hub.get("meshes")) or ())),
    )
    return Reading(entry)


def _context(paragraphs: list[str] | None, labels: list[str] | None) -> str:
    texts = [flat(paragraph) for paragraph in paragraphs or ()]
    names = [flat(label) for label in labels or ()]
    if len(names) != len(texts):
        return "\n".join(texts)
    return "\n".join(f"{label}: {text}" if label else text for label, text in zip(names, texts, strict=True))
