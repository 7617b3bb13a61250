"""MedQuAD's answers: lists and tables that were flattened, and titles that name no condition."""

from __future__ import annotations

import pytest

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
        "The Human Phenotype Ontology provides the following list of signs and symptoms for Moor flu:\n"
        "- Fever (90%)\n- Short stature (7.5%)\n- Tremor (3/8)\n- Ataxia"
    )


def test_items_that_only_two_blanks_part_are_a_list_again() -> None:
    assert answer("Signs are\n       \n- fever  - a well-known rash  - pain") == (
        "Signs are\n- fever\n- a well-known rash\n- pain"
    )
    assert answer("Risks include - Smoking  - Obesity") == "Risks include\n- Smoking\n- Obesity"


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
        ("Prevent diabetes problems: Keep your eyes healthy", ""),
        ("Your Diabetes Care Records", ""),
        ("Viral Hepatitis: A through E and Beyond", "Viral Hepatitis: A through E and Beyond"),
        ("Takayasu arteritis", "Takayasu arteritis"),
    ],
)
def test_the_title_of_a_leaflet_is_no_condition(title: str, about: str) -> None:
    assert condition(title) == about
