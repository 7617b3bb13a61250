"""The right to do some work alone."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Lease(NamedTuple):
    """The right to do some work until it expires or is taken over. `token` grows with each holder of the name."""

    name: str
    token: int


class Leases(Protocol):
    """Who does which work at the moment."""

    def take(self, name: str, seconds: float) -> Lease | None:
        """Take the lease of a name for some seconds; None while another holder's lasts."""

    def renew(self, lease: Lease, seconds: float) -> bool:
        """Let a lease last for some seconds from now on. Returns False when somebody has taken over since.

        A lease that expired and that nobody took over is renewed.
        """

    def release(self, lease: Lease) -> None:
        """End a lease now. Does nothing when somebody has taken over."""
