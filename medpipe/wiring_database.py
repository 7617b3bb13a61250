"""The ports whose state is in the database."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from medpipe import ports as port
from medpipe.reviewed_files import ReviewedFiles

if TYPE_CHECKING:
    from sqlalchemy import Engine as Database


class DatabaseWiring(ReviewedFiles):
    """The part of `wiring.Wiring` that opens the database, and keeps the digests of its chains outside it."""

    @cached_property
    def database(self) -> Database:
        from medpipe.backends.sql.database import connect

        self.settings.home.mkdir(parents=True, exist_ok=True)
        return connect(self.settings.database)

    @cached_property
    def heads(self) -> port.Heads:
        """The digests of ledger, register and audit outside the database."""
        if self.settings.storage:
            from medpipe.backends.heads_objects import HeadsObjects

            return HeadsObjects(f"{self.settings.storage}/heads")
        from medpipe.backends.heads_file import HeadsFile

        return HeadsFile(self.settings.home / "heads.jsonl")

    @cached_property
    def ledger(self) -> port.Ledger:
        from medpipe.backends.sql.ledger import SqlLedger

        return SqlLedger(self.database, heads=self.heads)

    @cached_property
    def withdrawals(self) -> port.WithdrawalRegister:
        from medpipe.backends.sql.withdrawals import SqlWithdrawals

        return SqlWithdrawals(self.database, self.heads)

    @cached_property
    def leases(self) -> port.Leases:
        from medpipe.backends.sql.leases import SqlLeases

        return SqlLeases(self.database)

    @cached_property
    def routes(self) -> port.Routes:
        from medpipe.backends.sql.routes import SqlRoutes

        return SqlRoutes(self.database, heads=self.heads)

    @cached_property
    def feedback(self) -> port.FeedbackStore:
        from medpipe.backends.sql.feedback_store import SqlFeedbackStore

        return SqlFeedbackStore(self.database, heads=self.heads)

    @cached_property
    def answers(self) -> port.AnswerLog:
        from medpipe.backends.sql.feedback_store import SqlFeedbackStore

        return SqlFeedbackStore(self.database)

    @cached_property
    def audit(self) -> port.Audit:
        from medpipe.backends import signing_keys
        from medpipe.backends.sql.audit import SqlAudit

        keys = signing_keys.known(self.stated_signing_keys, self.settings.home)
        return SqlAudit(self.database, self.heads, keys=keys)

    @cached_property
    def signing_keys(self) -> tuple[bytes, ...]:
        """The keys that sign ids of answers. One is made and kept in the home where the settings state none."""
        from medpipe.backends import signing_keys

        return signing_keys.made(self.stated_signing_keys, self.settings.home)

    @property
    def stated_signing_keys(self) -> str:
        """MEDPIPE_SIGNING_KEY."""
        return self.settings.signing_key.get_secret_value() if self.settings.signing_key else ""

    @cached_property
    def keys(self) -> port.KeyStore:
        from medpipe.backends.sql.keys import SqlKeys

        return SqlKeys(self.database, heads=self.heads)

    @cached_property
    def kill_switch(self) -> port.KillSwitch:
        from medpipe.backends.sql.kill_switch import SqlKillSwitch

        return SqlKillSwitch(self.database, heads=self.heads)

    @cached_property
    def published_indexes(self) -> port.PublishedIndexes:
        from medpipe.backends.sql.published_indexes import SqlPublishedIndexes

        return SqlPublishedIndexes(self.database, heads=self.heads)
