"""LiveQA-Med, TREC 2017: consumers' questions to NLM with answers (Ben Abacha et al., TREC 2017).

The training files of github.com/abachaa/LiveQA_MedicalTask_TREC2017 are `NLM-QUESTION[@qid or @questionid]` with
SUBJECT, MESSAGE and SUB-QUESTIONS, each with FOCUS, TYPE and one or more ANSWERs, the best first. The test file
is a benchmark and is left out by its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from medpipe.core.corpus.document import Section
from medpipe.sources.curated import files
from medpipe.sources.curated.entry import UNANSWERED, BadRow, Entry, Reading, Row, flat, lines, needed, shortened
from medpipe.sources.transport import safe_xml

FURTHER = "further answers to the same part of a question were left out"


def rows(path: Path) -> Iterator[files.Placed]:
    """Yield the questions of one file."""
    with path.open("rb") as stream:
        for number, question in enumerate(safe_xml.records(stream, str(path), ["NLM-QUESTION"]), start=1):
            yield f"{path}, question {number}", _question(question)


def read(row: Row) -> Reading:
    """Read one message: it is the heading, and the text is the first answer to each of its parts, each on a line."""
    key, message = needed(row, "key"), needed(row, "message") or needed(row, "subject")
    if not key:
        raise BadRow("no qid")
    answers = [part[0] for part in row["answers"] if part]
    dropped = {
        UNANSWERED: sum(not part for part in row["answers"]) + (not row["answers"]),
        FURTHER: sum(len(part) - 1 for part in row["answers"] if part),
    }
    if not message or not answers:
        return Reading(None, dropped)
    section = Section(heading=message, text="\n".join(answers))
    title = needed(row, "subject") or shortened(message)
    return Reading(Entry(key, (section,), title=title, focus=needed(row, "focus")), dropped)


def _question(element: etree._Element) -> dict[str, Any]:
    return {
        "key": element.get("qid") or element.get("questionid") or "",
        "subject": _text(element, "SUBJECT"),
        "message": _text(element, "MESSAGE"),
        "focus": _text(element, "FOCUS"),
        "answers": [
            [text for answer in part.iter("ANSWER") if (text := lines("".join(map(str, answer.itertext()))))]
            for part in element.iter("SUB-QUESTION")
        ],
    }


def _text(element: etree._Element, name: str) -> str:
    first = next(element.iter(name), None)
    return "" if first is None else flat("".join(map(str, first.itertext())))
