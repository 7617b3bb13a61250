"""Each case of the folder beside the checkout ends where it should. A case that no test here knows fails.

Cases with records are read by their path. Those that describe a publisher over time are played by the sandbox's NLM:
`PLAYED` names their tests.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from medpipe import steps
from medpipe.core.corpus.bad_record import BadRecord
from medpipe.core.corpus.document import Document
from medpipe.settings import Settings
from medpipe.sources.pubmed.eutils_source import EutilsSource
from medpipe.wiring import Wiring
from tests.places import CASES, ROOT
from tests.steps.test_standing_cases import EVER, corpus_of, held, ports_over, taught


def titles_that_say_retracted_are_on_hold_and_teach_nothing(case: Path, home: Path) -> None:
    ports = ports_over(home, case)
    corpus = corpus_of(ports)
    assert len(held(ports, corpus)) == 6 and set(held(ports, corpus).values()) == {"on hold"}
    assert taught(ports, corpus)[0] == {}


def no_limitation_is_a_conclusion(case: Path, home: Path) -> None:
    ports = ports_over(home, case)
    corpus = corpus_of(ports)
    assert len(held(ports, corpus)) == 4
    assert taught(ports, corpus)[0] == {"pmid:90000022": "Swimming reduced back pain."}


def three_records_enter_and_the_one_without_a_date_is_quarantined(case: Path, home: Path) -> None:
    ports = ports_over(home, case)
    corpus = corpus_of(ports)
    assert held(ports, corpus) == {f"pmid:9000010{number}": "current" for number in range(3)}
    waiting = steps.quarantine(ports=ports).splitlines()
    assert len(waiting) == 1 and "pmid:90000031" in waiting[0] and "record 3" in waiting[0]


def a_blank_option_shifts_no_letter(case: Path, home: Path) -> None:
    (question,) = Wiring(Settings(home=home, curated=case)).source("medqa").pull(*EVER)
    assert isinstance(question, Document)
    assert (question.sections[0].choices, question.sections[0].text) == (("Fever", "", "Cough", "Gout"), "C. Cough")


def exponents_stay_and_reference_marks_go(case: Path, home: Path) -> None:
    ports = ports_over(home, case)
    (answer,) = taught(ports, corpus_of(ports))[0].values()
    assert "5 x 10^9 CFU" in answer and "in 2019, with 18F-FDG" in answer and "(n=5); HbA1c" in answer


def a_chapter_without_a_date_costs_itself(case: Path, home: Path) -> None:
    (chapter,) = EutilsSource(str(case), "tests@example.org", None, home).pull(*EVER)
    assert isinstance(chapter, BadRecord) and (chapter.id, chapter.reason) == ("pmid:90000051", "no date")


def the_published_article_teaches_and_not_its_preprint(case: Path, home: Path) -> None:
    ports = ports_over(home, case)
    assert taught(ports, corpus_of(ports))[0] == {"pmid:90000072": "Ordalin does not shorten colds."}


def errata_comments_protocols_and_animals_teach_nothing(case: Path, home: Path) -> None:
    ports = ports_over(home, case)
    corpus = corpus_of(ports)
    assert held(ports, corpus)["pmid:90000086"] == "superseded"
    assert taught(ports, corpus)[0] == {}


READ: dict[str, Callable[[Path, Path], None]] = {
    "01-title-says-retracted-without-link": titles_that_say_retracted_are_on_hold_and_teach_nothing,
    "03-limitation-is-the-answer": no_limitation_is_a_conclusion,
    "04-one-record-without-a-date": three_records_enter_and_the_one_without_a_date_is_quarantined,
    "09b-blank-option": a_blank_option_shifts_no_letter,
    "12-superscripts": exponents_stay_and_reference_marks_go,
    "14-book-chapter-without-date": a_chapter_without_a_date_costs_itself,
    "16-preprint-and-published": the_published_article_teaches_and_not_its_preprint,
    "17-erratum-comment-protocol-animal": errata_comments_protocols_and_animals_teach_nothing,
}
PLAYED = {
    "05-late-file-same-day": "steps/test_windows.py::"
    "test_a_file_that_is_posted_late_on_a_day_already_taken_is_taken_by_the_next_run",
    "06-source-down-three-days": "steps/test_windows.py::test_what_an_outage_of_several_runs_kept_away_is_caught_up",
    "18-new-baseline-in-december": "steps/test_windows.py::"
    "test_an_ordinary_run_does_not_load_a_new_baseline_and_an_ordered_one_outranks_nothing_newer",
    "25-notice-before-the-article": "steps/test_standing_cases.py::"
    "test_a_notice_holds_an_article_that_does_not_say_so_yet_whichever_comes_first",
    "27-one-source-down": "dags/test_catching_up.py::"
    "test_medlineplus_enters_while_pubmed_is_down_and_pubmed_follows_in_the_same_run",
}


@pytest.fixture
def cases() -> Path:
    if not CASES.is_dir():
        pytest.skip("no cases beside the checkout")
    return CASES


@pytest.mark.parametrize("case", READ)
def test_a_case_with_records_ends_where_it_should(case: str, cases: Path, tmp_path: Path) -> None:
    READ[case](cases / case, tmp_path)


def test_every_case_has_a_test(cases: Path) -> None:
    assert sorted(folder.name for folder in cases.iterdir() if folder.is_dir()) == sorted([*READ, *PLAYED])


@pytest.mark.parametrize("case", PLAYED)
def test_a_case_about_a_publisher_is_played_by_a_test_that_exists(case: str) -> None:
    file, _, name = PLAYED[case].partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
