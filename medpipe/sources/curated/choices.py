"""Multiple-choice sets: MedQA, FrenchMedMCQA and MediQAl.

A question becomes a section with the options as `choices`, in order and without their letters ("" where the set
leaves a letter blank); `text` is the right one with its letter ("E. Cétogénèse"), or all the right ones in order,
joined by "; ".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from medpipe.core.corpus.document import Section
from medpipe.sources.curated.entry import (
    UNANSWERED,
    BadRow,
    Entry,
    Reading,
    Row,
    flat,
    key_of,
    left_out,
    lines,
    needed,
    shortened,
)

LETTERS = "ABCDEFGHIJ"


def medqa(row: Row) -> Reading:
    """Read MedQA-USMLE (Jin et al. 2020, arXiv:2009.13081): `question`, `options` by letter, `answer_idx`, `answer`.

    The questions have no number: their key depends on the text.
    """
    question = lines(row.get("question"))
    options = _by_letter(row.get("options"))
    right = needed(row, "answer_idx").upper()
    return _reading(key_of(question), question, options, [right], "")


def frenchmedmcqa(row: Row) -> Reading:
    """Read FrenchMedMCQA (Labrak et al. 2022): French pharmacy examinations, often with several right answers.

    `answers` by letter and `correct_answers` as letters (the authors' files), or the columns `answer_a` … and
    `correct_answers` as numbers from 0 (the parquet mirror, single answers only).
    """
    options = _by_letter(row["answers"]) if "answers" in row else _columns(row)
    question = needed(row, "question")
    key = flat(row.get("id")) or key_of(question)
    return _reading(key, question, options, _right(row.get("correct_answers")), "")


def mediqal(row: Row) -> Reading:
    """Read MediQAl (Bazoge 2025, arXiv:2507.20917): French medical examinations on a clinical case.

    `mcqu` and `mcqm` have `answer_a` … `answer_e` and `correct_answers` ("a,c"); `oeq` has a free `answer`.
    """
    key, question, case = needed(row, "id"), needed(row, "question"), lines(row.get("clinical_case"))
    if "correct_answers" not in row:
        answer = lines(row.get("answer"))
        if not question or not answer:
            return left_out(UNANSWERED)
        return Reading(Entry(key, (Section(heading=question, text=answer, context=case),), title=shortened(question)))
    return _reading(key, question, _columns(row), _right(row["correct_answers"]), case)


def chosen(options: Mapping[str, str], right: Iterable[str]) -> str:
    """Return the right options as a section's text has them, such as "A. First; C. Third".

    Raises BadRow for a right letter that is not one of the options.
    """
    unknown = [letter for letter in right if letter not in options]
    if unknown:
        raise BadRow("a right answer that is not one of the options")
    return "; ".join(f"{letter}. {options[letter]}" for letter in options if letter in set(right))


def in_place(options: Mapping[str, str]) -> tuple[str, ...]:
    """Return the options in the order of their letters, "" for a letter without one, so that no letter shifts."""
    return tuple(options.get(letter, "") for letter in LETTERS[: LETTERS.index(max(options)) + 1])


def _reading(key: str, question: str, options: Mapping[str, str], right: list[str], context: str) -> Reading:
    if not question or not any(right):
        return left_out(UNANSWERED)
    if len(options) < 2:
        raise BadRow("fewer than two options")
    section = Section(heading=question, text=chosen(options, right), context=context, choices=in_place(options))
    return Reading(Entry(key, (section,), title=shortened(question)))


def _by_letter(value: Any) -> dict[str, str]:
    """Return the options by letter, from a mapping or from MedQA's list of `key` and `value`."""
    if isinstance(value, Mapping):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = [(option["key"], option["value"]) for option in value]
    else:
        raise BadRow("no options")
    return {letter.upper(): text for letter, option in sorted(pairs) if (text := flat(option))}


def _columns(row: Row) -> dict[str, str]:
    named = ((letter, flat(row.get(f"answer_{letter.lower()}"))) for letter in LETTERS)
    return {letter: text for letter, text in named if text}


def _right(value: Any) -> list[str]:
    """Return the right letters, which sets write as ["a", "c"], as "a,c", or as an index from 0."""
    if isinstance(value, int):
        return [LETTERS[value]]
    letters = value.replace(",", " ").split() if isinstance(value, str) else list(value or ())
    return [LETTERS[letter] if isinstance(letter, int) else flat(letter).upper() for letter in letters]
