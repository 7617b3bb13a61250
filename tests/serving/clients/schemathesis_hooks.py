"""Lets schemathesis reach the answers: nearly every request that it makes up names no model that is served."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.hook
def map_body(_context: Any, body: Any) -> Any:
    """Name the served model in four requests of five; the others show that another name is refused."""
    if isinstance(body, dict) and "model" in body and len(str(body)) % 5:
        return {**body, "model": "medqa"}
    return body
