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
    screened_chars: int = 4_000
    """The newest part of a person's messages that rules read, the question included. Nothing older counts."""
    inline_chars: int = 300
    """Texts up to this length are judged at once, in about a millisecond; longer ones beside the event loop."""
    upload_seconds: float = 10.0
    """How long a client may take to send a body."""
    engine_seconds: float = 60.0
    """How long the engine may take for a whole completion, or for the first piece of a stream."""
    piece_seconds: float = 30.0
    """How long the engine may take for the next piece of a stream."""
    probe_seconds: float = 3.0
    """How long the engine may take to list its models."""
    engine_requests: int = 128
    """Requests at the engine at the same time. The next ones wait."""
    waiting_requests: int = 256
    """Requests that wait for their turn at the engine. A further one is told to come later, at once."""
    waiting_seconds: float = 10.0
    """How long a request waits for its turn at the engine."""
    open_requests: int = 1_000
    """Requests of any kind but health that are open at the same time. A further one is refused unread."""
    breaker_failures: int = 5
    """Failures of the engine in a row after which it is left alone."""
    breaker_seconds: float = 2.0
    """How long it is left alone before one request tries it again."""
    store_seconds: float = 3.0
    """How long an answer waits for the database before its record goes to the spool."""
    drain_seconds: float = 1.0
    """Pause between two attempts to bring the spool to a database that failed."""
    spool_bytes: int = 64 * 1024 * 1024
    """Largest size of the spool. Beyond it answers of the model are not given."""
    answer_seconds: float = 90.0
    """How long any request may take until the first byte of its answer, whatever it waits for."""
    poll_seconds: float = 0.25
    heartbeat_seconds: float = 2.0
    register_seconds: float = 10.0
    """How old the last reading of the register of withdrawals may be. Less than `routes.LIVE_SECONDS`."""
    retry_after_seconds: int = 5


LIMITS = Limits()
