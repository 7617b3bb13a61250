"""The frame of measured rows: band by band it is the frame that pandas makes of all rows at once."""

from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from medpipe.backends.gx.frame import frame

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([2**53 + 1, 2**63, 2**70]),
    st.sampled_from([1.5, -2.0]),
    st.text(max_size=2),
)
BAND = st.lists(
    st.fixed_dictionaries({name: VALUES | st.lists(VALUES, max_size=2) for name in "ab"}), min_size=1, max_size=4
)


@given(st.lists(BAND, min_size=1, max_size=4))
@example([[{"a": 2**63, "b": None}], [{"a": -1, "b": None}, {"a": 1.5, "b": None}]])
@example([[{"a": None, "b": None}, {"a": -1, "b": None}, {"a": 1.5, "b": None}], [{"a": 2**63, "b": None}]])
@example([[{"a": None, "b": 1.5}, {"a": None, "b": False}]])
@example([[{"a": 2**53 + 1, "b": 1}], [{"a": 1.5, "b": 2}]])
@hypothesis_settings(max_examples=200, deadline=None)
def test_bands_come_to_the_same_columns_as_all_rows_at_once(bands: list[list[dict[str, Any]]]) -> None:
    whole = pd.DataFrame([row for band in bands for row in band])
    banded = frame(bands)
    assert set(banded.columns) == set(whole.columns)
    for name in whole.columns:
        seen, expected = banded[name], whole[name]
        if any(type(value) is int and value >= 2**63 for value in expected):
            # pandas makes objects or floats of such integers, and None or nan of what is missing among them.
            seen, expected = _objects(seen), _objects(expected)
        pd.testing.assert_series_equal(seen, expected, check_names=False)


def _objects(column: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series([None if value != value else value for value in column], dtype=object)


def test_plain_columns_are_narrow() -> None:
    table = frame([[{"id": "pmid:1", "chars": None}], [{"id": "pmid:2", "chars": 7}]])
    assert list(map(str, table.dtypes)) == ["str", "float64"]


def test_a_column_that_rows_lack_is_empty_there() -> None:
    table = frame([[{"id": "pmid:1"}], [{"id": "pmid:2", "chars": 7}, {"id": "pmid:3"}]])
    assert list(table["chars"].isna()) == [True, False, True]
