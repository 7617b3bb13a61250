"""Another tool's figures on the same questions, for comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from medpipe.ports.progress import Progress


class Choosing(NamedTuple):
    """One prompt, the texts of which one is right, and the index of that."""

    prompt: str
    choices: tuple[str, ...]
    right: int


class Harnessed(NamedTuple):
    """What a harness found on one task."""

    accuracy: float
    stderr: float | None
    """Standard error of the accuracy, as the harness computes it: questions are taken to be independent. None where the
    harness gives none, as for a single question."""
    chosen: tuple[int, ...]
    """Index of the choice that the model prefers, for each question in order."""


class Harness(Protocol):
    """Asks a base with an adapter by its own code."""

    @property
    def version(self) -> str:
        """Name and version of the harness."""

    def run(
        self, base: str, adapter: Path | None, tasks: Mapping[str, Sequence[Choosing]], progress: Progress
    ) -> dict[str, Harnessed]:
        """Return what the harness finds on each task, with the base's weights in fp32.

        Raises MedpipeError when the base is not found, and ModuleNotFoundError without the harness.
        """
