"""A model that rates answers in the place of clinicians, whose ratings count only as far as clinicians correct them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from medpipe.core.judging.rating.scale import Level
from medpipe.ports.progress import Progress


class Judge(Protocol):
    """Rates answers, each by itself."""

    @property
    def name(self) -> str:
        """What identifies the judge in refs, such as the name of its model."""

    def rate(self, prompts: Sequence[str], progress: Progress) -> Sequence[Level]:
        """Return the rating that each prompt asks for, in order: one of `LEVELS`.

        Raises EngineError when the judge does not answer, or answers something else.
        """
