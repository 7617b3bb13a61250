"""A web server of one file, for tests: it counts what was asked and can be slow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.served import served

POSTED = "Tue, 03 Mar 2026 07:30:00 GMT"


class Web(ThreadingHTTPServer):
    """`body` under every path, with its ETag; `asked` are the statuses that were answered."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body, self.etag, self.pause, self.piece = b"", '"1"', 0.0, 1 << 20
        self.asked: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        web = self.server
        status = 304 if web.etag and self.headers.get("If-None-Match") == web.etag else 200
        web.asked.append(status)
        body = web.body if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", POSTED)
        if web.etag:
            self.send_header("ETag", web.etag)
        self.end_headers()
        try:
            for first in range(0, len(body), web.piece):
                self.wfile.write(body[first : first + web.piece])
                time.sleep(web.pause)
        except OSError:
            return  # the reader went away

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Web]:
    with served(Web()) as web:
        yield web
