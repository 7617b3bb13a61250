"""Follows the register of withdrawals: which claims this gateway withholds."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from time import monotonic

from medpipe.core.knowledge import withdrawals
from medpipe.core.knowledge.citable import withdrawn_articles
from medpipe.core.knowledge.claim_block import ClaimBlock
from medpipe.ports import WithdrawalRegister
from serving.following import Following
from serving.limits import Limits
from serving.problems import TryLater

_log = logging.getLogger("serving.block_follower")


class BlockFollower(Following):
    """The gateway's view of the register. It runs on one event loop, so nothing is locked.

    A gateway answers only while it knows the register: it refuses every question before the first successful read,
    and again when the last one is older than `Limits.register_seconds`. That is shorter than the time after which
    a silent gateway counts as dead (`backends.sql.routes.LIVE_SECONDS`), so a withdrawal is never reported as blocked
    while a gateway that does not know of it answers. Claims that were known stay blocked all the time.
    """

    def __init__(self, register: WithdrawalRegister, gateway: str, limits: Limits) -> None:
        """`gateway`: this gateway's name in heartbeats."""
        super().__init__("read the register of withdrawals", limits, _log)
        self._register, self._gateway = register, gateway
        self._block = ClaimBlock()
        self.withdrawn: frozenset[str] = frozenset()
        """The articles that are withdrawn now (`withdrawn_articles`)."""
        self._sequence: int | None = None
        self._read_at = 0.0

    @property
    def sequence(self) -> int:
        """The newest entry of the register that is enforced; 0 before the first read."""
        return self._sequence or 0

    @property
    def claims(self) -> int:
        """The number of claims that are withheld."""
        return len(self._block)

    @property
    def seconds_since_read(self) -> float:
        """Seconds since the register was read; infinite before the first time."""
        return float("inf") if self._sequence is None else monotonic() - self._read_at

    @property
    def problem(self) -> str:
        """Why no question may be answered now; empty when questions may."""
        if self._sequence is None:
            return "the register of withdrawals has not been read yet"
        if self.seconds_since_read > self._limits.register_seconds:
            return f"the register of withdrawals was not readable for {self.seconds_since_read:.0f} seconds"
        return ""

    def current(self) -> ClaimBlock:
        """Return the block to judge texts with. Raises Problem 503 while the register is not known."""
        if problem := self.problem:
            raise TryLater("register_unreadable", problem, self._limits.retry_after_seconds)
        return self._block

    async def refresh(self) -> None:
        """Read the register if it has a new entry, and enforce its claims."""
        begun = monotonic()
        newest = await asyncio.to_thread(self._register.newest)
        if newest != self._sequence:
            # Read after `newest`, so the block holds at least the entries that it is reported to hold.
            self._block, self.withdrawn = await asyncio.to_thread(self._compiled)
            _log.info("enforcing entry %s of the register of withdrawals: %s claims", newest, len(self._block))
            self._sequence = newest
        self._read_at = begun

    def _compiled(self) -> tuple[ClaimBlock, frozenset[str]]:
        folded = withdrawals.fold(self._register.events())
        return ClaimBlock(withdrawals.claims(folded)), withdrawn_articles(folded)

    async def _turn(self) -> None:
        await self.refresh()
        await self._report(self.sequence, partial(self._register.enforce, self._gateway, self.sequence))
