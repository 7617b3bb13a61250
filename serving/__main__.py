"""Run the gateway: ``python -m serving --port 8100``."""

from __future__ import annotations

import argparse
import sys

import uvicorn

from medpipe.errors import MedpipeError, UsageError, exit_status
from medpipe.settings import Settings
from serving.app import create_app
from serving.identity import is_loopback


def main() -> None:
    """Serve until a signal comes; requests in flight are finished first. Ends with `errors.exit_status` of an error."""
    parser = argparse.ArgumentParser(prog="python -m serving", description="medpipe's gateway")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8100, help="port to listen on (default %(default)s)")
    arguments = parser.parse_args()
    try:
        settings = Settings()
        if settings.anonymous and not is_loopback(arguments.host):
            raise UsageError(
                f"--host {arguments.host} is open to other machines, and MEDPIPE_ANONYMOUS lets clients ask without a "
                "key: unset it and issue keys (medpipe issue-key), or listen on 127.0.0.1"
            )
        app = create_app(settings)
    except MedpipeError as error:
        parser.exit(exit_status(error), f"{parser.prog}: {error}\n")
    # Rules and redaction run beside the event loop, which must not wait 5 ms for each turn at the interpreter.
    sys.setswitchinterval(0.0005)
    # Access logs stay off: a query string could carry a text. /metrics counts requests.
    uvicorn.run(app, host=arguments.host, port=arguments.port, access_log=False, timeout_graceful_shutdown=30)


if __name__ == "__main__":
    main()
