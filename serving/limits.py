"""Limits of one request, and the gateway's timeouts."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import AfterValidator


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
"""Text that a person wrote. PostgreSQL cannot store NUL."""


class Limits(NamedTuple):
    """Sizes in characters, bytes and tokens; times in seconds."""

    question_chars: int = 2_000
    correction_chars: int = 4_000
    messages: int = 64
    history_chars: int = 16_000
    """Characters of earlier turns, and of instructions, that are looked at."""
    stops: int = 4
    stop_chars: int = 200
    body_bytes: int = 64 * 1024
    context_chars: int = 8_000
    engine_seconds: float = 60.0
    poll_seconds: float = 0.25
    heartbeat_seconds: float = 2.0
    register_seconds: float = 10.0
    """How old the last reading of the register of withdrawals may be. Less than `routes.LIVE_SECONDS`."""
    retry_after_seconds: int = 5


LIMITS = Limits()
