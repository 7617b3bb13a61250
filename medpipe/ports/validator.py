"""The check of rows against expectations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple, Protocol


class Validation(NamedTuple):
    """The outcome of a validation."""

    accepted: bool
    """False when the whole batch must stop."""
    reasons: tuple[str, ...]
    """Why the batch must stop."""
    rejected: Mapping[int, tuple[str, ...]]
    """Row index → why this row is quarantined."""
    report: str
    """Path of the Data Docs page of this run."""
    remarks: tuple[str, ...] = ()
    """Observations that stop nothing."""


class Delivery(NamedTuple):
    """Measures of a whole delivery by name (`core.corpus.measures.DELIVERY`), and the end of its window."""

    measures: Mapping[str, float] = {}
    end: date | None = None


class Validator(Protocol):
    """Checks rows against a suite of expectations."""

    def validate(
        self, rows: Iterable[Mapping[str, Any]], suite: str, name: str, delivery: Delivery = ...
    ) -> Validation:
        """Apply `expectations/{suite}.json` to the rows. `name` labels the run in Data Docs.

        The rows are read once. Memory holds ids, dates, counts and flags of all of them, and few of their texts.
        Raises NotFound without that suite, and ConfigError for one that cannot work.
        """
