"""A process that ends when the one that trains (`ranks`) does, however that ends."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

_STARTER = 0
"""Standard input: a pipe that the starter holds open and writes nothing to. Launcher and ranks inherit its end."""


def with_starter(end: Callable[[], None]) -> None:
    """Call `end` as soon as the process at the other end of the pipe has closed it, or has ended."""

    def wait() -> None:
        while os.read(_STARTER, 1):
            pass
        end()

    threading.Thread(target=wait, daemon=True).start()
