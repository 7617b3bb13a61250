"""An application behind a real HTTP server, which notices when a client disconnects."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from medpipe.settings import Settings
from serving.app import create_app
from serving.limits import LIMITS, Limits
from tests.waiting import until


@contextmanager
def over_http(app: FastAPI) -> Iterator[str]:
    """Run an application; give its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started, 150)  # the first gateway of a process loads the recognisers
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(60)


@contextmanager
def running(settings: Settings, limits: Limits = LIMITS) -> Iterator[str]:
    """Run a gateway; give its address."""
    with over_http(create_app(settings, limits)) as address:
        yield address
