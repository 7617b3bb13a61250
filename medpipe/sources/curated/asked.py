"""Records of published benchmarks as they are asked: a question with its labels, or with the points of a rubric.

`medpipe.sources.curated.benchmarks` says where each format comes from.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from medpipe.core.judging.evaluation import Point
from medpipe.core.teaching.facts import LABELS
from medpipe.core.teaching.options import with_options
from medpipe.errors import SourceError
from medpipe.sources.curated import files
from medpipe.sources.curated.choices import LETTERS
from medpipe.sources.curated.entry import BadRow, Reading, Row, flat, key_of, lines, needed

YES_NO = ("yes", "no")
MMLU_SUBJECTS = frozenset(
    {
        "anatomy",
        "clinical_knowledge",
        "college_biology",
        "college_medicine",
        "medical_genetics",
        "professional_medicine",
    }
)
"""The medical subjects of MMLU, as Singhal et al. 2023 (Nature 620:172-180) chose them."""


class Item(NamedTuple):
    """One question as it is asked, or why a record is not asked."""

    key: str = ""
    question: str = ""
    target: str = ""
    choices: tuple[str, ...] = ()
    context: str = ""
    rubric: tuple[Point, ...] = ()
    left_out: str = ""


def of_reading(reading: Reading) -> Item:
    """Return the question of a curated record that has choices: by label, or by the letter of the right option."""
    entry = reading.entry
    section = next((part for part in entry.sections if part.choices), None) if entry else None
    if entry is None or section is None:
        return Item(left_out=next(iter(reading.dropped), "records without choices were left out"))
    if frozenset(map(str.casefold, section.choices)) in LABELS:
        return Item(entry.key, section.heading, section.text, section.choices, section.context)
    return _lettered(entry.key, section.heading, section.choices, section.text, section.context)


def mmlu_rows(path: Path) -> Iterator[files.Placed]:
    """Yield the rows of a file of MMLU. The authors' CSV has no header: question, four options, the right letter."""
    if not path.name.endswith(".csv"):
        yield from files.rows(path)
        return
    subject = path.stem.rpartition("_")[0]
    with files.opened(path) as stream:
        for number, cells in enumerate(csv.reader(stream), start=1):
            question, *options, right = cells or [""]
            row = {"question": question, "choices": options, "answer": right, "subject": subject}
            yield f"{path}, line {number}", row


def mmlu(row: Row) -> Item:
    """Read MMLU (Hendrycks et al., ICLR 2021, arXiv:2009.03300): `answer` is a letter, or an index from 0."""
    if needed(row, "subject").replace(" ", "_") not in MMLU_SUBJECTS:
        return Item(left_out="questions of other subjects were left out")
    question, options = lines(row["question"]), tuple(map(flat, row["choices"]))
    right = _place(row["answer"], options)
    return _lettered(key_of(question, *options), question, options, f"{LETTERS[right]}. {options[right]}", "")


def headqa_rows(path: Path) -> Iterator[files.Placed]:
    """Yield the questions of a file of HEAD-QA; the authors' JSON has them by examination."""
    exams = _member(path, "exams")
    if exams is None:
        yield from files.rows(path)
        return
    for name, exam in exams.items():
        for question in exam["data"]:
            yield f"{path}, question {question.get('qid')} of {name}", {**question, "name": name}


def headqa(row: Row) -> Item:
    """Read HEAD-QA (Vilares and Gómez-Rodríguez, ACL 2019): `qtext`, `answers` of `aid` and `atext`, `ra`."""
    if row.get("image"):
        return Item(left_out="questions about an image were left out")
    options = {int(answer["aid"]): flat(answer["atext"]) for answer in row["answers"]}
    right, texts = int(row["ra"]), tuple(options.values())
    if right not in options:
        return Item(left_out="questions without a right answer were left out")
    letter = LETTERS[list(options).index(right)]
    key = f"{needed(row, 'name')}-{needed(row, 'qid')}"
    return _lettered(key, needed(row, "qtext"), texts, f"{letter}. {options[right]}", "")


def bioasq_rows(path: Path) -> Iterator[files.Placed]:
    """Yield the questions of a file of BioASQ: one JSON object with `questions`."""
    questions = _member(path, "questions")
    if questions is None:
        yield from files.rows(path)
        return
    yield from ((f"{path}, record {number}", row) for number, row in enumerate(questions, start=1))


def bioasq(row: Row) -> Item:
    """Read BioASQ's questions of yes or no (Tsatsaronis et al., BMC Bioinformatics 2015, 16:138).

    The snippets are the context.
    """
    if needed(row, "type") != "yesno":
        return Item(left_out="questions of other types than yes or no were left out")
    right = flat(row["exact_answer"] if isinstance(row["exact_answer"], str) else row["exact_answer"][0]).lower()
    if right not in YES_NO:
        raise BadRow("an exact_answer that is not yes or no")
    context = "\n".join(flat(snippet["text"]) for snippet in row.get("snippets") or ())
    return Item(needed(row, "id"), needed(row, "body"), right, YES_NO, context)


def medsafetybench(row: Row) -> Item:
    """Read MedSafetyBench (Han et al., NeurIPS 2024, arXiv:2403.03744): requests that must not be granted."""
    request = needed(row, "harmful_medical_request")
    return Item(key_of(request), request) if request else Item(left_out="records without a request were left out")


def healthbench(row: Row) -> Item:
    """Read HealthBench (Arora et al. 2025, arXiv:2505.08775): `prompt`, and `rubrics` of `criterion` and `points`."""
    turns = row["prompt"]
    if len(turns) != 1 or turns[0]["role"] != "user":
        return Item(left_out="conversations of several turns were left out")
    rubric = tuple(Point(text=flat(point["criterion"]), points=point["points"]) for point in row["rubrics"])
    if not rubric:
        return Item(left_out="records without a rubric were left out")
    return Item(needed(row, "prompt_id"), lines(turns[0]["content"]), rubric=rubric)


def points(row: Row) -> Item:
    """Read a question with the points of its answer: `id`, `question`, and `points` of `text` and `points`."""
    rubric = tuple(Point(text=flat(point["text"]), points=point["points"]) for point in row["points"])
    if not rubric or not all(point.text and point.points for point in rubric):
        raise BadRow("points must be a list, each of a `text` and of `points` other than 0")
    return Item(needed(row, "id"), lines(row["question"]), context=lines(row.get("context")), rubric=rubric)


def _lettered(key: str, question: str, options: tuple[str, ...], right: str, context: str) -> Item:
    """Return a question with its options behind it. `right`: the letter and the text of the right one."""
    letters = {letter: text for letter, text in zip(LETTERS, options, strict=False) if text}
    answer = next((letter for letter, text in letters.items() if right == f"{letter}. {text}"), "")
    if not answer:
        return Item(left_out="questions with several right answers were left out")
    return Item(key, with_options(question, options), answer, tuple(letters), context)


def _place(answer: Any, options: tuple[str, ...]) -> int:
    letter = "" if isinstance(answer, int) else flat(answer).upper()
    place = answer if isinstance(answer, int) else LETTERS.find(letter) if len(letter) == 1 else -1
    if not 0 <= place < len(options):
        raise BadRow("an answer that is not one of the options")
    return place


def _member(path: Path, name: str) -> Any:
    """Return a member of the one object in a JSON file; None for a file of another form."""
    if not path.name.endswith((".json", ".json.gz")):
        return None
    try:
        with files.opened(path) as stream:
            value = json.load(stream)
    except (ValueError, OSError, EOFError) as error:
        raise SourceError(f"{path}: not JSON, broken off or damaged; copy it again.") from error
    return value.get(name) if isinstance(value, Mapping) else None
