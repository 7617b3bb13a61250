"""Near-duplicates: which texts are joined and which are not. Neither order nor chance decides it."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medpipe.backends.rensa_duplicates import RensaDuplicates
from medpipe.errors import UsageError
from medpipe.ports import NearDuplicates
from tests.fakes import PairwiseDuplicates

BOTH = pytest.mark.parametrize("near", [RensaDuplicates(), PairwiseDuplicates()], ids=["rensa", "pairwise"])

ANSWER = (
    "Glaucoma is a group of diseases that damage the optic nerve at the back of the eye and it is often "
    "linked to a build up of pressure that causes vision loss slowly over many years without any pain"
)
"""39 words, so 37 shingles: a changed last word leaves a Jaccard similarity of 36/38."""

TEXTS = st.lists(st.lists(st.sampled_from("alpha beta gamma delta".split()), max_size=9).map(" ".join), max_size=8)


def _changed(text: str, *places: int) -> str:
    return " ".join("other" if place in places else word for place, word in enumerate(text.split()))


@BOTH
def test_no_texts_have_no_clusters(near: NearDuplicates) -> None:
    assert near.clusters([], 0.8) == []


@BOTH
def test_texts_without_a_twin_are_their_own_cluster(near: NearDuplicates) -> None:
    assert near.clusters([ANSWER, "What is glaucoma?", "Aspirin thins the blood."], 0.8) == [0, 1, 2]


@BOTH
def test_punctuation_case_and_spacing_make_no_difference(near: NearDuplicates) -> None:
    assert near.clusters(["Take two, daily.", "Rest.", "take  TWO daily", "rest"], 1.0) == [0, 1, 0, 1]


@BOTH
def test_twins_join_at_the_threshold_and_not_above_it(near: NearDuplicates) -> None:
    pair = [ANSWER, _changed(ANSWER, 38)]
    assert near.clusters(pair, 36 / 38) == [0, 0]
    assert near.clusters(pair, 36 / 38 + 0.001) == [0, 1]


@BOTH
def test_a_twin_of_a_twin_belongs_too(near: NearDuplicates) -> None:
    chain = [ANSWER, "unrelated words here", _changed(ANSWER, 0), _changed(ANSWER, 0, 38)]
    assert near.clusters([chain[0], chain[3]], 36 / 38) == [0, 1]
    assert near.clusters(chain, 36 / 38) == [0, 1, 0, 0]


@BOTH
def test_texts_shorter_than_a_shingle_are_compared_whole(near: NearDuplicates) -> None:
    assert near.clusters(["Yes.", "No.", "yes", "", "?", "Not yet"], 0.8) == [0, 1, 0, 3, 3, 5]


@BOTH
@settings(max_examples=30)
@given(texts=TEXTS, threshold=st.sampled_from([0.3, 0.5, 0.8, 1.0]), seed=st.randoms(use_true_random=False))
def test_the_clusters_do_not_depend_on_the_order(
    near: NearDuplicates, texts: list[str], threshold: float, seed: random.Random
) -> None:
    order = seed.sample(range(len(texts)), len(texts))
    straight, shuffled = near.clusters(texts, threshold), near.clusters([texts[old] for old in order], threshold)
    for new, old in enumerate(order):
        for other_new, other_old in enumerate(order):
            assert (shuffled[new] == shuffled[other_new]) == (straight[old] == straight[other_old])


@BOTH
@settings(max_examples=30)
@given(texts=TEXTS, threshold=st.sampled_from([0.3, 0.8, 1.0]))
def test_a_cluster_is_named_by_its_first_text(near: NearDuplicates, texts: list[str], threshold: float) -> None:
    clusters = near.clusters(texts, threshold)
    assert all(clusters[first] == first <= index for index, first in enumerate(clusters))


@settings(max_examples=30)
@given(texts=TEXTS, threshold=st.sampled_from([0.3, 0.5, 0.8, 1.0]))
def test_hashing_joins_nothing_that_comparing_all_pairs_would_not(texts: list[str], threshold: float) -> None:
    hashed, exact = RensaDuplicates().clusters(texts, threshold), PairwiseDuplicates().clusters(texts, threshold)
    assert all(exact[index] == exact[first] for index, first in enumerate(hashed))


def _planted(count: int) -> list[str]:
    chosen = random.Random(7)
    vocabulary = [f"word{number}" for number in range(2000)]
    originals = [" ".join(chosen.choices(vocabulary, k=60)) for _ in range(count)]
    return originals + [_changed(text, chosen.randrange(60)) for text in originals]


def test_planted_twins_are_found_and_strangers_are_not_joined() -> None:
    clusters = RensaDuplicates().clusters(_planted(500), 0.8)
    assert clusters == [*range(500), *range(500)]


def test_many_texts_of_one_template_are_compared_in_bounded_work() -> None:
    texts = [f"{ANSWER} and it is seen in about {number} people of a thousand {number}" for number in range(600)]
    clusters = RensaDuplicates().clusters(texts, 0.7)
    assert set(clusters) == {0}


def test_another_process_with_another_hash_seed_finds_the_same() -> None:
    code = (
        "from tests.contract.test_near_duplicates import _planted; "
        "from medpipe.backends.rensa_duplicates import RensaDuplicates; "
        "print(hash('a'), RensaDuplicates().clusters(_planted(50), 0.8))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.partition(" ")[2]
        for seed in "12"
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.01])
def test_a_threshold_that_means_nothing_is_refused(threshold: float) -> None:
    with pytest.raises(UsageError, match="threshold"):
        RensaDuplicates().clusters(["a"], threshold)
