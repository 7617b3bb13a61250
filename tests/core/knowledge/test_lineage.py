from __future__ import annotations

from medpipe.core.knowledge.lineage import ancestry, carrying, shares, untainted_ancestor
from medpipe.core.teaching.example import Example


def test_shares_count_the_examples_of_each_document_revision() -> None:
    example = Example(question="q", answer="a", source="s", document_ids=("b:1", "a:1"), document_digests=("y", "x"))
    refusal = Example(question="q", answer="a", source="safety", document_ids=())
    assert shares([example, refusal, example]) == [
        {"id": "a:1", "revision": 0, "digest": "x", "examples": 2, "rows": [0, 2]},
        {"id": "b:1", "revision": 0, "digest": "y", "examples": 2, "rows": [0, 2]},
    ]


def test_revisions_of_one_document_are_told_apart() -> None:
    old, new = (
        Example(
            question="q",
            answer="a",
            source="s",
            document_ids=("a:1",),
            document_revisions=(revision,),
            document_digests=(digest,),
        )
        for revision, digest in ((9, "x"), (10, "y"))
    )
    assert [(row["revision"], row["rows"]) for row in shares([new, old])] == [(9, [1]), (10, [0])]


def test_an_ancestry_goes_back_to_the_base_through_versions() -> None:
    adapters = {"adapter/1": ("e", "base"), "adapter/2": ("e", "version/v1"), "adapter/3": ("e", "adapter/2")}
    assert ancestry("adapter/3", adapters, {"version/v1": "adapter/1"}) == ("adapter/3", "adapter/2", "adapter/1")
    assert ancestry("base", adapters) == ()


def test_an_adapter_carries_what_its_ancestors_learned() -> None:
    adapters = {
        "adapter/1": ("examples/bad", "base"),
        "adapter/2": ("examples/good", "adapter/1"),
        "adapter/3": ("examples/good", "base"),
        "adapter/4": ("pairs/1", "version/v2"),
    }
    assert carrying({"examples/bad"}, adapters, {"version/v2": "adapter/2"}) == {"adapter/1", "adapter/2", "adapter/4"}


def test_nothing_carries_what_nobody_learned() -> None:
    assert carrying(set(), {"adapter/1": ("examples/1", "adapter/gone")}) == frozenset()


def test_the_newest_clean_ancestor_is_found_past_tainted_ones() -> None:
    parents = {"v3": "v2", "v2": "v1", "v1": "base"}
    assert untainted_ancestor("v3", parents, {"v3", "v2"}) == "v1"
    assert untainted_ancestor("v3", parents, set()) == "v3"
    assert untainted_ancestor("v3", parents, {"v1", "v2", "v3"}) is None


def test_a_circle_of_parents_ends() -> None:
    assert untainted_ancestor("v1", {"v1": "v2", "v2": "v1"}, {"v1", "v2"}) is None
    assert carrying({"e"}, {"a": ("x", "b"), "b": ("y", "a")}) == frozenset()
