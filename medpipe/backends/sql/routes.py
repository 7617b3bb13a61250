"""Which adapter the gateways ask, and how far they have followed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from medpipe.backends.sql import database
from medpipe.ports import Route

LIVE_SECONDS = 15.0
"""A gateway that has not been seen for so long is dead: a deployment no longer waits for it."""

FORGET = timedelta(days=1)
"""Gateways that died so long ago are removed when a new one appears."""


class SqlRoutes:
    """Implements `ports.Routes`. A switch inserts the next generation; its key lets one caller win."""

    def __init__(
        self, engine: Engine, clock: Callable[[], datetime] = database.now, live_seconds: float = LIVE_SECONDS
    ) -> None:
        """`engine` comes from `database.connect`; `clock` gives aware datetimes."""
        self._engine = engine
        self._clock = clock
        self._live = timedelta(seconds=live_seconds)

    def current(self) -> Route | None:
        """The newest generation, None before the first deployment."""
        table = database.route
        newest = sa.select(table).order_by(table.c.generation.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(newest).one_or_none()
        return None if row is None else Route(row.version, row.adapter_name, row.generation)

    def switch(self, expected: Route | None, version: str, adapter_name: str) -> Route | None:
        """See the port."""
        if self.current() != expected:
            return None
        route = Route(version, adapter_name, expected.generation + 1 if expected else 1)
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(database.route).values(at=self._clock(), **route._asdict()))
        except IntegrityError:
            return None
        return route

    def settled(self, generation: int) -> bool:
        """See the port. Gateways that were not seen for `live_seconds` do not count."""
        table = database.gateways
        behind = sa.select(sa.func.count()).where(
            table.c.seen_at > self._clock() - self._live,
            sa.or_(table.c.generation < generation, table.c.oldest_in_flight < generation),
        )
        with self._engine.connect() as connection:
            return connection.execute(behind).scalar_one() == 0

    def retired(self) -> frozenset[str]:
        """Adapter names that were routed once and are not now: what a deployment may unload."""
        with self._engine.connect() as connection:
            names = set(connection.execute(sa.select(database.route.c.adapter_name)).scalars())
        current = self.current()
        return frozenset(names - {current.adapter_name} if current else names)

    def claim(self, adapter_name: str) -> bool:
        """Take a name for one loading, for ever; False when it was taken before."""
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(database.adapter_names).values(name=adapter_name, at=self._clock()))
        except IntegrityError:
            return False
        return True

    def heartbeat(self, gateway: str, generation: int, oldest_in_flight: int | None) -> None:
        """A gateway says which generation it follows and which is the oldest it still answers for."""
        table = database.gateways
        seen_at = self._clock()
        seen = {"generation": generation, "oldest_in_flight": oldest_in_flight, "seen_at": seen_at}
        with self._engine.begin() as connection:
            mine = sa.update(table).where(table.c.gateway == gateway)
            if connection.execute(mine.values(seen)).rowcount == 0:
                connection.execute(sa.insert(table).values(gateway=gateway, **seen))
                connection.execute(sa.delete(table).where(table.c.seen_at < seen_at - FORGET))

    def leave(self, gateway: str) -> None:
        """A gateway stops: nobody need wait for it."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(database.gateways).where(database.gateways.c.gateway == gateway))
