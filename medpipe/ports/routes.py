"""The route table of the gateways."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from medpipe.core.contract import ServingContract


class Route(NamedTuple):
    """What gateways ask, and how. Each switch makes the next generation, from 1 on."""

    version: str
    adapter_name: str
    generation: int
    contract: ServingContract
    """The version's own: gateways know no other numbers."""


class Routes(Protocol):
    """The route table: which adapter the gateways ask. A deployment switches it; gateways follow and acknowledge."""

    def current(self) -> Route | None:
        """Return the route of the newest generation; None before the first deployment."""

    def switch(
        self,
        expected: Route | None,
        version: str,
        adapter_name: str,
        contract: ServingContract,
        only_champion: bool = False,
    ) -> Route | None:
        """Make and return the next generation. Returns None, without any change, when `expected` is not current.

        `only_champion`: returns None too when `version` is not the ledger's champion at that moment.
        """

    def settled(self, generation: int) -> bool:
        """Return whether every live gateway follows `generation` or a later one, with no older request in flight."""

    def retired(self) -> frozenset[str]:
        """Return the adapter names that were routed once and are not now: a deployment may unload them."""

    def claim(self, adapter_name: str) -> bool:
        """Reserve a name for one loading, for ever. Returns False when it was reserved before."""

    def heartbeat(self, gateway: str, generation: int, oldest_in_flight: int | None) -> None:
        """Store the generation that a gateway follows, and its oldest generation with a request in flight."""

    def leave(self, gateway: str) -> None:
        """Remove a gateway that stops: deployments do not wait for it."""
