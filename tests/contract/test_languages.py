"""Language identification: English, French and Spanish, and texts without letters."""

from __future__ import annotations

import pytest

from medpipe.backends.languages import LangidLanguages
from medpipe.ports import Languages
from tests.fakes import StopwordLanguages

BOTH = pytest.mark.parametrize("languages", [LangidLanguages(), StopwordLanguages()], ids=["langid", "stopwords"])


@BOTH
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Glaucoma is a group of diseases that damage the optic nerve and are treated with drops.", "en"),
        ("Le glaucome est une maladie qui abîme le nerf optique et que les gouttes soignent.", "fr"),
        ("El glaucoma es una enfermedad que daña el nervio óptico y se trata con gotas.", "es"),
    ],
)
def test_the_language_of_a_sentence_is_identified(languages: Languages, text: str, language: str) -> None:
    guessed, confidence = languages.guess(text)
    assert guessed == language
    assert 0.5 < confidence <= 1


@BOTH
@pytest.mark.parametrize("text", ["", " \n", "12, 24 (36) %"])
def test_a_text_without_letters_has_no_language(languages: Languages, text: str) -> None:
    assert languages.guess(text) == ("", 0.0)


def test_a_short_text_is_a_guess_of_little_confidence() -> None:
    assert LangidLanguages().guess("Yes")[1] < 0.5
