"""How probable a model finds given answers, for perplexities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from medpipe.core.contract import Ending
from medpipe.ports.progress import Progress


class Likelihood(NamedTuple):
    """How probable a model finds one completion after its prompt."""

    log: float
    """Natural logarithm of the completion's probability."""
    tokens: int
    """Tokens of the completion, with the one that ends it."""


class Likelihoods(Protocol):
    """Reads prompts and completions with the weights of a base at one precision."""

    @property
    def precision(self) -> str:
        """The number format of the weights (`core.contract.Precision`)."""

    def likelihoods(
        self,
        base: str,
        adapter: Path | None,
        texts: Sequence[tuple[str, str]],
        ending: Ending,
        progress: Progress,
    ) -> list[Likelihood]:
        """Return how probable each completion is after its prompt, in order, whatever the other texts are.

        `texts`: prompts and completions. `base`, `adapter`: as in `Generator.generate`. `ending`: without a text that
        ends an answer, the base's token for the end of a text is part of the completion. Raises ConfigError for a text
        that is longer than the base can read, and where a prompt's tokens are not the first of prompt and completion.
        """
