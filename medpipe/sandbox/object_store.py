"""An S3 server on this machine, for tests and benchmarks: moto, with its objects in memory.

    python -m medpipe.sandbox.object_store --port 9000 [--latency 0.02]

moto looks whether an object exists and then writes it, in two steps. Here it answers one request at a time, so that a
conditional write is one step, as it is in S3.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from medpipe.sandbox.server import Server, answers, free_port

_HOST, _USUAL_PORT = "127.0.0.1", 9000


@contextmanager
def serving(log: Path, latency: float = 0.0) -> Iterator[dict[str, str]]:
    """Run a server until the block ends, and yield the variables by which clients find it.

    `log`: its log; a file `requests` beside it has a line for each request. `latency`: seconds that it waits before
    each answer.
    """
    endpoint = f"http://{_HOST}:{free_port(_USUAL_PORT + os.getpid() % 1000 * 10, set())}"
    server = Server(
        name="object store",
        command=[
            sys.executable,
            "-m",
            "medpipe.sandbox.object_store",
            f"--port={endpoint.rpartition(':')[2]}",
            f"--latency={latency}",
            f"--requests={log.with_name('requests')}",
        ],
        environment=os.environ,
        log=log,
        mark=str(log),
        ready=lambda: answers(endpoint),
    )
    server.start()
    try:
        server.wait_ready()
        yield {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": "us-east-1",
        }
    finally:
        server.stop()


def make_bucket(variables: dict[str, str], bucket: str) -> None:
    """Make an empty bucket on a server that `serving` runs."""
    import requests

    requests.put(f"{variables['AWS_ENDPOINT_URL']}/{bucket}", timeout=30).raise_for_status()


class _OneByOne:
    """A WSGI application that answers one request at a time."""

    def __init__(self, application: Callable[..., Iterable[bytes]], latency: float, requests: Path) -> None:
        self._application = application
        self._latency = latency
        self._log = requests.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        time.sleep(self._latency)
        with self._lock:
            self._log.write(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}\n")
            return list(self._application(environ, start_response))


def main() -> None:
    """Serve until the process is stopped."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, run_simple

    parser = argparse.ArgumentParser(prog="medpipe.sandbox.object_store", description=__doc__)
    parser.add_argument("--port", type=int, default=_USUAL_PORT)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--requests", type=Path, default=Path(os.devnull), help="file to write each request to")
    options = parser.parse_args()
    WSGIRequestHandler.protocol_version = "HTTP/1.1"  # connections are kept, as real servers do
    application = DomainDispatcherApplication(create_backend_app)
    run_simple(_HOST, options.port, _OneByOne(application, options.latency, options.requests), threaded=True)


if __name__ == "__main__":
    main()
