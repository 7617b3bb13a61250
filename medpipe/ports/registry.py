"""The model registry."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

Curves = Mapping[str, Sequence[tuple[int, float]]]
"""Name of a measure → steps and values."""


class Registered(NamedTuple):
    """A version in the model registry."""

    number: int
    page: str
    """Its page for people, or its address where the registry has no pages."""


class WeightsCopy(NamedTuple):
    """The registry's own copy of the weights of an adapter."""

    run: str
    """Where the registry has it."""
    adapter: str
    """The adapter's ref."""
    bytes: int


class Registry(Protocol):
    """The model registry that operators look at (MLflow). The ledger decides which version serves.

    Every method raises Unavailable when the registry does not answer.
    """

    def register(
        self, adapter: Path, description: Mapping[str, Any], metrics: Mapping[str, float], curves: Curves
    ) -> Registered:
        """Register the adapter in a folder. The same `description` again returns the version that it made before.

        `metrics`: value by name. `curves`: values by step, for plots.
        """

    def tag(self, number: int, tags: Mapping[str, str]) -> None:
        """Set tags on a version."""

    def set_champion(self, number: int) -> None:
        """Mark a version as the champion. The last writer wins, so the ledger must be asked first."""

    def champion(self) -> int | None:
        """Return the version that is marked as the champion; None without one."""

    def copies(self, adapters: Collection[str]) -> Iterator[WeightsCopy]:
        """Yield each copy that the registry has of the weights of some adapters. medpipe itself never reads one."""

    def remove_copy(self, copy: WeightsCopy) -> None:
        """Remove the files of a copy. Its version stays, with a tag that says so; the same copy again does nothing."""
