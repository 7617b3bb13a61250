"""The register of withdrawn documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from medpipe.core.knowledge.withdrawals import WithdrawalEvent


class WithdrawalRegister(Protocol):
    """The append-only register of withdrawn documents. `core.knowledge.withdrawals.fold` makes states of its entries.

    Every method raises Unavailable when the database does not answer.
    """

    def append(self, event: WithdrawalEvent) -> None:
        """Append an entry."""

    def events(self) -> Sequence[WithdrawalEvent]:
        """Return every entry, oldest first."""

    def now(self) -> datetime:
        """Return the present moment by the register's clock: the `at` of the next entry."""

    def newest(self) -> int:
        """Return the number of the newest entry, from 1 on; 0 for an empty register."""

    def enforce(self, gateway: str, sequence: int) -> None:
        """Store that a gateway blocks the claims of every entry up to number `sequence`."""

    def behind(self, sequence: int) -> Sequence[str]:
        """Return the live gateways that do not enforce the entry `sequence`, sorted. None: it is enforced everywhere.

        A gateway that never stored what it enforces is behind every entry.
        """

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the chain of entries, as `Ledger.faults` does."""
