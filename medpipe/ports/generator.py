"""The generation of answers for evaluations and probes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from medpipe.core.contract import Ending
from medpipe.core.sampling import Sampling
from medpipe.ports.progress import Progress


class Generator(Protocol):
    """Generates greedily unless it is told otherwise, with the weights of a base at one precision."""

    @property
    def name(self) -> str:
        """The program that generates: `vllm` or `transformers`."""

    @property
    def precision(self) -> str:
        """The number format of the weights (`core.contract.Precision`)."""

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
        """Return one completion per prompt, in order, without the text or the token that ended it.

        `base`: name of the base model. `adapter`: folder of the adapter; None for the base alone. `adapter_name`: its
        name in the engine. `ending`: where a completion ends. `choices`: for each prompt the texts of which the
        completion is one, chosen as `core.choosing` says; () where it may be any text. Empty: all may. `sampling`: how
        completions without choices are drawn at random; None: they are greedy.
        """
