"""A step has the same rows, however many processes share them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.teaching.batches import shared
from medpipe.errors import ConfigError


@pytest.mark.parametrize(
    ("rows", "times", "processes", "expected"),
    [
        (8, 2, 1, (8, 2)),
        (8, 2, 2, (8, 1)),
        (8, 2, 4, (4, 1)),
        (2, 8, 4, (2, 2)),
        (3, 4, 2, (3, 2)),
        (6, 4, 12, (2, 1)),
    ],
)
def test_times_are_divided_before_rows_are(rows, times, processes, expected):
    assert shared(rows, times, processes) == expected


@pytest.mark.parametrize(("rows", "times", "processes"), [(1, 1, 2), (3, 1, 2), (4, 2, 16), (8, 2, 3), (5, 4, 8)])
def test_a_step_that_cannot_be_shared_equally_is_refused_with_what_to_change(rows, times, processes):
    with pytest.raises(ConfigError, match=rf"{rows} rows .*{times} times .*{processes} processes.*MEDPIPE_PROCESSES"):
        shared(rows, times, processes)


@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 16))
def test_the_rows_of_a_step_never_change(rows, times, processes):
    try:
        fewer_rows, fewer_times = shared(rows, times, processes)
    except ConfigError:
        assert rows * times % processes
    else:
        assert fewer_rows * fewer_times * processes == rows * times
