"""A choice among texts: every spelling in tokens counts, nothing else may be written, and only a whole text ends."""

from __future__ import annotations

import pytest

from medpipe.core.choosing import Choice, longest
from medpipe.errors import ConfigError

END = 0
TOKENS = {b" yes": 1, b" y": 2, b"es": 3, b" no": 4, b"t sure": 5, b"s": 6, b"e": 7, b"\xc3": 8, b"\xa9": 9}


def choice(*texts: str) -> Choice:
    return Choice(texts, TOKENS.get, END)


def test_only_tokens_that_go_on_with_a_text_may_follow_in_any_spelling() -> None:
    yes_or_no = choice(" yes", " no")
    assert sorted(yes_or_no.allowed([])) == [1, 2, 4]
    assert sorted(yes_or_no.allowed([2])) == [3, 7]
    assert yes_or_no.allowed([2, 7]) == [6]
    assert yes_or_no.chosen([2, 7, 6, END]) == yes_or_no.chosen([1, END, END]) == yes_or_no.chosen([1]) == " yes"


def test_a_whole_text_ends_unless_the_model_goes_on_with_a_longer_one() -> None:
    assert choice(" yes", " no").allowed([1]) == [END]
    assert sorted(choice(" not sure", " no").allowed([4])) == [END, 5]
    assert choice(" not sure", " no").allowed([4, END]) == [END], "a row that has ended waits for the others"


def test_a_letter_of_two_bytes_may_be_two_tokens() -> None:
    assert choice("é", "s").allowed([8]) == [9]
    assert choice("é", "s").chosen([8, 9, END]) == "é"
    assert longest(["é", "s"]) == 3


def test_a_text_that_the_tokenizer_cannot_write_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot write the choices"):
        choice(" perhaps").allowed([])
