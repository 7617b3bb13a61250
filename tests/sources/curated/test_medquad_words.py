"""Words that MedQuAD ran together, and apostrophes that it lost, told by its other texts."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from medpipe.core.corpus.document import Document
from medpipe.sources.curated.medquad_words import Words
from medpipe.sources.curated.source import CuratedSource

_TEXTS = [
    *["Cirrhosis, the scarring of the liver, is found in the liver by the doctor."] * 3,
    *["The body's cells do not grow if a person doesn't eat. Velor's disease is one of the diseases."] * 3,
    *["The kidney is one of the organs. Call the doctor if the kidney fails."] * 3,
    *["Coronary heart disease is called heart disease. People have coronary heart disease."] * 12,
    *["The lamina is a layer. Lam is found in the cell. The scar, like other scars, heals."] * 3,
    *["In the acute phase, the drug is given over a day. The expression of a gene is high."] * 3,
]


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("It is cirrhosis of the kidneythe organs fail.", "It is cirrhosis of the kidney – the organs fail."),
        ("People havecoronary heart disease.", "People have coronary heart disease."),
        (
            "It is found in the liver and is called heartdisease.",
            "It is found in the liver and is called heart disease.",
        ),
        ("The bodys cells grow. It doesnt.", "The body's cells grow. It doesn't."),
        ("Velors disease", "Velor's disease"),
        ("They cant eat.", "They can't eat."),
    ],
)
def test_a_mark_that_was_lost_comes_back(text: str, mended: str) -> None:
    assert Words([*_TEXTS, text]).mended(text) == mended


@pytest.mark.parametrize(
    "text",
    [
        "The motorcycle is in the layer.",  # a word of English
        "The laminin is a protein. Laminin is found in the cell.",  # a word that its text repeats
        "The overexpression of a gene is high.",  # a prefix, though "over" and "expression" are words
        "A sign of overkidney is found.",  # the same, between words that often stand beside them
        "They found scarlike tissue.",
        "It is found by Lamis in the cell.",  # a name
        "See www.velors.org/bodys for it.",
        "Written by Cant AJ.",
        "The doctors called.",
    ],
)
def test_a_word_is_left_as_it_is(text: str) -> None:
    known = [*_TEXTS, "A motor is a cycle.", "The motor is in it.", "The cycle is in it.", "The cycle and the motor"]
    known += ["They look over the phase of over time. It is over."] * 3
    assert Words([*known, text]).mended(text) == text


def test_a_word_is_not_parted_where_its_neighbours_do_not_say_so() -> None:
    text = "Velor kidneythe tazomib."
    assert Words([*_TEXTS, text]).mended(text) == text


def test_the_answers_of_a_set_are_mended_by_its_other_documents(tmp_path: Path) -> None:
    (tmp_path / "medquad").mkdir()
    texts = [*_TEXTS, "It is cirrhosis of the kidneythe organs fail.", None]
    rows = [
        {"doc_id": f"5_NIDDK_QA/{number}", "focus": "Moor flu", "qa": [{"question": "What is it?", "answer": text}]}
        for number, text in enumerate(texts)
    ]
    (tmp_path / "medquad" / "a.jsonl").write_text("\n".join(map(json.dumps, [*rows, {"qa": "none"}])))
    received = list(CuratedSource(tmp_path, "medquad").pull(date(2000, 1, 1), date(2100, 1, 1)))
    said = [record.sections[0].text for record in received if isinstance(record, Document)]
    assert said == [*_TEXTS, "It is cirrhosis of the kidney – the organs fail."]
