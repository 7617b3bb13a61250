"""The route table: which adapter the gateways ask, and which generation each gateway has reached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from medpipe.backends.sql import audit, chain, database
from medpipe.core.contract import ServingContract
from medpipe.ports import Heads, Route

LIVE_SECONDS = 15.0
"""A gateway without a heartbeat for this long is dead: a deployment no longer waits for it."""

FORGET = timedelta(days=1)
"""Gateways without a heartbeat for this long are removed when a new one appears."""


class SqlRoutes:
    """Implements `ports.Routes`. A switch inserts the next generation; the primary key lets one caller win."""

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], datetime] = database.now,
        live_seconds: float = LIVE_SECONDS,
        heads: Heads | None = None,
    ) -> None:
        """Prepare; nothing is read yet.

        `engine`: from `database.connect`. `clock`: returns the present moment as an aware datetime. `live_seconds`:
        see LIVE_SECONDS. `heads`: keeps the digests of the audit's entries outside the database.
        """
        self._engine = engine
        self._heads = heads
        self._clock = clock
        self._live = timedelta(seconds=live_seconds)

    def current(self) -> Route | None:
        """Return the route of the newest generation; None before the first deployment."""
        with self._engine.connect() as connection:
            row = connection.execute(database.newest(database.route)).one_or_none()
        return (
            None
            if row is None
            else Route(row.version, row.adapter_name, row.generation, ServingContract.model_validate(row.contract))
        )

    def switch(
        self,
        expected: Route | None,
        version: str,
        adapter_name: str,
        contract: ServingContract,
        only_champion: bool = False,
    ) -> Route | None:
        """Switch as `ports.Routes` says. The champion cannot change while a switch that depends on it is made."""
        if self.current() != expected:
            return None
        route = Route(version, adapter_name, expected.generation + 1 if expected else 1, contract)
        columns = route._asdict() | {"contract": contract.model_dump(mode="json")}
        cell = database.champion
        # A write locks the cell until the transaction ends.
        still_champion = sa.update(cell).where(cell.c.version == version).values(version=version)
        try:
            with chain.writing(self._engine, database.audit, self._heads) as write:
                if only_champion and write.connection.execute(still_champion).rowcount != 1:
                    return None
                at = self._clock()
                write.connection.execute(sa.insert(database.route).values(at=at, **columns))
                audit.note(write, database.route, route.generation, at)
        except IntegrityError:
            return None
        return route

    def settled(self, generation: int) -> bool:
        """Answer as `ports.Routes` says. A gateway without a heartbeat for `live_seconds` does not count."""
        table = database.gateways
        behind = sa.select(sa.func.count()).where(
            table.c.seen_at > self._clock() - self._live,
            sa.or_(table.c.generation < generation, table.c.oldest_in_flight < generation),
        )
        with self._engine.connect() as connection:
            return connection.execute(behind).scalar_one() == 0

    def retired(self) -> frozenset[str]:
        """Return the adapter names that were routed once and are not now: a deployment may unload them."""
        with self._engine.connect() as connection:
            names = set(connection.execute(sa.select(database.route.c.adapter_name)).scalars())
        current = self.current()
        return frozenset(names - {current.adapter_name} if current else names)

    def claim(self, adapter_name: str) -> bool:
        """Reserve a name for one loading, for ever. Returns False when it was reserved before."""
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(database.adapter_names).values(name=adapter_name, at=self._clock()))
        except IntegrityError:
            return False
        return True

    def heartbeat(self, gateway: str, generation: int, oldest_in_flight: int | None) -> None:
        """Store the generation that a gateway follows, and its oldest generation with a request in flight."""
        table = database.gateways
        seen_at = self._clock()
        columns = {"generation": generation, "oldest_in_flight": oldest_in_flight, "seen_at": seen_at}
        with self._engine.begin() as connection:
            own_row = sa.update(table).where(table.c.gateway == gateway)
            if connection.execute(own_row.values(columns)).rowcount == 0:
                connection.execute(sa.insert(table).values(gateway=gateway, **columns))
                connection.execute(sa.delete(table).where(table.c.seen_at < seen_at - FORGET))

    def leave(self, gateway: str) -> None:
        """Remove a gateway that stops: deployments do not wait for it."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(database.gateways).where(database.gateways.c.gateway == gateway))
