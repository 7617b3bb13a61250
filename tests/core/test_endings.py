"""Words without their endings: each of the two rules joins and keeps apart what its reader needs."""

from __future__ import annotations

import pytest

from medpipe.core.endings import root, roots, stem


@pytest.mark.parametrize(
    "words",
    ["eases eased easing ease easy", "losses loss loses losing", "itchy itching", "therapy therapies", "glass glasses"],
)
def test_the_inflections_of_a_key_word_have_one_root(words: str) -> None:
    assert len({root(word) for word in words.split()}) == 1


@pytest.mark.parametrize("words", ["treated treatment treats", "stop stopped stopping", "sévère severe", "slow slowly"])
def test_the_forms_in_which_people_write_a_word_have_one_stem(words: str) -> None:
    assert len({stem(word) for word in words.split()}) == 1


@pytest.mark.parametrize("words", ["shoulder should", "liver live", "number numb"])
def test_a_root_keeps_words_apart_that_share_a_stem(words: str) -> None:
    one, other = words.split()
    assert root(one) != root(other) and stem(one) == stem(other)


@pytest.mark.parametrize("words", ["party part", "factory factors", "ready read"])
def test_a_stem_keeps_words_apart_that_share_a_root(words: str) -> None:
    one, other = words.split()
    assert stem(one) != stem(other) and root(one) == root(other)


@pytest.mark.parametrize("word", ["", "a", "is", "ing", "x9", "2ing"])
def test_what_is_too_short_or_no_word_stays(word: str) -> None:
    assert root(word) == stem(word) == word


def test_the_roots_of_a_text_are_without_its_stop_words() -> None:
    assert roots("The patient was treated; las medicinas") == {"treat", "medicina"}
