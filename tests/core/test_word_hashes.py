"""Word hashes are equal exactly where the words are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core import word_hashes

TEXTS = st.lists(st.text(st.sampled_from("aé1 .-\n\0ßИ'中"), max_size=30), max_size=6)


def _of_each(hashed: word_hashes.Hashed) -> list[list[int]]:
    return [hashed.values[start:end].tolist() for start, end in zip(hashed.starts, hashed.starts[1:], strict=False)]


@given(TEXTS)
def test_hashes_agree_exactly_where_words_agree(texts: list[str]) -> None:
    hashes, split = _of_each(word_hashes.words(texts)), [word_hashes.split(text) for text in texts]
    assert [len(one) for one in hashes] == [len(one) for one in split]
    pairs = {(h, w) for one, other in zip(hashes, split, strict=True) for h, w in zip(one, other, strict=True)}
    assert len({h for h, _ in pairs}) == len({w for _, w in pairs}) == len(pairs)


@given(TEXTS)
def test_a_text_has_the_same_hashes_alone_and_among_others(texts: list[str]) -> None:
    assert _of_each(word_hashes.words(texts)) == [_of_each(word_hashes.words([text]))[0] for text in texts]


@given(TEXTS.filter(bool), st.integers(1, 5))
def test_ngrams_are_the_runs_within_each_text(texts: list[str], n: int) -> None:
    runs = _of_each(word_hashes.ngrams(word_hashes.words(texts), n))
    expected = [
        [tuple(one[place : place + n]) for place in range(len(one) - n + 1)] for one in map(word_hashes.split, texts)
    ]
    assert [len(one) for one in runs] == [len(one) for one in expected]
    pairs = {(h, w) for one, other in zip(runs, expected, strict=True) for h, w in zip(one, other, strict=True)}
    assert len({h for h, _ in pairs}) == len({w for _, w in pairs}) == len(pairs)


@given(TEXTS.filter(bool))
def test_a_text_shorter_than_a_shingle_is_one_shingle(texts: list[str]) -> None:
    lengths = word_hashes.shingles(word_hashes.words(texts), 3).lengths.tolist()
    assert lengths == [max(1, len(word_hashes.split(text)) - 2) for text in texts]


@given(TEXTS.filter(bool))
def test_fingerprints_agree_exactly_where_all_words_agree(texts: list[str]) -> None:
    prints = word_hashes.fingerprints(word_hashes.words(texts)).tolist()
    assert len(set(zip(prints, (tuple(word_hashes.split(text)) for text in texts), strict=True))) == len(set(prints))
    assert len(set(prints)) == len({tuple(word_hashes.split(text)) for text in texts})


def test_case_punctuation_spacing_and_composition_do_not_count() -> None:
    first, second = _of_each(word_hashes.words(['Café-au-lait: IT\'S "50" µg.', "cafe\u0301 au  lait it s 50 μg"]))
    assert first == second


def test_accents_and_digits_do() -> None:
    assert word_hashes.split("año ano 5 mg 50 mg") == ["año", "ano", "5", "mg", "50", "mg"]
    assert len(set(word_hashes.words(["año ano 5 50 mg"]).values.tolist())) == 5


def test_blocks_join_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"text number {number} of many" for number in range(50)]
    whole = word_hashes.words(texts)
    monkeypatch.setattr(word_hashes, "BLOCK_CHARACTERS", 60)
    parts = list(word_hashes.blocks(texts))
    assert len(parts) > 20
    assert [first for first, _ in parts] == sorted({first for first, _ in parts})
    assert word_hashes.joined([part for _, part in parts]).values.tolist() == whole.values.tolist()


def test_the_hashes_are_those_of_every_other_machine_and_version() -> None:
    # Clusters and contamination on record depend on the hash: another one would change them without a reason.
    assert word_hashes.words(["alpha beta"]).values.tolist() == [11010309167959565203, 8331919459460178596]
