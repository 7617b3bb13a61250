"""Serve the small NLM until TERM or Ctrl-C: `python -m medpipe.sandbox.nlm --port P --seed 17 --calendar FILE`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from medpipe.sandbox.nlm.calendar import Calendar
from medpipe.sandbox.nlm.reply import Reply
from medpipe.sandbox.nlm.site import Site
from medpipe.sandbox.world import SEED, World


class Handler(BaseHTTPRequestHandler):
    """Turns HTTP requests into calls of a Site, and its replies into HTTP."""

    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        """Answer a GET."""
        self._send(self._published(b""))

    def do_HEAD(self) -> None:
        """Answer a HEAD: the headers of the GET."""
        self._send(self._published(b""), body=False)

    def do_POST(self) -> None:
        """Answer a POST: a command under /_sandbox/, else a query whose arguments are in the body."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        self._send(self.site.steer(path, body) if path.startswith("/_sandbox/") else self._published(body))

    def _published(self, body: bytes) -> Reply:
        url = urlsplit(self.path)
        arguments = dict(parse_qsl(url.query) + parse_qsl(body.decode()))
        return self.site.answer(unquote(url.path), arguments, self.client_address[0])

    def _send(self, reply: Reply, body: bool = True) -> None:
        unchanged = reply.status == 200 and self._known(reply)
        content = b"" if unchanged else reply.body
        self.send_response(304 if unchanged else reply.status)
        for name, value in {
            "Content-Type": reply.media_type,
            "Content-Length": str(len(content)),
            "ETag": reply.etag,
            **reply.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self._write(content[: reply.sent], reply.pause)
        if reply.sent is not None:
            self.close_connection = True

    def _known(self, reply: Reply) -> bool:
        """Return whether the client has this reply already, by its ETag, else by the time of its posting."""
        tag = self.headers.get("If-None-Match")
        if tag is not None:
            return tag == reply.etag
        since = self.headers.get("If-Modified-Since")
        return since is not None and since == reply.headers.get("Last-Modified")

    def _write(self, content: bytes, pause: float) -> None:
        """Send the body, in ten pieces `pause` seconds apart if there is a pause."""
        piece = len(content) // 10 + 1 if pause else len(content) or 1
        for first in range(0, len(content), piece):
            self.wfile.write(content[first : first + piece])
            self.wfile.flush()
            time.sleep(pause)

    def log_message(self, format: str, *arguments: object) -> None:
        """Log one line for each request, without the query, which may contain a key."""
        path = urlsplit(self.path).path if hasattr(self, "path") else "?"
        status = arguments[1] if len(arguments) == 3 else format % arguments
        print(f"{self.log_date_time_string()} {self.command} {path} {status}", file=sys.stderr, flush=True)


def server(port: int, seed: int = SEED, calendar: Path | None = None, host: str = "127.0.0.1") -> ThreadingHTTPServer:
    """Return a server that listens but does not serve yet. Port 0 takes any free port: see its `server_port`."""
    site = Site(World(seed), Calendar(calendar))
    handler = type("SiteHandler", (Handler,), {"site": site})
    return ThreadingHTTPServer((host, port), handler)


def main(arguments: list[str] | None = None) -> None:
    """Serve until TERM or Ctrl-C; the address is printed first."""
    parser = argparse.ArgumentParser(prog="python -m medpipe.sandbox.nlm", description=__doc__)
    parser.add_argument("--port", type=int, default=8200, help="0: any free port")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--seed", type=int, default=SEED, help="seed of the invented world")
    parser.add_argument("--calendar", type=Path, help="file that keeps the current day over restarts")
    options = parser.parse_args(arguments)
    serving = server(options.port, options.seed, options.calendar, options.host)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=serving.shutdown).start())
    print(f"http://{options.host}:{serving.server_port}", flush=True)
    serving.serve_forever()


if __name__ == "__main__":
    main()
