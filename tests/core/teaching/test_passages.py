"""Passages: what of a text is an answer, and how much of it fits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.teaching.passages import answering, cut, sentences

LIST = "Moor flu may cause\n- fever\n- a rash\n- headache\nSee a doctor."


def test_a_list_that_fits_is_said_in_a_row_after_its_lead_in() -> None:
    assert cut(LIST, 99) == "Moor flu may cause: fever; a rash; headache. See a doctor."


def test_a_list_that_does_not_fit_keeps_its_lead_in_and_says_that_there_is_more() -> None:
    assert cut(LIST, 40) == "Moor flu may cause: fever; a rash; etc."


def test_a_lead_in_of_which_no_item_fits_is_no_answer() -> None:
    assert cut(LIST, 25) == ""
    assert cut(f"It is a fever. {LIST}", 42) == "It is a fever."


@pytest.mark.parametrize(
    "text",
    [
        "The following tests may be used.",
        "Doctors look for the following signs:",
        "Skin biopsy findings are outlined below.",
        "Los síntomas son los siguientes:",
        "Les signes sont les suivants.",
        "What causes it? Who is at risk?",
    ],
)
def test_an_announcement_without_what_it_announces_is_no_answer(text: str) -> None:
    assert cut(text, 99) == ""
    assert cut(f"It is a fever. {text}", 99) == "It is a fever."


def test_a_sentence_about_what_happens_after_surgery_announces_nothing() -> None:
    assert cut("Most people go home the day following surgery.", 99) == "Most people go home the day following surgery."


def test_items_with_a_name_are_named_when_more_of_them_fit_so() -> None:
    text = "It is found by these tests:\n1. Blood test. It counts cells and takes a day.\n2. X-ray. It shows bones."
    assert cut(text, 60) == "It is found by these tests: Blood test; X-ray."


def test_markdown_of_a_list_is_not_said() -> None:
    assert cut("It does this:\n1. **Rest:** Sleep.\n2. **Drink:** Water.", 30) == "It does this: Rest; Drink."


def test_lines_without_a_mark_after_a_colon_are_items_and_the_next_heading_is_not() -> None:
    text = "The goals include:\nReducing pain\nTreating the cause\nSpecific Types of Treatment\nRest is best."
    assert cut(text, 199) == (
        "The goals include: Reducing pain; Treating the cause. Specific Types of Treatment. Rest is best."
    )


def test_a_heading_is_not_said_without_the_sentence_that_it_heads() -> None:
    text = "Germs cause it.\nAutoimmune Disorders\nThe body attacks its own cells and organs."
    assert cut(text, 40) == "Germs cause it."
    assert cut(text, 99).endswith("Autoimmune Disorders. The body attacks its own cells and organs.")


def test_sentences_under_each_other_are_sentences() -> None:
    assert cut("Key Points\n- It is a fever.\n- It is rare.", 20) == "It is a fever."


def test_sentences_that_only_name_pages_are_left_out() -> None:
    text = "Click here. It is inherited. To learn more, ask us. Results are found on the agency's web site."
    assert cut(text, 199) == "It is inherited."
    assert not list(answering("These resources address the diagnosis of moor flu:\n- Registry: Moor flu"))


def test_what_only_speaks_of_the_page_is_no_answer() -> None:
    text = (
        "It is rare. On this page, you'll find links to more. If you are a teenager, this page is for you! "
        "Patients and consumers with specific questions about a genetic test should contact a genetics professional."
    )
    assert cut(text, 400) == "It is rare."


def test_addresses_are_left_out() -> None:
    assert cut("Air was bad. https://doi.org/10.1289/EHP4883.", 99) == "Air was bad."
    assert cut("It helps (see www.example.org/a). It is cheap.", 99) == "It helps. It is cheap."


def test_a_number_that_counts_ends_no_sentence() -> None:
    assert sentences("It needs either: 1. Fever and rash. It is rare.") == [
        "It needs either: 1. Fever and rash.",
        "It is rare.",
    ]


def test_the_limit_is_in_the_unit_of_the_caller() -> None:
    assert cut("It helps. It is cheap. It is old.", 5, lambda text: len(text.split())) == "It helps. It is cheap."


@given(st.text(alphabet=st.sampled_from("ab. :;\n-1?A")), st.integers(1, 40))
def test_nothing_is_longer_than_the_limit_and_all_is_on_one_line(text: str, limit: int) -> None:
    said = cut(text, limit)
    assert len(said) <= limit
    assert "\n" not in said


def test_paragraphs_and_their_lists_stay_in_an_answer_of_paragraphs() -> None:
    text = f"It is a fever. It is rare.\n{LIST}\nThere are steps:\n1) **Rest.** Sleep.\n2) Drink"
    assert cut(text, 999, answers="paragraphs") == (
        "It is a fever. It is rare.\n\nMoor flu may cause:\n- fever\n- a rash\n- headache\n\nSee a doctor.\n\n"
        "There are steps:\n1. Rest. Sleep.\n2. Drink"
    )


def test_a_cut_list_of_markdown_keeps_its_lead_in_and_says_that_there_is_more() -> None:
    assert cut(LIST, 45, answers="paragraphs") == "Moor flu may cause:\n- fever\n- a rash\n- etc."
    numbered = "It is found by these tests:\n1. Blood test. It counts cells and takes a day.\n2. X-ray.\n3. Biopsy."
    assert cut(numbered, 60, answers="paragraphs") == (
        "It is found by these tests:\n1. Blood test\n2. X-ray\n3. Biopsy"
    ), "named, since more of them fit so"
    assert cut(numbered, 58, answers="paragraphs").endswith("\n2. X-ray\n3. etc.")
    assert cut(LIST, 25, answers="paragraphs") == ""


def test_sentences_that_are_items_stay_items_and_the_paragraph_after_them_is_one() -> None:
    text = "Key Points\n- It is a fever.\n- It is rare.\nClick here. Rest helps."
    assert cut(text, 99, answers="paragraphs") == "- It is a fever.\n- It is rare.\n\nRest helps."


@given(st.text(alphabet=st.sampled_from("ab. :;\n-1?A")), st.integers(1, 40))
def test_both_forms_say_the_same_words_of_a_text_that_fits(text: str, limit: int) -> None:
    assert len(cut(text, limit, answers="paragraphs")) <= limit
    words = [re.sub(r"[\W\d]", "", cut(text, 999, answers=form)) for form in ("one line", "paragraphs")]
    assert words[0] == words[1]
