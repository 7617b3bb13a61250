"""Decontamination: what repeats a benchmark is found, what does not is left alone, and both are counted."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medpipe.core import word_hashes
from medpipe.core.teaching.decontamination import NEAR_DUPLICATE, SHARED_RUN, WHOLE_TEXT, Hit, overlaps, twins
from tests.fakes import PairwiseDuplicates

QUESTION = "Which drug lowers the pressure in the eye of a person who has glaucoma and asthma"
"""16 words."""
SHORT = "Does aspirin prevent a second stroke in older people"
"""9 words."""
BENCHMARKS = {"pubmedqa": [QUESTION, SHORT, "Yes"], "medqa": ["Timolol"]}

WORDS = st.lists(st.sampled_from("a b c".split()), max_size=20)


def test_a_text_that_quotes_thirteen_words_is_found() -> None:
    text = f"We asked: {' '.join(QUESTION.upper().split()[:13])}? Nobody knew."
    assert overlaps([text], BENCHMARKS) == [Hit(0, "pubmedqa", SHARED_RUN, 0)]


def test_twelve_words_of_a_longer_text_are_no_overlap() -> None:
    assert overlaps([" ".join(QUESTION.split()[:12])], BENCHMARKS) == []


def test_a_text_of_eight_to_twelve_words_is_found_whole() -> None:
    assert overlaps([f"A trial. {SHORT}? It does."], BENCHMARKS) == [Hit(0, "pubmedqa", SHARED_RUN, 1)]
    assert overlaps([" ".join(SHORT.split()[:8])], BENCHMARKS) == []


def test_a_still_shorter_text_counts_only_as_the_whole() -> None:
    assert overlaps(["Yes", "yes!", "Yes, it does", "timolol."], BENCHMARKS) == [
        Hit(0, "pubmedqa", WHOLE_TEXT, 2),
        Hit(1, "pubmedqa", WHOLE_TEXT, 2),
        Hit(3, "medqa", WHOLE_TEXT, 0),
    ]


def test_runs_do_not_cross_from_one_text_to_the_next() -> None:
    half = QUESTION.split()
    assert overlaps([" ".join(half[:8]), " ".join(half[8:])], BENCHMARKS) == []


def test_a_text_found_in_two_benchmarks_is_reported_for_both() -> None:
    shared = {"one": ["other", QUESTION], "two": [QUESTION]}
    assert overlaps([QUESTION], shared) == [Hit(0, "one", WHOLE_TEXT, 1), Hit(0, "two", WHOLE_TEXT, 0)]


def test_texts_and_benchmarks_without_words_match_nothing() -> None:
    assert overlaps(["", "?!"], {"empty": ["", "…"], "none": []}) == []
    assert overlaps([], BENCHMARKS) == overlaps(["Yes"], {}) == []


@given(text=WORDS, others=st.lists(WORDS, max_size=3), start=st.integers(0, 10), chosen=st.data())
def test_no_planted_overlap_is_missed(
    text: list[str], others: list[list[str]], start: int, chosen: st.DataObject
) -> None:
    run = chosen.draw(st.lists(st.sampled_from("a b c".split()), min_size=13, max_size=13))
    planted = " ".join(text[:start] + run + text[start:])
    benchmark = [" ".join(words) for words in others] + [" ".join(run + text)]
    assert [hit.text for hit in overlaps([" ".join(text[:2]), planted], {"b": benchmark}) if hit.text == 1] == [1]


@given(texts=st.lists(WORDS.map(" ".join), max_size=6), items=st.lists(WORDS.map(" ".join), max_size=6))
def test_what_is_found_is_what_comparing_everything_finds(texts: list[str], items: list[str]) -> None:
    assert {hit.text for hit in overlaps(texts, {"b": items})} == _plainly(texts, items)


@given(texts=st.lists(WORDS.map(" ".join), max_size=6), items=st.lists(WORDS.map(" ".join), max_size=6))
@settings(max_examples=50)
def test_hashes_that_collide_find_nothing_false(texts: list[str], items: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_hashes, "_mixed", lambda values: values & word_hashes.np.uint64(0xF000000000000000))
        word_hashes._of_characters.cache_clear()
        found = {hit.text for hit in overlaps(texts, {"b": items})}
    word_hashes._of_characters.cache_clear()
    assert found <= _plainly(texts, items)


def _plainly(texts: list[str], items: list[str]) -> set[int]:
    found = set()
    for number, text in enumerate(texts):
        mine = text.split()
        for item in map(str.split, items):
            length = min(13, len(item))
            runs = {tuple(item[place : place + length]) for place in range(len(item) - length + 1)}
            shared = length >= 8 and any(tuple(mine[place : place + length]) in runs for place in range(len(mine)))
            if item and (mine == item or shared):
                found.add(number)
    return found


def test_many_blocks_find_what_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = random.Random(5)
    texts = [" ".join(chosen.choices("abcdefgh", k=12)) for _ in range(200)]
    texts[17] += f" {QUESTION}"
    texts[111] = f"{SHORT} {texts[111]}"
    whole = overlaps(texts, BENCHMARKS)
    monkeypatch.setattr(word_hashes, "BLOCK_CHARACTERS", 100)
    assert overlaps(texts, BENCHMARKS) == whole
    assert [hit.text for hit in whole] == [17, 111]


def test_near_twins_of_a_benchmark_are_found_with_their_twins() -> None:
    edited = QUESTION.replace("Which", "What")
    again = edited.replace("asthma", "gout")
    found = twins(["Rest.", edited, again], BENCHMARKS, PairwiseDuplicates().clusters, threshold=0.8)
    assert found == [Hit(1, "pubmedqa", NEAR_DUPLICATE, 0), Hit(2, "pubmedqa", NEAR_DUPLICATE, 0)]
    assert twins([], BENCHMARKS, PairwiseDuplicates().clusters) == []
