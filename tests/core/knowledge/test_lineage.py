"""Lineage: which adapters and versions learned from which documents."""

from __future__ import annotations

from typing import Any

import pytest

from medpipe.core.knowledge import lineage
from medpipe.core.knowledge.lineage import ancestry, carrying, untainted_ancestor
from medpipe.core.teaching.example import Example

CHAIN = {
    "adapter/1": ("examples/bad", "base"),
    "adapter/2": ("examples/good", "adapter/1"),
    "adapter/3": ("examples/good", "base"),
    "adapter/4": ("pairs/1", "version/v2"),
}
ADAPTER_OF = {"version/v2": "adapter/2"}


def example(*ids: str, revisions: tuple[int, ...] = (), digests: tuple[str, ...] = ()) -> Example:
    return Example(
        question="q", answer="a", source="s", document_ids=ids, document_revisions=revisions, document_digests=digests
    )


def shares(examples: list[Example]) -> list[dict[str, Any]]:
    return list(lineage.shares(lineage.entries_of(enumerate(examples))))


def test_shares_count_the_examples_of_each_document_and_name_their_rows_from_zero() -> None:
    taught, refusal = example("b:1", "a:1", digests=("y", "x")), example()
    assert shares([taught, refusal, taught]) == [
        {"id": "a:1", "revision": 0, "digest": "x", "role": "taught", "examples": 2, "rows": [0, 2]},
        {"id": "b:1", "revision": 0, "digest": "y", "role": "taught", "examples": 2, "rows": [0, 2]},
    ]


def test_shares_keep_the_revision_and_the_digest_of_each_document_together() -> None:
    taught = example("b:1", "a:1", revisions=(2, 7), digests=("y", "x"))
    assert [(row["id"], row["revision"], row["digest"]) for row in shares([taught])] == [
        ("a:1", 7, "x"),
        ("b:1", 2, "y"),
    ]


def test_revisions_of_one_document_are_separate_rows_in_numeric_order() -> None:
    old, new = (example("a:1", revisions=(number,), digests=(digest,)) for number, digest in ((9, "x"), (10, "y")))
    assert [(row["revision"], row["rows"]) for row in shares([new, old])] == [(9, [1]), (10, [0])]


def test_two_texts_of_one_revision_are_separate_rows() -> None:
    first, second = (example("a:1", revisions=(1,), digests=(digest,)) for digest in "yx")
    assert [(row["digest"], row["rows"]) for row in shares([first, second])] == [("x", [1]), ("y", [0])]


def test_a_document_without_a_revision_or_digest_has_zero_and_nothing_there() -> None:
    assert list(lineage.shares(lineage.entries([(0, ["a:1", "b:1"], [3], [], "taught")]))) == [
        {"id": "a:1", "revision": 3, "digest": "", "role": "taught", "examples": 1, "rows": [0]},
        {"id": "b:1", "revision": 0, "digest": "", "role": "taught", "examples": 1, "rows": [0]},
    ]


def test_an_ancestry_goes_back_to_the_base_newest_first() -> None:
    assert ancestry("adapter/2", CHAIN) == ("adapter/2", "adapter/1")
    assert ancestry("adapter/1", CHAIN) == ("adapter/1",)


def test_an_ancestry_goes_through_versions_to_their_adapters() -> None:
    assert ancestry("adapter/4", CHAIN, ADAPTER_OF) == ("adapter/4", "adapter/2", "adapter/1")


def test_an_ancestry_ends_at_a_version_whose_adapter_is_not_known() -> None:
    assert ancestry("adapter/4", CHAIN) == ("adapter/4",)
    assert ancestry("adapter/4", CHAIN, {"version/v9": "adapter/1"}) == ("adapter/4",)


@pytest.mark.parametrize("unknown", ["base", "adapter/gone", "version/v2"])
def test_what_is_not_an_adapter_has_no_ancestry(unknown: str) -> None:
    assert ancestry(unknown, CHAIN, ADAPTER_OF) == ()


def test_a_circle_of_starts_ends_with_each_adapter_once() -> None:
    circle = {"a": ("x", "b"), "b": ("y", "c"), "c": ("z", "b")}
    assert ancestry("a", circle) == ("a", "b", "c")
    assert carrying({"y"}, circle) == {"a", "b", "c"}
    assert carrying({"x"}, circle) == {"a"}


def test_an_adapter_carries_what_its_ancestors_learned_through_versions_too() -> None:
    assert carrying({"examples/bad"}, CHAIN, ADAPTER_OF) == {"adapter/1", "adapter/2", "adapter/4"}


def test_an_adapter_carries_what_it_learned_itself_and_its_ancestors_do_not() -> None:
    assert carrying({"pairs/1"}, CHAIN, ADAPTER_OF) == {"adapter/4"}


def test_an_adapter_that_learned_any_of_several_data_carries_them() -> None:
    assert carrying({"examples/good", "pairs/1"}, CHAIN) == {"adapter/2", "adapter/3", "adapter/4"}


def test_an_unknown_start_counts_as_clean() -> None:
    assert carrying({"examples/bad"}, {"adapter/5": ("examples/1", "adapter/gone")}) == frozenset()
    assert carrying({"adapter/gone"}, {"adapter/5": ("examples/1", "adapter/gone")}) == frozenset()


def test_data_that_nothing_learned_is_carried_by_nothing() -> None:
    assert carrying(set(), CHAIN, ADAPTER_OF) == frozenset()


PARENTS = {"v3": "v2", "v2": "v1", "v1": "base"}


def test_a_clean_version_is_its_own_newest_clean_ancestor() -> None:
    assert untainted_ancestor("v3", PARENTS, set()) == "v3"
    assert untainted_ancestor("v3", PARENTS, {"v1", "v2"}) == "v3"


def test_the_newest_clean_ancestor_is_past_all_tainted_ones() -> None:
    assert untainted_ancestor("v3", PARENTS, {"v3"}) == "v2"
    assert untainted_ancestor("v3", PARENTS, {"v3", "v2"}) == "v1"


def test_only_the_base_is_left_when_every_version_is_tainted() -> None:
    assert untainted_ancestor("v3", PARENTS, {"v1", "v2", "v3"}) is None


def test_what_is_not_a_version_has_no_clean_ancestor() -> None:
    assert untainted_ancestor("base", PARENTS, set()) is None
    assert untainted_ancestor("v9", PARENTS, set()) is None


def test_a_circle_of_parents_ends() -> None:
    assert untainted_ancestor("v1", {"v1": "v2", "v2": "v1"}, {"v1", "v2"}) is None
    assert untainted_ancestor("v1", {"v1": "v2", "v2": "v1"}, {"v1"}) == "v2"
