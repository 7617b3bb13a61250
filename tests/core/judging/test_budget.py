"""Looks are paid for: the levels of a year never add up to more than its total, in whichever order items are used."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.judging.budget import Asked, Budget, budget, looks

DAY = 24 * 3600 * 10**9
LOOKS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), max_size=60)


def asked(number: int, digest: str = "a", **changes: object) -> Asked:
    return Asked(f"evaluation/{number}", f"adapter/{number}", digest, number * DAY)._replace(**changes)


def budgets(outcomes: list[tuple[str, bool]]) -> list[Budget]:
    """The budget of every look of a year at items with a digest, each of which passed or not."""
    made = [asked(number, digest, passed=passed) for number, (digest, passed) in enumerate(outcomes, start=1)]
    return [budget(0.025, made[:number], look) for number, look in enumerate(made)]


@given(LOOKS)
def test_what_is_spent_and_what_the_next_look_may_spend_never_exceed_the_total(
    outcomes: list[tuple[str, bool]],
) -> None:
    for look in budgets(outcomes):
        assert look.level > 0
        assert look.spent + look.level <= 0.025 + 1e-12
        assert look.left == 0.025 - look.spent


@given(LOOKS)
def test_looks_of_which_none_passes_share_the_total(outcomes: list[tuple[str, bool]]) -> None:
    assert sum(look.level for look in budgets([(digest, False) for digest, _ in outcomes])) <= 0.025


def test_the_same_items_get_less_at_every_look_and_fresh_items_get_more_than_worn_ones() -> None:
    worn = budgets([("a", False)] * 5)
    assert [look.look for look in worn] == [1, 2, 3, 4, 5]
    assert all(later.level < earlier.level for earlier, later in pairwise(worn))
    (*_, fresh) = budgets([("a", False)] * 4 + [("b", False)])
    assert (fresh.account, fresh.look) == (2, 1)
    assert fresh.level > worn[-1].level


def test_a_look_that_passes_hands_its_level_to_the_next() -> None:
    _, after_pass = budgets([("a", True), ("a", False)])
    first, after_hold = budgets([("a", False), ("a", False)])
    assert after_pass.level == after_hold.level + first.level
    assert (after_pass.spent, after_hold.spent) == (0, first.level)


def test_the_first_look_is_judged_at_a_fifth_of_the_total() -> None:
    (first,) = budgets([("a", False)])
    assert round(first.level / 0.025, 3) == 0.191


def test_a_new_year_starts_with_a_whole_total_but_worn_items_stay_worn() -> None:
    year = [asked(number) for number in range(1, 6)]
    next_year = asked(400)
    later = budget(0.025, year, next_year)
    assert (later.account, later.look, later.spent) == (1, 6, 0)
    assert later.level < budget(0.025, [], next_year).level


def test_every_other_adapter_is_a_look_whether_or_not_it_was_compared() -> None:
    evaluated, compared, now = asked(1), asked(2, judged=True), asked(3)
    assert looks([compared, evaluated], now, ()) == (evaluated, compared)


def test_looks_are_in_the_order_of_their_times_whatever_their_names() -> None:
    late, early = asked(2, evaluation="evaluation/a"), asked(1, evaluation="evaluation/b")
    assert looks([late, early], asked(3), ()) == (early, late)


@pytest.mark.parametrize("adapter", ["base", "adapter/3", "adapter/incumbent"])
def test_an_evaluation_that_is_no_look_hides_no_later_look(adapter: str) -> None:
    uncounted, other, now = asked(1, adapter=adapter), asked(2), asked(3)
    assert looks([uncounted, other], now, {"adapter/incumbent"}) == (other,)


def test_an_adapter_is_one_look_however_often_it_was_asked_the_same() -> None:
    again = asked(2, adapter="adapter/1", passed=True)
    (look,) = looks([asked(1), again], asked(3), ())
    assert (look.evaluation, look.passed) == ("evaluation/1", True)
    assert len(looks([asked(1), again._replace(digest="b")], asked(3), ())) == 2


def test_what_is_evaluated_later_the_base_and_the_challenger_itself_are_no_earlier_looks() -> None:
    now = asked(3)
    others = [asked(4), asked(1, adapter="base"), asked(2, adapter=now.adapter)]
    assert looks([*others, now], now, ()) == ()


def test_an_incumbent_that_is_asked_fresh_items_is_no_look_but_the_evaluation_that_it_passed_with_is() -> None:
    passed_with = asked(1, judged=True, passed=True)
    for_comparison = asked(2, "b", adapter="adapter/1")
    assert looks([passed_with, for_comparison], asked(3, "b"), {"adapter/1"}) == (passed_with,)
