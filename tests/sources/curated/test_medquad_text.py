"""MedQuAD's answers: lists and tables that were flattened, and titles that name no condition."""

from __future__ import annotations

import pytest

from medpipe.sources.curated.medquad_questions import asked
from medpipe.sources.curated.medquad_text import answer, condition

TABLE = (
    "What are the signs and symptoms of Moor flu 22q1.2? The Human Phenotype Ontology provides the following list of "
    "signs and symptoms for Moor flu. If the information is available, the table below includes how often the symptom "
    "is seen in people with this condition. You can use the MedlinePlus Medical Dictionary to look up the definitions "
    "for these medical terms. Signs and Symptoms Approximate number of patients (when available) Fever 90% Short "
    "stature 7.5% Tremor 3/8 Autosomal recessive inheritance - Ataxia - The Human Phenotype Ontology (HPO) has "
    "collected information. In these cases, the sign or symptom may be rare or common."
)


def test_the_table_of_signs_becomes_a_list_without_how_it_is_inherited() -> None:
    assert answer(TABLE) == (
        "Signs and symptoms of Moor flu (with the share of patients):\n"
        "- Fever (90%)\n- Short stature (7.5%)\n- Tremor (3/8)\n- Ataxia"
    )


def test_items_that_only_two_blanks_part_are_a_list_again() -> None:
    assert answer("Signs are\n       \n- fever  - a well-known rash  - pain") == (
        "Signs are\n- fever\n- a well-known rash\n- pain"
    )
    assert answer("Risks include - Smoking  - Obesity") == "Risks include\n- Smoking\n- Obesity"


def test_a_table_without_shares_speaks_of_none() -> None:
    without_shares = TABLE.replace("Fever 90% Short stature 7.5% Tremor 3/8 ", "Tremor - ")
    assert answer(without_shares) == "Signs and symptoms of Moor flu:\n- Tremor\n- Ataxia"


def test_a_table_of_one_sign_says_too_little() -> None:
    assert answer(TABLE.replace("Fever 90% Short stature 7.5% Tremor 3/8 ", "")) == ""


def test_an_item_keeps_what_explains_it_behind_a_dash() -> None:
    assert answer("Two of them are       -  Pinkeye - a redness. It spreads.     - Stye - a bump.") == (
        "Two of them are\n- Pinkeye - a redness. It spreads.\n- Stye - a bump."
    )
    assert answer("It grows - most of all at the end. It may have       - Fever    - Pain") == (
        "It grows - most of all at the end. It may have\n- Fever\n- Pain"
    )


def test_the_last_item_ends_before_the_next_paragraph() -> None:
    assert answer("You may have       - A fever    - Fatigue       Moor flu is hard to find.") == (
        "You may have\n- A fever\n- Fatigue\nMoor flu is hard to find."
    )


def test_the_mark_of_a_glossary_is_left_out() -> None:
    assert answer("Hepatitis* B is a virus*. Take 2 * 3 **now**.") == "Hepatitis B is a virus. Take 2 * 3 **now**."


@pytest.mark.parametrize(
    ("heading", "text", "question"),
    [
        ("What causes Moor flu?", "A virus.", "What causes Moor flu?"),
        ("What research (or clinical trials) is being done for Moor flu ?", "We support it.", ""),
        (
            "What to do for Moor flu ?",
            "Diet plays no role.",
            "What should people with Moor flu know about eating, diet, and nutrition?",
        ),
        ("What to do for Moor flu?", "- Moor flu is a fever. - Drink.", ""),
        ("What to do for Moor flu?", "Rest in bed.", ""),
    ],
)
def test_a_question_asks_what_its_answer_answers(heading: str, text: str, question: str) -> None:
    assert asked(heading, text) == question


def test_a_dash_within_a_sentence_starts_no_item() -> None:
    text = "Most people can - and do - work."
    assert answer(text) == text


def test_a_footnotes_number_is_left_out_and_a_decimal_is_not() -> None:
    assert answer("It affects children every year.1 About 5.3 percent are ill.2,3") == (
        "It affects children every year. About 5.3 percent are ill."
    )


@pytest.mark.parametrize(
    ("title", "about"),
    [
        ("What I need to know about Hepatitis B", "Hepatitis B"),
        ("What I need to know about Kidney Failure and How Its Treated", "Kidney Failure"),
        ("What I need to know about My Child's Urinary Tract Infection", "Urinary Tract Infection in Children"),
        ("Prevent diabetes problems: Keep your eyes healthy", ""),
        ("Your Diabetes Care Records", ""),
        ("Teens' Page", ""),
        ("Viral Hepatitis: A through E and Beyond", "Viral Hepatitis: A through E and Beyond"),
        ("Takayasu arteritis", "Takayasu arteritis"),
        ("Parasites - Loiasis", "Loiasis"),
        ("Parasites - Toxocariasis (also known as Roundworm Infection)", "Toxocariasis"),
    ],
)
def test_the_title_of_a_leaflet_is_no_condition(title: str, about: str) -> None:
    assert condition(title) == about
