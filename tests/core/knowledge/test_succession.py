"""The line of champions, and bars, as folds over the events of the ledger."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.knowledge.succession import barred, line

EVENTS = st.tuples(st.sampled_from(("promoted", "rolled-back")), st.sampled_from("abcde"))


def test_promotions_make_a_line() -> None:
    assert line([]) == ()
    assert line([("promoted", "a"), ("promoted", "b")]) == ("a", "b")


def test_a_rollback_ends_everything_after_the_champion_that_it_goes_back_to() -> None:
    promoted = [("promoted", version) for version in "abc"]
    assert line([*promoted, ("rolled-back", "a")]) == ("a",)
    assert line([*promoted, ("rolled-back", "b"), ("promoted", "d")]) == ("a", "b", "d")


def test_a_version_that_is_promoted_again_is_the_newest_of_the_line_and_stands_in_it_once() -> None:
    assert line([("promoted", "a"), ("promoted", "b"), ("promoted", "a")]) == ("b", "a")


@given(st.lists(EVENTS, min_size=1))
def test_the_line_ends_with_the_champion_in_force_and_has_each_once(events: list[tuple[str, str]]) -> None:
    champions = line(events)
    assert champions[-1] == events[-1][1]
    assert len(set(champions)) == len(champions)


def test_a_bar_holds_until_it_is_lifted_and_the_newest_reason_counts() -> None:
    first, second = ("barred", "a", "worse"), ("barred", "b", "wrong")
    assert barred([first, second]) == {"a": "worse", "b": "wrong"}
    assert barred([first, ("unbarred", "a", "right"), ("unbarred", "c", "never barred")]) == {}
    assert barred([first, ("unbarred", "a", "right"), ("barred", "a", "worse again")]) == {"a": "worse again"}
