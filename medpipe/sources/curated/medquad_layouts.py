"""The tables in which others publish MedQuAD, a question in each row, gathered into documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from medpipe.errors import SourceError
from medpipe.sources.curated import files
from medpipe.sources.curated.entry import BadRow, Row, flat, key_of

_FOLDERS = {
    "CancerGov": "1_CancerGov_QA",
    "GARD": "2_GARD_QA",
    "GHR": "3_GHR_QA",
    "MPlusHealthTopics": "4_MPlus_Health_Topics_QA",
    "NIDDK": "5_NIDDK_QA",
    "NINDS": "6_NINDS_QA",
    "SeniorHealth": "7_SeniorHealth_QA",
    "NIHSeniorHealth": "7_SeniorHealth_QA",
    "NHLBI": "8_NHLBI_QA_XML",
    "CDC": "9_CDC_QA",
    "ADAM": "10_MPlus_ADAM_QA",
    "MPlusDrugs": "11_MPlusDrugs_QA",
    "MPlusHerbsSupplements": "12_MPlusHerbsSupplements_QA",
}
"""Publisher, as the records name it → its folder in the repository. Ids begin with the folder."""


class Layout(NamedTuple):
    """One way to publish the set: the columns that a row must have, and the document that a row belongs to."""

    name: str
    columns: frozenset[str]
    document: Callable[[Row], tuple[str, str, str]] | None
    """Gives id, focus and address of a row's document; None where a row is a whole document."""
    question: str = "question"
    answer: str = "answer"


def _of_lavita(row: Row) -> tuple[str, str, str]:
    folder = _FOLDERS.get(flat(row["document_source"]), flat(row["document_source"]))
    return f"{folder}/{flat(row['document_id'])}", flat(row["question_focus"]), flat(row.get("document_url"))


def _of_kaggle(row: Row) -> tuple[str, str, str]:
    focus = flat(row["focus_area"])
    return f"kaggle/{key_of(focus, flat(row['source']))}", focus, ""


def _of_pairs(row: Row) -> tuple[str, str, str]:
    return f"pairs/{key_of(flat(row['Question']), flat(row['Answer']))}", "", ""


LAYOUTS = (
    Layout("documents", frozenset({"doc_id", "focus", "qa"}), None),
    Layout(
        "lavita/MedQuAD", frozenset("document_id document_source question_focus question answer".split()), _of_lavita
    ),
    Layout("Kaggle's medquad.csv", frozenset({"question", "answer", "source", "focus_area"}), _of_kaggle),
    Layout("qtype, Question, Answer", frozenset({"qtype", "Question", "Answer"}), _of_pairs, "Question", "Answer"),
)


def documents(placed: Iterable[files.Placed]) -> Iterator[files.Placed]:
    """Yield the documents of a file or table, with the place of their first row. Rows of one document are neighbours.

    The first row decides the layout. Raises SourceError for a layout that is not one of `LAYOUTS`.
    """
    layout: Layout | None = None
    name, document, begun = "", dict[str, Any](), ""
    for place, row in placed:
        if layout is None and isinstance(row, Mapping):
            layout = _layout(place, row)
        if layout is None or layout.document is None or not (isinstance(row, Mapping) and layout.columns <= row.keys()):
            yield place, row if layout is None or layout.document is None else BadRow("a row of another layout")
            continue
        number, focus, url = layout.document(row)
        if number != name and document:
            yield begun, document
        if number != name:
            name, begun = number, place
            document = {"doc_id": number, "focus": focus, "url": url, "qa": []}
        document["qa"].append({"question": row[layout.question], "answer": row[layout.answer]})
    if document:
        yield begun, document


def _layout(place: str, row: Row) -> Layout:
    for layout in LAYOUTS:
        if layout.columns <= row.keys():
            return layout
    known = "; ".join(f"{layout.name} ({', '.join(sorted(layout.columns))})" for layout in LAYOUTS)
    raise SourceError(
        f"{place}: not a layout of MedQuAD that is known: it has the columns {', '.join(map(str, row)) or 'none'}. "
        f"Known layouts: {known}; and the XML files of the authors' repository."
    )
