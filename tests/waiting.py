"""Waiting for what another thread or process does."""

from __future__ import annotations

from collections.abc import Callable

from medpipe.sandbox.waiting import Value, wait_until


def until(condition: Callable[[], Value], seconds: float = 5.0) -> Value:
    """Wait until a condition is true, and return what it returned; fail after some seconds."""
    return wait_until(condition, seconds, pause=0.02)
