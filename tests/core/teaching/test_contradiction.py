"""Corrections are compared with what current documents say."""

from __future__ import annotations

from datetime import date

import pytest

from medpipe.core.corpus.document import Document, Section
from medpipe.core.teaching import contradiction, facts
from medpipe.core.teaching.contradiction import Known, contradicted, known
from medpipe.core.teaching.data import Data
from medpipe.core.text import normalise
from tests.policies import FEEDBACK

TREATMENT = "Draxon fever is treated with tazomib."
LONG = (
    "Draxon fever usually passes without treatment. Rest, fluids and paracetamol relieve the pain. "
    "People with a weak immune system may need antiviral infusions in a hospital. Call a clinic when it lasts."
)


def page(
    id: str = "mplus:1", text: str = TREATMENT, heading: str = "What are the treatments for Draxon fever?"
) -> Document:
    return Document(
        id=id,
        revision=20260303,
        source="medlineplus",
        title="Draxon fever",
        focus="Draxon fever",
        published=date(2026, 3, 3),
        sections=(Section(heading=heading, text=text),),
    )


def about(question: str, *pages: Document) -> Known:
    told = [
        fact for document in pages or (page(),) for fact in facts.decompose(document, Data(max_answer_chars=900))[0]
    ]
    return known(told, [question]).get(normalise(question), Known())


ACCEPTED = FEEDBACK.accepted_additions
TAUGHT, HELD_OUT, OTHER = (
    "What are the treatments for Draxon fever?",
    "What can be done to treat Draxon fever?",
    "My aunt has draxon fever, which drug is the best one?",
)


def test_a_question_finds_its_fact_in_every_phrasing_and_its_condition_in_any_other() -> None:
    assert [bool(about(question).exact) for question in (TAUGHT, HELD_OUT, OTHER)] == [True, True, False]
    assert about(OTHER).near
    assert about("What helps against a cold?") == Known()
    assert contradiction.documents(about(OTHER)) == (("mplus:1",), (20260303,))


@pytest.mark.parametrize("question", [TAUGHT, HELD_OUT, OTHER])
@pytest.mark.parametrize("answer", [TREATMENT, "Draxon fever is treated with nonsense."])
def test_another_drug_contradicts_in_every_phrasing_whatever_was_answered(question: str, answer: str) -> None:
    fact = contradicted(question, answer, "Draxon fever is treated with poisonib.", about(question))
    assert fact is not None and fact.document.id == "mplus:1"


@pytest.mark.parametrize(
    "correction",
    [
        "Draxon fever is treated with poisonib, not tazomib.",
        "Draxon fever is not treated with tazomib.",
        "Draxon fever is treated with tazomib and poisonib.",
        "Take poisonib.",
        f"{TREATMENT} That is outdated. Take poisonib instead.",
    ],
)
@pytest.mark.parametrize("question", [HELD_OUT, OTHER])
def test_a_denial_or_an_addition_contradicts(question: str, correction: str) -> None:
    assert contradicted(question, TREATMENT, correction, about(question), ACCEPTED)


@pytest.mark.parametrize(
    "question",
    [
        "What can be done to treat Draxon fever, poisonib?",
        "Is Draxon fever treated with poisonib or not with tazomib?",
        "Does poisonib treat Draxon fever?",
    ],
)
@pytest.mark.parametrize("answer", [TREATMENT, "Draxon fever is treated with poisonib.", "Nobody knows."])
@pytest.mark.parametrize(
    "correction",
    [
        "Draxon fever is treated with poisonib and tazomib.",
        "Draxon fever is treated with poisonib, not tazomib.",
        "Poisonib.",
        "Poisonib treat Draxon fever.",
    ],
)
def test_a_drug_that_the_asker_put_into_the_question_contradicts(question: str, answer: str, correction: str) -> None:
    assert contradicted(question, answer, correction, about(question), ACCEPTED)
    assert contradicted(question, answer, f"{TREATMENT} {ACCEPTED[0]}", about(question), ACCEPTED) is None


def test_a_condition_of_several_facts_may_be_corrected_to_any_of_them_and_to_no_mixture() -> None:
    cause = page("mplus:2", "Draxon fever is caused by zumella.", "What causes Draxon fever?")
    both = about(OTHER, page(), cause)
    assert contradicted(OTHER, "Dust.", f"{TREATMENT} Draxon fever is caused by zumella.", both) is None
    assert contradicted(OTHER, "Dust.", "Draxon fever is caused by tazomib.", both)
    assert contradicted(OTHER, "Dust.", "Draxon fever is treated with zumella and tazomib.", both)


@pytest.mark.parametrize("question", [HELD_OUT, OTHER])
def test_advice_alone_does_not_say_what_the_document_says(question: str) -> None:
    assert contradicted(question, TREATMENT, ACCEPTED[0], about(question), ACCEPTED)


@pytest.mark.parametrize(
    "correction", [TREATMENT, "Tazomib.", f"{TREATMENT} Ask your care team before you act on this."]
)
def test_what_agrees_with_the_document_does_not_wait(correction: str) -> None:
    assert contradicted(HELD_OUT, "Draxon fever is treated with dust.", correction, about(HELD_OUT), ACCEPTED) is None


def test_agreeing_with_one_of_two_documents_is_enough() -> None:
    two = about(TAUGHT, page(), page("mplus:2", "Draxon fever is treated with oxadrine."))
    assert contradicted(TAUGHT, TREATMENT, "Draxon fever is treated with oxadrine.", two) is None
    assert contradicted(TAUGHT, TREATMENT, "Draxon fever is treated with poisonib.", two)


@pytest.mark.parametrize(
    ("correction", "waits"),
    [
        (LONG.replace("paracetamol", "poisonib"), True),
        ("Only poisonib helps.", True),
        (f"{LONG} Ask your care team before you act on this.", False),
        (LONG.partition(". ")[0] + ".", False),
    ],
)
def test_a_long_answer_may_be_shortened_or_extended_but_its_words_not_be_replaced(correction: str, waits: bool) -> None:
    assert bool(contradicted(TAUGHT, LONG, correction, about(TAUGHT, page(text=LONG)), ACCEPTED)) == waits
