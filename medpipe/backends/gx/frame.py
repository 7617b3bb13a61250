"""The data frame of measured rows, which Great Expectations reads: a million rows in a few hundred megabytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Band = Sequence[Mapping[str, Any]]


def frame(bands: Iterable[Band]) -> Any:
    """Return a pandas frame of all rows, with the types that pandas would give all of them at once.

    Each band becomes Arrow columns before the next one is read, because Python's objects need ten times the memory.
    A column with a whole number of more than 63 bits may have the type of fractions where pandas would have objects.
    """
    import pandas as pd
    import pyarrow as pa

    parts = [_part(band) for band in bands]
    names = dict.fromkeys(name for _, columns in parts for name in columns)
    return pd.DataFrame(
        {name: _joined([columns.get(name, pa.nulls(rows)) for rows, columns in parts]) for name in names}
    )


def _part(band: Band) -> tuple[int, dict[str, Any]]:
    """Return the number of rows, and each column: of Arrow's type, or a list where its values have several types."""
    names = dict.fromkeys(name for row in band for name in row)
    return len(band), {name: _narrow([row.get(name) for row in band]) for name in names}


def _narrow(values: list[Any]) -> Any:
    import pyarrow as pa

    kinds = {type(value) for value in values} - {type(None)}
    if bool in kinds and len(kinds) > 1:  # Arrow would make a fraction of a truth value, and hide a bad row
        return values
    try:
        array = pa.array(values)
    except (pa.ArrowException, OverflowError):
        return values
    return values if pa.types.is_nested(array.type) else array


def _joined(chunks: Sequence[Any]) -> Any:
    """Return one pandas column. Chunks of whole numbers, of fractions and of nothing become one of fractions."""
    import pandas as pd
    import pyarrow as pa

    if not any(isinstance(chunk, list) for chunk in chunks):
        tables = [pa.table({"": chunk}) for chunk in chunks]
        try:
            return pa.concat_tables(tables, promote_options="permissive").column(0).to_pandas()
        except (pa.ArrowTypeError, pa.ArrowInvalid):  # texts and numbers, or a number that no fraction can be
            pass
    return pd.Series([value for chunk in chunks for value in _plain(chunk)])


def _plain(chunk: Any) -> list[Any]:
    plain: list[Any] = chunk if isinstance(chunk, list) else chunk.to_pylist()
    return plain
