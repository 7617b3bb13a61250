"""GET / and /docs: the page on which people ask and rate, and the list of endpoints.

Both are files of this package. The headers forbid the browser to load or run anything from elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response

from serving.limits import Limits
from serving.problems import Problem

FILES = Path(__file__).parent / "static"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",  # scripts of two releases never run together
}


def page_endpoints(limits: Limits, anonymous: bool) -> APIRouter:
    """Return the endpoints of the page. They need no key, and read the files once.

    `anonymous`: whether clients on this machine may ask without a key.
    """
    endpoints = APIRouter(include_in_schema=False)
    files = {path.name: path.read_bytes() for path in sorted(FILES.iterdir())}

    def served(name: str) -> Response:
        return Response(files[name], headers={**HEADERS, "Content-Type": TYPES[Path(name).suffix]})

    @endpoints.get("/")
    async def page() -> Response:
        return served("ask.html")

    @endpoints.get("/docs")
    async def documentation() -> Response:
        return served("docs.html")

    @endpoints.get("/page/settings")
    async def settings() -> dict[str, Any]:
        """Return what the page must know of this gateway. Lengths are in characters."""
        return {"needs_key": not anonymous, "question": limits.question_chars, "correction": limits.correction_chars}

    @endpoints.get("/page/{name}")
    async def file(name: str) -> Response:
        if name not in files:
            raise Problem(404, "not_found", "the page has no such file")
        return served(name)

    return endpoints
