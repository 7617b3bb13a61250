"""Sets that say which of two answers is better: UltraMedical-Preference and MEDIQA 2019's ranked answers.

MEDIQA's third task (github.com/abachaa/MEDIQA2019, Ben Abacha et al., BioNLP 2019) has `Question[@QID]` with
`QuestionText` and `Answer[@ReferenceScore]` (`AnswerURL`, `AnswerText`), scored 4-Excellent, 3-Incomplete, 2-Related
or 1-Incorrect by doctors.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from medpipe.core.corpus.document import Section
from medpipe.sources.curated import files
from medpipe.sources.curated.entry import (
    BadRow,
    Entry,
    Reading,
    Row,
    flat,
    key_of,
    left_out,
    licensed_elsewhere,
    lines,
    messages,
    needed,
    shortened,
)
from medpipe.sources.transport import safe_xml

INCOMPLETE = "pairs without a question or one of the answers were dropped"
SAME = "pairs of equal answers were dropped"
ELSEWHERE = "pairs with an answer of A.D.A.M., AHFS or the Mayo Clinic were dropped"
_RIGHT = 3
"""The lowest of MEDIQA's scores at which an answer counts as right."""


def rows(path: Path) -> Iterator[files.Placed]:
    """Yield the pairs of one file; from MEDIQA's XML, each right answer with each wrong one to the same question."""
    if not path.name.endswith(".xml"):
        yield from files.rows(path)
        return
    with path.open("rb") as stream:
        for number, question in enumerate(safe_xml.records(stream, str(path), ["Question"]), start=1):
            for pair in _pairs(question):
                yield f"{path}, question {number}", pair


def read(row: Row) -> Reading:
    """Read a pair: `prompt`, `chosen` and `rejected`, each a text or a conversation.

    The answer of a conversation is the assistant's last turn. A question has many pairs, so the key is the
    question's (`prompt_id` or `qid`) with eight hexadecimal digits of the two answers.
    """
    question = needed(row, "prompt", "question")
    better, worse = _answer(row.get("chosen")), _answer(row.get("rejected"))
    if not (question and better and worse):
        return left_out(INCOMPLETE)
    if flat(better) == flat(worse):
        return left_out(SAME)
    pages = flat(row.get("chosen_url")), flat(row.get("rejected_url"))
    if any(map(licensed_elsewhere, (*pages, better, worse))):
        return left_out(ELSEWHERE)
    number = flat(row.get("prompt_id", row.get("qid"))) or key_of(question)
    origin, comma, _ = number.partition(",")
    entry = Entry(
        f"{number}-{key_of(better, worse)[:8]}",
        (Section(heading=question, text=better, rejected=worse),),
        title=shortened(question),
        url=pages[0] if pages[0].startswith("http") else "",
        types=(origin,) if comma else (),
    )
    return Reading(entry)


def _answer(value: object) -> str:
    if value is None or isinstance(value, str):
        return lines(value)
    return next((text for speaker, text in reversed(messages(value)) if speaker in ("assistant", "gpt")), "")


def _pairs(question: etree._Element) -> Iterator[dict[str, Any] | BadRow]:
    scored = [(answer, answer.get("ReferenceScore", "")[:1]) for answer in question.iter("Answer")]
    if not all(score.isdigit() for _, score in scored):
        yield BadRow("an answer without a ReferenceScore")
        return
    answers = [(int(score), answer.findtext("AnswerText"), answer.findtext("AnswerURL")) for answer, score in scored]
    for right, better, page in answers:
        for wrong, worse, other in answers:
            if right >= _RIGHT > wrong:
                yield {
                    "qid": question.get("QID"),
                    "prompt": question.findtext("QuestionText") or "",
                    "chosen": better,
                    "chosen_url": page,
                    "rejected": worse,
                    "rejected_url": other,
                }
