"""Wilson's interval has the published values, and stays within 0..1 at the edges."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.intervals import Z_95, exact_upper_bound, wilson


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_has_the_published_values(count: int, total: int, low: float, high: float) -> None:
    # Newcombe, Statistics in Medicine 1998, 17:857-872, table I, method 3 (score without continuity correction)
    found_low, found_high = wilson(count / total, total)

    assert (round(found_low, 4), round(found_high, 4)) == (low, high)


def test_all_of_twenty_mirrors_none_of_twenty() -> None:
    low, high = wilson(1.0, 20)

    assert (round(low, 4), high) == (0.8389, 1.0)


def test_a_larger_quantile_widens_the_interval_to_known_values() -> None:
    # by hand for z = 2, 5 of 10: centre 0.5, half sqrt(0.4 * 0.25 + 0.04) / 1.4
    low, high = wilson(0.5, 10, 2.0)

    assert low == pytest.approx(0.5 - math.sqrt(0.14) / 1.4)
    assert high == pytest.approx(0.5 + math.sqrt(0.14) / 1.4)


def test_rounding_never_leads_above_1() -> None:
    # without the bound, 14 of 14 and many others end at 1.0000000000000002
    assert [size for size in range(1, 200) if wilson(1.0, size)[1] != 1.0] == []


@pytest.mark.parametrize(("size", "z"), [(0, Z_95), (-1, Z_95), (20, math.inf)])
def test_no_trials_and_an_infinite_quantile_say_nothing(size: float, z: float) -> None:
    assert wilson(0.3, size, z) == (0.0, 1.0)


def test_half_a_trial_says_something() -> None:
    assert wilson(1.0, 0.5)[0] > 0


def test_the_quantile_is_that_of_95_percent() -> None:
    assert math.erf(Z_95 / math.sqrt(2)) == pytest.approx(0.95, abs=1e-15)


@given(st.floats(0, 1), st.integers(1, 10_000))
def test_the_interval_contains_the_share_and_lies_in_0_to_1(share: float, size: int) -> None:
    low, high = wilson(share, size)

    assert 0 <= low <= share <= high <= 1
    assert low < high


@pytest.mark.parametrize(
    ("events", "trials", "bound"),
    [(0, 48, 0.0605), (0, 1, 0.95), (1, 20, 0.2161), (3, 3, 1.0), (0, 0, 1.0), (2, 2000, 0.00314)],
)
def test_the_exact_upper_bound_agrees_with_published_tables(events: int, trials: int, bound: float) -> None:
    assert exact_upper_bound(events, trials, 0.95) == pytest.approx(bound, abs=2e-4)


@given(st.integers(1, 400), st.data())
def test_the_exact_upper_bound_rises_with_events_and_falls_with_trials(trials: int, data: st.DataObject) -> None:
    events = data.draw(st.integers(0, trials - 1))
    bound = exact_upper_bound(events, trials, 0.95)
    assert events / trials < bound <= 1
    assert bound <= exact_upper_bound(events + 1, trials, 0.95)
    assert exact_upper_bound(events, trials + 1, 0.95) <= bound


def test_more_events_than_trials_are_refused() -> None:
    with pytest.raises(ValueError, match="2 events of 1 trials"):
        exact_upper_bound(2, 1, 0.95)
