"""Follows the route table: which adapter to ask now, and which requests still use an earlier one."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from medpipe.ports import Route, Routes
from serving.engine import AdapterMissing, EngineClient
from serving.following import Following
from serving.limits import Limits
from serving.problems import Problem, TryLater

_log = logging.getLogger("serving.route_follower")
_WARM_UP_QUESTION = "Is it warm?"
_WARM_UP_SECONDS = 5.0


class RouteFollower(Following):
    """The gateway's view of the route. It runs on one event loop, so nothing is locked.

    A request reads the current route and is counted under its generation in one step; a heartbeat reads the
    route and the counts in one step. So when a heartbeat reports generation 7 with nothing older in flight, no
    request of this gateway can reach an older adapter any more, and a deployment may unload it.
    """

    def __init__(self, routes: Routes, engine: EngineClient, limits: Limits) -> None:
        super().__init__("follow the route", limits, _log)
        self._routes, self._engine = routes, engine
        self.gateway = uuid.uuid4().hex
        """This gateway's name in heartbeats."""
        self.current: Route | None = None
        """The newest route that was read; None before the first deployment."""
        self.warm_adapter: str | None = None
        """The adapter that has answered this gateway at least once."""
        self.in_flight: Counter[int] = Counter()
        """Requests at the engine by the generation of their route."""

    async def stop(self) -> None:
        """Stop following, and tell deployments not to wait for this gateway."""
        await super().stop()
        try:
            async with asyncio.timeout(self._limits.store_seconds):
                await asyncio.to_thread(self._routes.leave, self.gateway)
        except Exception as error:  # records of answers still wait to be kept
            _log.warning("deployments wait for this gateway for a while: %s", type(error).__name__)

    @contextmanager
    def hold(self) -> Iterator[Route]:
        """Give the current route, and count a request in flight on it while the block runs.

        Raises Problem 503 before the first deployment.
        """
        route = self.current
        if route is None:
            message = "no version has been deployed yet; try again later"
            raise TryLater("nothing_deployed", message, self._limits.retry_after_seconds)
        self.in_flight[route.generation] += 1
        try:
            yield route
        finally:
            self.in_flight[route.generation] -= 1
            if not self.in_flight[route.generation]:
                del self.in_flight[route.generation]

    async def refresh(self) -> Route | None:
        """Read the route table now, and return the newest route that was ever read."""
        route = await asyncio.to_thread(self._routes.current)
        if route and (self.current is None or route.generation > self.current.generation):
            _log.info("following generation %s: %s", route.generation, route.adapter_name)
            self.current = route
        return self.current

    async def _turn(self) -> None:
        await self.refresh()
        await self._warm_up()
        # The generation and the oldest one in flight, read in one step.
        report = (self.current.generation if self.current else 0, min(self.in_flight, default=None))
        await self._report(report, partial(self._routes.heartbeat, self.gateway, *report))

    async def _warm_up(self) -> None:
        """Ask the routed adapter for one token, so that the first client does not wait for a cold engine."""
        route = self.current
        if route is None or self.warm_adapter == route.adapter_name:
            return
        with suppress(Problem, AdapterMissing, TimeoutError), self.hold() as route:
            question = route.contract.prompt(_WARM_UP_QUESTION)
            answer = self._engine.complete(route.adapter_name, question, route.contract.ending(1))
            await asyncio.wait_for(answer, _WARM_UP_SECONDS)
            self.warm_adapter = route.adapter_name
