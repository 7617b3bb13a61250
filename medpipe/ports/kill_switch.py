"""The switch that stops every gateway."""

from __future__ import annotations

from typing import Protocol

from medpipe.core.stop import Stop


class KillSwitch(Protocol):
    """Whether serving is stopped. Every change is kept, append-only and in the audit; the newest one holds."""

    def set(self, stopped: bool, reason: str, by: str) -> Stop:
        """Stop serving, or lift the stop. The same call again changes nothing.

        Raises UsageError for lifting where nothing is stopped.
        """

    def current(self) -> Stop | None:
        """Return the newest change; None when serving was never stopped."""
