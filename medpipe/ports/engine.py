"""The inference server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from medpipe.core.contract import Ending


class Engine(Protocol):
    """The adapters of the inference server. Names are unique and never reused.

    Every method raises EngineError when the server does not answer or refuses.
    """

    def load(self, name: str, folder: Path) -> None:
        """Load the adapter in `folder` under a name that was never used before.

        Raises ConfigError where the server cannot read the folder, which this process can: no other adapter of this
        process would load either.
        """

    def unload(self, name: str) -> None:
        """Unload an adapter, and return once the server no longer lists it. Does nothing for an unknown name."""

    def loaded(self) -> frozenset[str]:
        """Return the names of the loaded adapters, without the base."""

    def check_base(self, base: str, merged: bool = False) -> None:
        """Raise ConfigError unless the server has the weights of the base `base`.

        `merged`: the base is a version, and the server must answer for `ServingContract.whole_name` with it.
        """

    def ask(self, name: str, prompts: Sequence[str], ending: Ending) -> list[str]:
        """Return one greedy completion per prompt, in order. `name`: an adapter's or the base's."""
