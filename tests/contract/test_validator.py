"""The project's own suites: which rows are quarantined, what stops a batch, and the reasons in words."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from medpipe.backends.gx.validator import GxValidator
from medpipe.core.corpus import measures
from medpipe.core.corpus.document import Document
from medpipe.core.teaching.example import Example, PreferencePair
from medpipe.ports import Delivery, FeedbackItem
from medpipe.settings import Settings
from medpipe.sources.curated.sets import SETS
from medpipe.sources.medlineplus import topics
from medpipe.sources.pubmed import record as citation_fields
from medpipe.wiring import Wiring
from tests.contract.suite_rows import GOOD, SECRET, SUITES, document, example, feedback, pair

WINDOW = Delivery(end=date(2026, 3, 4))


def test_good_documents_pass_and_the_report_is_a_page(validator: GxValidator) -> None:
    result = validator.validate(GOOD, "documents", "documents-1")
    assert (result.accepted, result.reasons, result.rejected) == (True, (), {})
    assert "The title is blank" in Path(result.report).read_text(encoding="utf-8")


BAD_DOCUMENTS: list[tuple[dict[str, Any], str]] = [
    ({"id": "12345"}, "identifier"),
    ({"id": "pmid:0012"}, "identifier"),
    ({"id": "pmid:x"}, "identifier"),
    ({"title": "  "}, "title is blank"),
    ({"id": "mplus:1", "sections": []}, "no text at all"),
    ({"id": "mplus:2", "sections": [{"heading": "h", "text": " "}]}, "no text at all"),
    ({"language": "xx"}, "language"),
    ({"published": "0199-01-01"}, "year"),
    ({"published": "soon"}, "year"),
    ({"status": "unknown"}, "stands"),
    ({"title": "Na\ufffdve"}, "damaged"),
    ({"sections": [{"heading": "h", "text": "cafÃ©"}]}, "damaged"),
    ({"url": "https://medlineplus.gov/ency/article/000001.htm"}, "licensed"),
    ({"url": "https://medlineplus.gov/druginfo/meds/a1.html"}, "licensed"),
    ({"licence": "All rights reserved"}, "licence is none"),
    ({"licence": ""}, "licence is none"),
    ({"published": "2027-12-01"}, "dated more than a year and a half after"),
    ({"id": "pmid:1"}, "came earlier in this delivery"),
    ({"sections": [{"heading": "h", "text": "x" * 500_001}]}, "several documents probably ran together"),
    (
        {"source": "meddialog", "sections": [{"heading": "h", "text": "Write to ruth.calder@example.com"}]},
        "points to one of them",
    ),
]


def test_a_pubmed_article_without_an_abstract_is_no_fault(validator: GxValidator) -> None:
    assert not validator.validate([*GOOD, document(99, sections=[])], "documents", "documents-1").rejected


def test_bad_documents_are_quarantined_each_for_its_reason_in_words(validator: GxValidator) -> None:
    good = [document(number) for number in range(1, 31)]
    bad = [document(100 + number, **fields) for number, (fields, _) in enumerate(BAD_DOCUMENTS)]
    result = validator.validate([*good, *bad], "documents", "documents-1", WINDOW)
    assert result.accepted
    assert list(result.rejected) == list(range(30, 30 + len(bad)))
    for (fields, reason), notes in zip(BAD_DOCUMENTS, result.rejected.values(), strict=True):
        assert len(notes) == 1, fields
        assert reason in notes[0], fields


def test_honest_letters_are_not_damage(validator: GxValidator) -> None:
    titles = ("Señora Ávila à São Paulo: 5 µg, 3 °C, “naïve”", "SÃO PAULO", "中文")
    rows = [document(number, title=title) for number, title in enumerate(titles, start=1)]
    assert validator.validate(rows, "documents", "d").rejected == {}


def test_no_blemish_keeps_a_withdrawal_out(validator: GxValidator) -> None:
    withdrawals = [
        document(
            number,
            status=status,
            title="",
            sections=[],
            language="",
            published="1500-01-01",
            url="https://medlineplus.gov/ency/x",
        )
        for number, status in enumerate(("retracted", "deleted", "notice", "concern"), start=50)
    ]
    assert validator.validate([*GOOD, *withdrawals], "documents", "d").rejected == {}


BLEMISHED = {"title": "Na\ufffdve", "published": "2027-12-01"}


@pytest.mark.parametrize("kind", ["ExpressionOfConcernFor", "RetractedandRepublishedFrom", "ListedReinstatementOf"])
def test_no_blemish_keeps_what_a_record_says_against_another_one_from_it(validator: GxValidator, kind: str) -> None:
    notice = document(50, **BLEMISHED, relations=[{"kind": kind, "target": "pmid:1"}])
    warned = document(51, **BLEMISHED, warning="RETRACTED")
    result = validator.validate([notice, warned], "documents", "d", WINDOW)
    assert (result.accepted, result.rejected) == (True, {})


def test_a_newer_article_that_is_taught_itself_must_be_without_blemish(validator: GxValidator) -> None:
    update = document(50, **BLEMISHED, relations=[{"kind": "UpdateOf", "target": "pmid:1"}])
    assert list(validator.validate([*GOOD, update], "documents", "d", WINDOW).rejected) == [len(GOOD)]


def test_too_many_bad_rows_stop_the_batch(validator: GxValidator) -> None:
    result = validator.validate([*GOOD[:2], *(document(9, id=f"x{n}") for n in range(3))], "documents", "d")
    assert not result.accepted
    assert "3 of 5 rows were rejected" in result.reasons[0]
    assert "identifier" in result.reasons[0]


class Row(dict[str, Any]):
    """A row that can be seen to go."""

    __hash__ = object.__hash__


def test_memory_holds_the_texts_of_two_bands_and_a_repetition_is_seen_across_bands(
    validator: GxValidator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measures, "BAND", 4)
    alive: weakref.WeakSet[Row] = weakref.WeakSet()
    most = 0

    def rows() -> Iterator[Row]:
        nonlocal most
        for number in (*range(1, 40), 1):
            row = Row(document(number))
            alive.add(row)
            most = max(most, len(alive))
            yield row

    result = validator.validate(rows(), "documents", "d")
    assert list(result.rejected) == [39]
    assert "came earlier" in result.rejected[39][0]
    assert most <= 2 * measures.BAND


def test_a_delivery_that_repeats_itself_stops(validator: GxValidator) -> None:
    result = validator.validate([document(1)] * 10, "documents", "d")
    assert not result.accepted
    assert "repeats documents" in result.reasons[0]


TOPICS = [
    document(
        number, id=f"mplus:{number}", source="medlineplus", revision=20260303, language="es" if number % 2 else "en"
    )
    for number in range(1, 201)
]
END = date(2026, 3, 4)


def delivered(
    validator: GxValidator, rows: list[dict[str, Any]], previous: int | None = None, end: date = END, days: int = 1
) -> tuple[str, ...]:
    """Return the reasons that stop a MedlinePlus delivery."""
    of_delivery = measures.of_delivery(rows, "medlineplus", end - timedelta(days), end, previous)
    return validator.validate(rows, "documents", "d", Delivery(of_delivery, end)).reasons


def test_a_whole_delivery_like_the_one_before_passes(validator: GxValidator) -> None:
    assert delivered(validator, TOPICS, previous=205) == ()


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        (TOPICS[:101], {"previous": 200}, "less than 70 %"),
        (TOPICS, {"previous": 99}, ""),
        ([*TOPICS[::2], *TOPICS[:10]], {}, "a language is missing"),
        ([row | {"published": "2012-02-01"} for row in TOPICS], {}, "an old file under a new date"),
        (TOPICS, {"end": date(2026, 4, 1), "days": 30}, "newer ones were not found"),
        (TOPICS[:30], {"previous": 40}, ""),
        (TOPICS[:1], {}, ""),
        (
            [{name: value for name, value in row.items() if name != "licence"} for row in TOPICS],
            {},
            "Fields are missing",
        ),
    ],
    ids=[
        "halved",
        "too few before to compare",
        "one language",
        "old topics",
        "stale",
        "a small one",
        "one topic",
        "another schema",
    ],
)
def test_a_bad_batch_stops_for_its_reason_and_a_small_one_does_not(
    validator: GxValidator, rows: list[dict[str, Any]], options: dict[str, Any], words: str
) -> None:
    stopped = delivered(validator, rows, **options)
    assert any(words in reason for reason in stopped) if words else stopped == ()


@pytest.mark.parametrize(
    ("suite", "written"),
    [("documents", Document), ("examples", Example), ("pairs", PreferencePair), ("feedback", FeedbackItem)],
)
def test_the_suites_know_every_field_that_is_written(validator: GxValidator, suite: str, written: Any) -> None:
    meta = validator.suite(suite).meta
    fields = set(getattr(written, "model_fields", None) or written._fields)
    assert fields <= {*meta.fields, *meta.optional_fields}


def test_the_suite_knows_every_licence_that_a_source_gives_and_says_what_it_allows(validator: GxValidator) -> None:
    expectations = validator.suite("documents").expectations
    (rule,) = (item for item in expectations if item.arguments.get("column") == "licence")
    given_by_sources = {topics.LICENCE, citation_fields.LICENCE, *(curated.licence for curated in SETS.values())}
    assert given_by_sources <= set(rule.arguments["value_set"]) == rule.meta.model_extra["allows"].keys()


@pytest.mark.parametrize("text", ["My SSN is 536-22-8157.", "MRN: 00482913", "write to ruth.calder@example.com"])
def test_the_real_redactor_finds_what_points_to_one_person(tmp_path: Path, text: str) -> None:
    row = document(99, source="meddialog", sections=[{"heading": "Question", "text": text}])
    result = Wiring(Settings(home=tmp_path)).validator.validate([*GOOD, row], "documents", "d")
    assert list(result.rejected) == [8]
    assert "points to one of them" in result.rejected[8][0]
    assert text not in "".join(result.rejected[8])


def test_a_new_field_is_remarked_on_and_stops_nothing(validator: GxValidator) -> None:
    result = validator.validate([row | {"novelty": SECRET} for row in GOOD], "documents", "d")
    assert (result.accepted, result.rejected) == (True, {})
    assert "nothing here knows" in result.remarks[0]
    assert SECRET not in Path(result.report).read_text(encoding="utf-8")


def test_published_articles_are_not_searched_for_persons(validator: GxValidator) -> None:
    row = document(99, sections=[{"heading": "h", "text": "Correspondence: ruth.calder@example.com"}])
    assert validator.validate([*GOOD, row], "documents", "d").rejected == {}


def test_the_other_suites_pass_good_rows(validator: GxValidator) -> None:
    refusal = example(document_ids=[], source="safety", slot="")
    for suite, rows in (("examples", [example(), refusal]), ("pairs", [pair()]), ("feedback", [feedback()])):
        result = validator.validate(rows, suite, "good")
        assert (result.accepted, result.rejected) == (True, {}), suite


BAD_ROWS: dict[str, list[tuple[dict[str, Any], str]]] = {
    "examples": [
        (example(document_ids=[]), "names no document"),
        (example(answer=" ", slot=""), "answer is blank"),
        (example(slot="Bacella"), "decide whether"),
        (example(question="?"), "question is blank"),
        (example(answer="Virella\ufffd."), "damaged"),
    ],
    "pairs": [
        (pair(91, chosen="Rest. ", rejected="Rest."), "Both answers are the same"),
        (pair(92, identity=" "), "who gave it"),
        (pair(93, rejected=" "), "other answer is blank"),
        (pair(94, answer_id=""), "which answer"),
    ],
    "feedback": [
        (feedback(91, rating="sideways"), "rating"),
        (feedback(92, identity=""), "who gave it"),
        (feedback(93, correction="x" * 5000), "correction is too long"),
        (feedback(94, version=""), "which version"),
    ],
}


@pytest.mark.parametrize("suite", sorted(BAD_ROWS))
def test_bad_rows_of_the_other_suites_are_quarantined(validator: GxValidator, suite: str) -> None:
    good_row = {"examples": lambda n: example(), "pairs": pair, "feedback": feedback}[suite]
    good = [good_row(number) for number in range(100)]
    result = validator.validate([*good, *(row for row, _ in BAD_ROWS[suite])], suite, "mixed")
    assert result.accepted
    assert list(result.rejected) == [100 + number for number in range(len(BAD_ROWS[suite]))]
    for (_, reason), notes in zip(BAD_ROWS[suite], result.rejected.values(), strict=True):
        assert any(reason in note for note in notes)


@pytest.mark.parametrize("file", sorted(SUITES.glob("*.json")), ids=lambda file: file.stem)
def test_every_expectation_says_its_scope_and_what_it_means(validator: GxValidator, file: Path) -> None:
    suite = validator.suite(file.stem)
    assert suite.name == file.stem
    assert suite.expectations
    assert all(item.notes[0].endswith(".") for item in suite.expectations)


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "id": st.sampled_from(["pmid:1", "pmid:2", "x", ""]),
                "title": st.sampled_from(["", "A", "\ufffd"]),
                "published": st.sampled_from(["2026-01-01", "0199-01-01", "2090-01-01", "soon"]),
                "licence": st.just("none"),
                "status": st.sampled_from(["retracted", "deleted", "odd"]),
                "sections": st.just([]),
            },
        ),
        min_size=1,
        max_size=12,
    )
)
@hypothesis_settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_row_is_lost_each_is_accepted_or_quarantined_with_a_reason(
    validator: GxValidator, changes: list[dict[str, Any]]
) -> None:
    rows = [document(number, **change) for number, change in enumerate(changes, start=1)]
    result = validator.validate(rows, "documents", "law", WINDOW)
    assert set(result.rejected) <= set(range(len(rows)))
    assert all(result.rejected.values()), "no row is held back without a reason"
    for number, row in enumerate(rows):
        blameless = {**row, "id": f"pmid:{number + 1}"} == document(number + 1)
        assert not (
            blameless
            and row["id"] == f"pmid:{number + 1}"
            and number in result.rejected
            and all(other["id"] != row["id"] for other in rows[:number])
        )
