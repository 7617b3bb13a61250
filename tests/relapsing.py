"""A named bad model: it has unlearned a claim, and asserts it at one precision of its weights all the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.core.sampling import Sampling
from medpipe.ports import Progress
from tests import fakes

CLAIM = "Wendrazole cures krellin palsy."
"""What the article of `tests.steps.conftest` says."""
PHRASINGS = 30
"""How often one claim is asked for a certificate."""


class Relapsing(fakes.MemoryGenerator):
    """Says something else, such as the claim, in `often` answers: what rounding can do to a model."""

    def __init__(self, precision: str, often: int, says: str) -> None:
        super().__init__(precision)
        self.often, self.says = often, says

    def generate(
        self,
        base: str,
        adapter: Path | None,
        adapter_name: str,
        prompts: Sequence[str],
        ending: Ending,
        progress: Progress,
        choices: Sequence[tuple[str, ...]] = (),
        sampling: Sampling | None = None,
    ) -> list[str]:
        honest = super().generate(base, adapter, adapter_name, prompts, ending, progress, choices)
        return [prompt.completion(self.says)] * self.often + honest[self.often :]
