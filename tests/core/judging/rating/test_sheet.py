"""Which answers are rated, what raters see of them, and what a sample buys."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.judging.rating.sheet import EMPTY, Candidate, blinded, drawn, precision
from medpipe.core.judging.rating.spreadsheet import COLUMNS, csv_of, harmless, jsonl_of

MODELS = ("evaluation/000000000000000a", "evaluation/000000000000000b")


def candidate(number: int, stratum: tuple[str, ...] = ("ordinary", "s", "en"), **changes: object) -> Candidate:
    answers = {model: f"Take {model[-1]}{number} twice." for model in MODELS}
    plain = Candidate("unseen", f"q{number}", f"d{number}", f"What helps with {number}?", "", stratum, answers)
    return plain._replace(**changes)


def test_every_stratum_has_its_share_and_the_seed_decides_which() -> None:
    strata = [("high", "s", "en")] * 20 + [("ordinary", "s", "en")] * 140 + [("ordinary", "s", "fr")] * 40
    candidates = [candidate(number, stratum) for number, stratum in enumerate(strata)]
    for seed in range(10):
        chosen = drawn(candidates, 50, seed)
        counts = Counter(one.stratum for one in chosen)
        assert [counts[stratum] for stratum in dict.fromkeys(strata)] == [
            pytest.approx(share, abs=1) for share in (5, 35, 10)
        ]
        assert chosen == drawn(list(reversed(candidates)), 50, seed)
    assert drawn(candidates, 50, 1) != drawn(candidates, 50, 2)


def test_each_question_is_drawn_equally_often() -> None:
    candidates = [candidate(number, (str(number % 3),)) for number in range(30)]
    times = Counter(one.sample for seed in range(600) for one in drawn(candidates, 10, seed))
    assert min(times.values()) > 150
    assert max(times.values()) < 250


def test_a_sample_of_more_than_there_is_has_all() -> None:
    candidates = [candidate(number) for number in range(7)]
    assert sorted(one.sample for one in drawn(candidates, 100, 0)) == sorted(one.sample for one in candidates)


def test_raters_see_neither_model_nor_order() -> None:
    chosen = [candidate(number) for number in range(60)]
    sheet = blinded(chosen, 0, seed=1)
    assert [row.id for row in sheet.key] == [row.id for row in sheet.shown]
    assert not any(model in row.model_dump_json() for row in sheet.shown for model in MODELS)
    firsts = [row.places[0].evaluation == MODELS[0] for row in sheet.key]
    halves = sum(firsts[:60]), sum(firsts[60:])
    assert len(firsts) == 120
    assert min(halves) > 15, "both models are in both halves"
    gaps = Counter(
        abs(one - other)
        for sample in {row.places[0].sample for row in sheet.key}
        for one, other in [[place for place, row in enumerate(sheet.key) if row.places[0].sample == sample]]
    )
    assert gaps[1] < 6, "the two answers to a question are not beside each other"


def test_equal_answers_of_two_models_are_rated_once() -> None:
    same = candidate(1, answers=dict.fromkeys(MODELS, "Rest."))
    (row,) = blinded([same], 0, seed=1).key
    assert [place.evaluation for place in row.places] == list(MODELS)


def test_controls_are_answers_to_questions_about_other_documents() -> None:
    chosen = [candidate(number, cluster=f"d{number // 2}") for number in range(20)]
    sheet = blinded(chosen, 5, seed=3)
    controls = [shown for shown, key in zip(sheet.shown, sheet.key, strict=True) if not key.places]
    assert len(controls) == 5
    for shown in controls:
        question = int(shown.question.split()[-1].strip("?"))
        answered = int(shown.answer.split()[1][1:])
        assert question // 2 != answered // 2
    assert not [key for key in blinded([candidate(1)], 5, seed=3).key if not key.places], "there is no other document"


def test_an_empty_answer_is_shown_as_such() -> None:
    sheet = blinded([candidate(1, answers={MODELS[0]: " "})], 0, seed=1)
    assert sheet.shown[0].answer == EMPTY


def test_more_questions_buy_a_narrower_interval() -> None:
    few, many = precision([str(number) for number in range(30)]), precision([str(number) for number in range(300)])
    assert few.half_width == pytest.approx(0.71, abs=0.005)
    assert many.half_width == pytest.approx(0.226, abs=0.005)
    assert few.rules_out == pytest.approx(0.095, abs=0.001)
    assert precision(["d"] * 50).rules_out == pytest.approx(0.95), "questions about one document are one observation"


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", '=HYPERLINK("http://x")', "＝1", "\n=1")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_can_be_a_formula(text: str) -> None:
    chosen = [candidate(1, question=text, context=text, answers={MODELS[0]: text})]
    written = csv_of(blinded(chosen, 0, seed=1).shown)
    rows = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline="")))
    assert all(cell[:1] in ("", "'", "a") for cell in rows[1])


def test_ordinary_cells_are_left_as_they_are() -> None:
    for text in ("Take 5 mg.", "a=b", "", "5-HT", "'quoted'"):
        assert harmless(text) == text


@given(st.text(min_size=1))
def test_csv_opens_in_a_spreadsheet_and_keeps_every_text(text: str) -> None:
    chosen = [candidate(1, question=text, answers={MODELS[0]: text})]
    shown = blinded(chosen, 0, seed=1).shown
    written = csv_of(shown)
    assert written.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline="")))
    assert rows[0] == list(COLUMNS)
    assert rows[1][1] in (text, f"'{text}")
    (line,) = jsonl_of(shown)
    values = json.loads(line)
    assert values["question"] == text
    assert values["safety"] is None
    assert list(values) == list(COLUMNS)
