"""The digest of what a corpus holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus import contents

corpora = st.dictionaries(st.text(max_size=3), st.tuples(st.integers(0, 9), st.text(max_size=2)), max_size=6)


def held(corpus: dict[str, tuple[int, str]]) -> list[contents.Held]:
    return [(id, revision, digest) for id, (revision, digest) in corpus.items()]


@given(corpora, corpora)
def test_two_corpora_have_one_digest_if_and_only_if_they_hold_the_same(
    one: dict[str, tuple[int, str]], other: dict[str, tuple[int, str]]
) -> None:
    assert (contents.of(held(one)) == contents.of(held(other))) == (one == other)


@given(corpora, corpora)
def test_the_digest_after_a_merge_is_that_of_the_merged_corpus(
    before: dict[str, tuple[int, str]], merged: dict[str, tuple[int, str]]
) -> None:
    replaced = {id: before[id] for id in before.keys() & merged.keys()}
    after = contents.after(contents.of(held(before)), held(replaced), held(merged))
    assert after == contents.of(held(before | merged))


def test_an_empty_corpus_has_the_digest_of_nothing() -> None:
    assert contents.of([]) == contents.EMPTY
