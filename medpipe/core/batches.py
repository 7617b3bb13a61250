"""Values in lists of bounded length, for work on many at once without holding all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the values in lists of at most `size`, as `itertools.batched` of Python 3.12 does in tuples."""
    left = iter(values)
    while batch := list(islice(left, size)):
        yield batch
