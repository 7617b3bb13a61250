"""How texts are compared: what counts as the same, for which purpose, and that it never changes."""

from __future__ import annotations

from unicodedata import category, normalize

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medpipe.core import word_hashes
from medpipe.core.text import contains, folded, normalise, one_line, stable_share, token_f1, words


def test_words_fold_case_and_compatibility_forms_and_drop_punctuation() -> None:
    assert words("What causes  Velorin-fever (VF²)? 5 mg_a") == [
        "what",
        "causes",
        "velorin",
        "fever",
        "vf2",
        "5",
        "mg",
        "a",
    ]
    assert words("Straße") == ["strasse"]
    assert words("?! …") == []


def test_two_questions_are_the_same_whatever_their_punctuation_and_case() -> None:
    assert normalise("What causes  X ?") == normalise("what CAUSES “X”?") == "what causes x"
    assert normalise("What causes X?") != normalise("What cures X?")


def test_a_folded_text_keeps_its_punctuation_and_loses_case_and_spacing() -> None:
    assert folded("  Take 0.5 mg,\n Twice ") == "take 0.5 mg, twice"
    assert folded("0.5 mg") != folded("0,5 mg")
    assert normalise("0.5 mg") == normalise("0,5 mg"), "which is why pairs are not compared by normalise"


def test_the_two_kinds_of_words_differ_in_combining_marks() -> None:
    hindi = "हिन्दी"
    assert word_hashes.split(hindi) == [hindi]
    assert words(hindi) == ["ह", "न", "द"]


@given(st.text(st.characters(exclude_categories=["M", "Cs"])))
def test_the_two_kinds_of_words_agree_on_every_text_without_combining_marks(text: str) -> None:
    # NFKC and case folding may themselves bring combining marks into the text.
    assume(not any(category(character).startswith("M") for character in normalize("NFKC", text).casefold()))
    assert words(text) == word_hashes.split(text)


def test_one_line_has_single_spaces_and_none_at_its_ends() -> None:
    assert one_line(" a\n\n b\tc ") == "a b c"
    blanks = [chr(number) for number in range(0x3001) if chr(number).isspace()]
    assert [one_line(f"a{blank}b{blank}") for blank in blanks] == ["a b"] * len(blanks)
    assert one_line("a\u200bb") == "a\u200bb", "what has no width is no blank"


@pytest.mark.parametrize(
    ("text", "purpose", "share"),
    [
        ("pmid:1", "held-out", 0.4162386600101087),
        ("pmid:1", "unseen", 0.3597016893111693),
        ("what causes illness 1?", "", 0.37876096427980954),
    ],
)
def test_shares_are_those_of_every_other_machine_and_version(text: str, purpose: str, share: float) -> None:
    # Held-out questions and clusters are on record: another hash would teach what was held out.
    assert stable_share(text, purpose) == share


def test_shares_of_different_purposes_are_independent_and_fill_the_range() -> None:
    names = [f"pmid:{number}" for number in range(2000)]
    first, second = ([stable_share(name, purpose) for name in names] for purpose in ("held-out", "unseen"))
    assert all(0 <= share < 1 for share in first)
    assert sum(share < 0.3 for share in first) == pytest.approx(600, abs=60)
    assert sum(one < 0.5 and other < 0.5 for one, other in zip(first, second, strict=True)) == pytest.approx(
        500, abs=60
    )


def test_a_part_is_contained_as_whole_words_in_a_row() -> None:
    assert contains("It is a purple rash.", "Purple rash")
    assert not contains("It is a purple rash.", "purple ras")
    assert not contains("It is a purple, itchy rash.", "purple rash")
    assert not contains("It is a rash.", "?")


def test_token_f1_is_the_harmonic_mean_of_precision_and_recall_over_repeated_words() -> None:
    assert token_f1("rest and rest", "Rest, rest!") == pytest.approx(2 * (2 / 3) * 1 / (2 / 3 + 1))
    assert token_f1("rest", "rest") == 1.0
    assert token_f1("rest", "sleep") == token_f1("", "") == 0.0
