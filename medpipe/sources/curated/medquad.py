"""MedQuAD: 47,457 questions from NIH websites (Ben Abacha and Demner-Fushman, BMC Bioinformatics 2019, 20:511).

Its repository (github.com/abachaa/MedQuAD) has one XML file for each document: root `Document[@id @url]` with `Focus`
and `QAPairs/QAPair/(Question, Answer)`. Five older files have the roots `doc[@docid]` (`doctitle-focus`,
`qaPairs/pair/(question, answer)`) and `DiseaseFile[@fid]`. JSON Lines with a document on each line (`doc_id`,
`focus`, `url`, `qa`) and the tables of the hub and of Kaggle (`medquad_layouts`) are read too. The authors
removed answers from A.D.A.M., AHFS and the herb pages; questions without an answer are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from medpipe.core.corpus.document import Section
from medpipe.errors import SourceError
from medpipe.sources.curated import files, medquad_layouts, medquad_questions, medquad_text
from medpipe.sources.curated.entry import UNANSWERED, BadRow, Entry, Reading, Row, flat, left_out
from medpipe.sources.curated.medquad_words import Words
from medpipe.sources.transport import safe_xml

EMPTY = "documents without a question were dropped"
LEAFLET = "leaflets whose title names no condition were dropped"
UNASKED = "answers to a question that nobody should learn so were dropped"
_IDENTITY = {"Document": "id", "doc": "docid", "DiseaseFile": "fid"}
"""Root element → the attribute that holds the document's number."""


def rows(path: Path) -> Iterator[files.Placed]:
    """Yield the documents of one file, as objects with `doc_id`, `focus`, `url` and `qa`."""
    if not path.name.endswith(".xml"):
        yield from medquad_layouts.documents(files.rows(path))
        return
    try:
        yield from _of_xml(path)
    except (BadRow, SourceError) as error:  # the file is one record
        yield str(path), BadRow(str(error))


def gathered(questions: Iterable[Row]) -> Iterator[Row]:
    """Yield documents made of the hub's rows. Raises SourceError for a layout that is not known."""
    placed = ((f"row {number}", row) for number, row in enumerate(questions, start=1))
    yield from (document for _, document in medquad_layouts.documents(placed))


def mending(documents: Iterable[Any]) -> Callable[[Row], Row]:
    """Return what gives the answers of a document the marks back that they lost, as all documents tell them."""
    words = Words(pair["answer"] for row in documents for pair in _pairs(row) if _is_answered(pair))

    def mended(row: Row) -> Row:
        pairs = [
            {**pair, "answer": words.mended(pair["answer"])} if _is_answered(pair) else pair for pair in _pairs(row)
        ]
        return {**row, "qa": pairs} if pairs else row

    return mended


def _pairs(row: Any) -> list[Any]:
    """Return the questions of a document with what stands beside them; none where a row has no list of them."""
    pairs = row.get("qa") if isinstance(row, Mapping) else None
    return pairs if isinstance(pairs, list) else []


def _is_answered(pair: Any) -> bool:
    return isinstance(pair, Mapping) and isinstance(pair.get("answer"), str)


def read(row: Row) -> Reading:
    """Read one document with its answered questions; without any it does not become an entry.

    Questions that do not ask what the text answers are asked otherwise or dropped (`medquad_questions`).
    """
    if not {"doc_id", "focus", "qa"} <= row.keys():
        raise BadRow("no doc_id, focus or qa")
    title = flat(row["focus"])
    focus = medquad_text.condition(title)
    if title and not focus:
        return left_out(LEAFLET)
    answered = [
        (flat(pair["question"]).replace(title, focus), text)
        for pair in row["qa"]
        if (text := medquad_text.answer(pair.get("answer")))
    ]
    sections = tuple(
        Section(heading=heading, text=text)
        for question, text in answered
        if (heading := medquad_questions.asked(question, text))
    )
    dropped = {
        UNANSWERED: len(row["qa"]) - len(answered),
        UNASKED: len(answered) - len(sections),
        EMPTY: int(not row["qa"]),
    }
    if not sections:
        return Reading(None, dropped)
    return Reading(Entry(flat(row["doc_id"]), sections, title=title, focus=focus, url=flat(row.get("url"))), dropped)


def _of_xml(path: Path) -> Iterator[files.Placed]:
    with path.open("rb") as stream:
        name, _ = safe_xml.root(stream, path.name)
        if name not in _IDENTITY:
            raise BadRow(f"its root is {name or 'missing'}")
        stream.seek(0)
        for root in safe_xml.records(stream, path.name, [name]):
            yield str(path), _document(root, path)


def _document(root: etree._Element, path: Path) -> Mapping[str, Any]:
    number = root.get(_IDENTITY[str(root.tag)])
    if not number:
        raise BadRow(f"its root has no {_IDENTITY[str(root.tag)]}")
    return {
        "doc_id": f"{path.parent.name}/{number}",
        "focus": root.findtext("Focus") or root.findtext("doctitle-focus") or "",
        "url": root.get("url", ""),
        "qa": [
            {"question": _text(pair, "Question"), "answer": _text(pair, "Answer")}
            for pair in root.iter("QAPair", "pair")
        ],
    }


def _text(pair: etree._Element, name: str) -> str:
    return pair.findtext(name) or pair.findtext(name.lower()) or ""
