"""Counts of what was left out: filters return them, callers add them up, and nothing is written into."""

from __future__ import annotations

from collections import Counter

from medpipe.core.teaching.drops import Contamination, Drops, LeftOut, sift, total


def test_sifting_keeps_items_without_an_objection_in_order_and_counts_the_others_by_reason() -> None:
    kept, dropped = sift([3, 8, 1, 9, 12], lambda number: "two digits" if number > 9 else "even" if number == 8 else "")
    assert kept == [3, 1, 9]
    assert dropped == {"even": 1, "two digits": 1}
    assert sift([], lambda _: "never") == ([], {})


def test_a_total_adds_up_and_changes_none_of_its_parts() -> None:
    first, second = Drops({"a": 1}), Drops({"a": 2, "b": 0})
    assert dict(total(first, second)) == {"a": 3, "b": 0}
    assert (first, second) == (Counter({"a": 1}), Counter({"a": 2, "b": 0}))
    assert total() == {}


def test_a_later_stage_adds_to_each_count_and_leaves_the_earlier_one_as_it_was() -> None:
    early = LeftOut(Drops({"fact": 1}), Drops({"document": 2}), Counter({"EMAIL": 3}), Contamination({("b", "how"): 4}))
    late = early.plus(Drops({"fact": 10}), Drops({"example": 20}), Contamination({("b", "how"): 40}))
    assert late.facts == {"fact": 11}
    assert late.others == {"document": 2, "example": 20}
    assert late.identifiers == {"EMAIL": 3}
    assert late.contamination == {("b", "how"): 44}
    assert late.drops == {"fact": 11, "document": 2, "example": 20}
    assert early.drops == {"fact": 1, "document": 2}
    assert early.plus() == early
