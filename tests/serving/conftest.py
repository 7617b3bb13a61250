"""A gateway on a fresh database in front of a fake engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fastapi.testclient import TestClient

from medpipe.core.contract import ServingContract
from medpipe.gateway_state import GatewayState, gateway_state
from medpipe.ports import Route
from medpipe.settings import Settings
from serving.app import create_app
from tests.contracts import CONTRACT
from tests.fakes_engine import FakeEngine
from tests.waiting import until

LOCAL_CLIENT = ("127.0.0.1", 50000)
"""The address of a test client that may ask without a key."""


class Gateway(NamedTuple):
    """A gateway, its engine and its state."""

    client: TestClient
    engine: FakeEngine
    state: GatewayState
    settings: Settings

    def route_to(
        self,
        name: str,
        version: str = "version/medqa-v1-aaaaaa",
        wait: bool = True,
        contract: ServingContract = CONTRACT,
    ) -> Route:
        """Load a name in the fake engine and route to it, as a deployment does; return the route."""
        self.engine.adapters[name] = "somewhere"
        route = self.state.routes.switch(self.state.routes.current(), version, name, contract)
        assert route is not None
        if wait:
            until(lambda: self.client.get("/readyz").json()["adapter"] == name)
        return route

    def ask(self, question: str = "What causes Velorin fever?", **headers: str) -> dict[str, Any]:
        """Return the answer to a question; fail on any status but 200."""
        response = self.client.post("/v1/ask", json={"question": question}, headers=headers)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    with FakeEngine() as running:
        yield running


@pytest.fixture
def gateway(engine: FakeEngine, tmp_path: Path) -> Iterator[Gateway]:
    settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
    with TestClient(create_app(settings), client=LOCAL_CLIENT) as client:
        yield Gateway(client, engine, gateway_state(settings), settings)
