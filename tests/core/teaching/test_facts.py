"""Facts: which questions a document answers, with which answers, and which words decide."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus.document import Document, Section
from medpipe.core.teaching.answers import claim, slot
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import decompose
from medpipe.core.teaching.passages import cut, sentences


def document(*sections: tuple[str, str], id: str = "mplus:1", title: str = "Velorin fever") -> Document:
    return Document(
        id=id,
        revision=1,
        source="x",
        title=title,
        published=date(2026, 3, 3),
        sections=tuple(Section(heading=heading, text=text) for heading, text in sections),
    )


def facts_of(source: Document, **data: object) -> list[tuple[str, str, str]]:
    """(question type, focus, answer) of each fact."""
    return [(fact.question_type, fact.focus, fact.answer) for fact in decompose(source, Data(**data))[0]]


def test_a_topic_yields_a_fact_for_each_heading() -> None:
    topic = document(
        ("What is Velorin fever?", "Velorin fever is a fever."),
        ("What causes it?", "A virus."),
        ("Treatment", "Rest."),
        ("See also", "Other pages."),
    )
    assert facts_of(topic) == [
        ("information", "Velorin fever", "Velorin fever is a fever."),
        ("causes", "Velorin fever", "A virus."),
        ("treatment", "Velorin fever", "Rest."),
    ]


def test_a_topic_without_headings_is_information_about_its_focus() -> None:
    (told,) = facts_of(document(("", "Fever of the kind Velorin is rare.")))
    assert told == ("information", "Velorin fever", "Fever of the kind Velorin is rare.")


def test_a_page_that_begins_with_something_else_is_asked_for_an_overview() -> None:
    page = document(("", "The spleen is an organ. Velorin fever harms it."), ("Causes", "A virus."))
    assert facts_of(page) == [
        ("overview", "Velorin fever", "The spleen is an organ. Velorin fever harms it."),
        ("causes", "Velorin fever", "A virus."),
    ]
    assert decompose(page, Data())[0][0].question == "What should I know about Velorin fever?"


def test_no_overview_is_asked_for_where_the_page_says_what_its_topic_is() -> None:
    organ, fever = "The spleen is an organ.", "Velorin fever is a fever."
    page = document(("What is Velorin fever?", organ), ("What is (are) Velorin fever?", fever))
    facts, dropped = decompose(page, Data())
    assert [(fact.question_type, fact.answer) for fact in facts] == [("information", fever)]
    assert dropped == {"asked twice in one document": 1}


def test_of_an_article_only_the_conclusion_on_its_own_question_is_facts_of() -> None:
    sections = (("METHODS", "We gave it."), ("TREATMENT", "Tablets."), ("CONCLUSIONS", "It helps."))
    asking = document(*sections, id="pmid:1", title="Does tazomib help?")
    assert facts_of(asking) == [("finding", "Does tazomib help?", "It helps.")]
    assert facts_of(document(*sections, id="pmid:1", title="Tazomib in adults")) == []


def test_a_curated_record_yields_a_fact_for_each_pair_and_repeats_are_counted() -> None:
    record = document(
        ("What is (are) A1C ?", "A1C is a test."),
        ("What is A1C?", "A1C is another."),
        ("Should I fast before it?", "No."),
        id="medquad:1",
        title="A1C",
    )
    facts, dropped = decompose(record, Data())
    assert [(fact.question_type, fact.answer) for fact in facts] == [
        ("information", "A1C is a test."),
        ("question", "No."),
    ]
    assert dropped == {"asked twice in one document": 1}


def test_an_answer_is_cut_at_a_sentence_end_and_dropped_when_no_sentence_fits() -> None:
    assert cut("It helps. It is cheap. It is old.", 25) == "It helps. It is cheap."
    facts, dropped = decompose(document(("Treatment", "Rest " * 50)), Data(max_answer_chars=40))
    assert (facts, dropped) == ([], {"answer blank, or no part of it fits": 1})


def test_a_reply_to_a_person_is_taught_whole_or_not_at_all() -> None:
    reply = "I am sorry to hear that. Your rash is common. See a doctor if it spreads."
    letter = document(("Is my rash bad?", reply), id="liveqa:1").model_copy(update={"source": "liveqa"})
    assert facts_of(letter, max_answer_chars=80) == [("question", "Is my rash bad?", reply)]
    assert facts_of(letter, max_answer_chars=60) == []


def test_a_limit_in_tokens_replaces_the_one_in_characters() -> None:
    def words(text: str) -> int:
        return len(text.split())

    page = document(
        ("Treatment", "Rest helps a great deal. It is cheap."), ("What is it?", "Velorin fever is a fever.")
    )
    facts, _ = decompose(page, Data(max_answer_tokens=6, max_answer_chars=900), words)
    assert [fact.answer for fact in facts] == ["Rest helps a great deal.", "Velorin fever is a fever."]
    assert decompose(page, Data(max_answer_chars=30), words)[0][0].answer == facts[0].answer
    assert decompose(page, Data(max_question_tokens=6), words)[1] == {"question too long": 1}


def test_lists_become_one_line() -> None:
    assert cut("Signs are:\n- fever\n- a rash\nSee Dr. No.", 99) == "Signs are: fever; a rash. See Dr. No."


def test_a_label_before_the_answer_is_left_out() -> None:
    assert cut("Summary : It is a test.", 99) == "It is a test."


def test_abbreviations_and_decimals_do_not_end_a_sentence() -> None:
    assert sentences("Dr. Smith gave 1.5 mg, e.g. A tablet. It helped.") == [
        "Dr. Smith gave 1.5 mg, e.g. A tablet.",
        "It helped.",
    ]


@pytest.mark.parametrize(
    ("focus", "answer", "expected"),
    [
        ("Velorin fever", "Velorin fever is treated with tazomib.", "tazomib"),
        ("Velorin fever", "The main symptom of Velorin fever is a purple rash.", "purple rash"),
        ("Does tazomib shorten velorin fever?", "Tazomib shortens velorin fever by blocking kinase.", "kinase"),
        ("Does tazomib shorten velorin fever?", "Tazomib did not shorten velorin fever.", ""),
        ("Velorin fever", "Velorin fever is treated with tazomib. It helps.", ""),
        ("Velorin fever", "Velorin fever affects 1 in 40,000 newborns.", "40,000 newborns"),
        ("Velorin fever", "Rest helps most.", ""),
        ("Velorin fever", "See your doctor " + "again and " * 20 + "tomorrow.", ""),
    ],
)
def test_the_slot_is_what_a_short_answer_adds_at_its_end(focus: str, answer: str, expected: str) -> None:
    assert slot(focus, answer) == expected


@given(st.text(), st.text(max_size=160))
def test_a_slot_is_always_a_part_of_its_answer(focus: str, answer: str) -> None:
    assert slot(focus, answer) in answer


def test_a_claim_without_a_slot_is_known_by_its_last_own_word() -> None:
    assert claim("Does tazomib cure velorin fever?", "Tazomib cures velorin fever.") == "cures"


def test_a_fact_has_the_same_id_when_its_answer_is_revised() -> None:
    first, second = (decompose(document(("Treatment", text)), Data())[0][0] for text in ("Rest.", "Sleep."))
    assert first.id == second.id
