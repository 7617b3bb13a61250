"""Limits of each key: requests and tokens a minute, counted in memory or in Redis by the library `limits`."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import NamedTuple

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.strategies import FixedWindowRateLimiter
from limits.storage import storage_from_string

from serving.answer_service import AnswerPiece, ServedAnswer
from serving.metrics import Metrics
from serving.problems import Problem
from serving.routed_engine import Asked

_log = logging.getLogger("serving.quotas")
_REDIS_SECONDS = 0.5
"""How long Redis may take before this gateway counts alone."""
_AGAIN_SECONDS = 5.0
"""How long Redis is then not asked, so that not every request waits for it."""
_CHARS_PER_TOKEN = 4
"""OpenAI's rule of thumb for English, for an engine that does not count the tokens."""


class Quota(NamedTuple):
    """What a caller may do in a minute. 0: without a limit."""

    requests: int
    tokens: int


class Quotas:
    """Counts requests and tokens of callers in windows of a minute that begin with a caller's first request.

    Tokens are counted when an answer has been given: the request that goes over the limit is answered, and the next
    one is refused until the window ends. While Redis does not answer, each gateway counts alone.
    """

    def __init__(self, address: str, metrics: Metrics) -> None:
        """`address`: of Redis, `redis://…` or `rediss://…`; "" counts in the gateway's own memory."""
        self._metrics = metrics
        self._alone = FixedWindowRateLimiter(storage_from_string("async+memory://"))
        self._shared: FixedWindowRateLimiter | None = None
        self._away_until = 0.0
        if address:
            options: dict[str, float | str | bool] = {
                "implementation": "redispy",
                "socket_timeout": _REDIS_SECONDS,
                "socket_connect_timeout": _REDIS_SECONDS,
            }
            self._shared = FixedWindowRateLimiter(storage_from_string(f"async+{address}", **options))

    async def admit(self, name: str, quota: Quota) -> dict[str, str]:
        """Count a request of a caller and return the headers that say what is left, as OpenAI's API does.

        Raises Problem 429, with the same headers and `Retry-After`, when either limit is used up.
        """
        headers: dict[str, str] = {}
        over: list[tuple[str, float]] = []
        if quota.requests:
            count, reset = await self._count(RateLimitItemPerMinute(quota.requests), name, "requests", 1)
            headers |= _headers("requests", quota.requests, quota.requests - count, reset)
            over += [("requests", reset)] if count > quota.requests else []
        if quota.tokens:
            count, reset = await self._count(RateLimitItemPerMinute(quota.tokens), name, "tokens", 0)
            headers |= _headers("tokens", quota.tokens, quota.tokens - count, reset)
            over += [("tokens", reset)] if count >= quota.tokens else []
        if over:
            raise self._refusal(over, quota, headers)
        return headers

    async def spend(self, name: str, quota: Quota, tokens: int) -> None:
        """Count the tokens of an answer that was given."""
        if quota.tokens and tokens:
            await self._count(RateLimitItemPerMinute(quota.tokens), name, "tokens", tokens)

    def _refusal(self, over: list[tuple[str, float]], quota: Quota, headers: dict[str, str]) -> Problem:
        for what, _ in over:
            self._metrics.limited.labels(what).inc()
        limits = " and ".join(f"{getattr(quota, what)} {what} a minute" for what, _ in over)
        seconds = max(1, math.ceil(max(reset for _, reset in over)))
        message = f"this key has used its {limits}; try again in {seconds} s"
        return Problem(429, "rate_limit_exceeded", message, headers={**headers, "Retry-After": str(seconds)})

    async def _count(self, item: RateLimitItem, name: str, what: str, cost: int) -> tuple[int, float]:
        """Add to a count; return it, and the seconds until its window ends."""
        if self._shared and time.monotonic() >= self._away_until:
            try:
                return await _counted(self._shared, item, name, what, cost)
            except Exception as error:
                self._away_until = time.monotonic() + _AGAIN_SECONDS
                self._metrics.limits_alone.inc()
                _log.warning("Redis does not count limits just now: %s", type(error).__name__)
        return await _counted(self._alone, item, name, what, cost)


async def _counted(
    limiter: FixedWindowRateLimiter, item: RateLimitItem, name: str, what: str, cost: int
) -> tuple[int, float]:
    key, storage = item.key_for(name, what), limiter.storage
    count = await storage.incr(key, item.get_expiry(), amount=cost) if cost else await storage.get(key)
    return count, max(0.0, await storage.get_expiry(key) - time.time())


def _headers(what: str, limit: int, left: int, reset: float) -> dict[str, str]:
    return {
        f"x-ratelimit-limit-{what}": str(limit),
        f"x-ratelimit-remaining-{what}": str(max(0, left)),
        f"x-ratelimit-reset-{what}": _duration(reset),
    }


def _duration(seconds: float) -> str:
    """Return a time as OpenAI's headers write it: `1m0s`, `59s`."""
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def tokens_of(asked: Asked, answer: ServedAnswer) -> int:
    """Return the tokens that an answer cost: as the engine counted, else estimated. The rules' replies cost nothing."""
    counted = answer.prompt_tokens + answer.completion_tokens
    if counted or answer.refused:
        return counted
    return estimated(len(asked.question) + len(asked.context) + len(answer.text))


def estimated(characters: int) -> int:
    """Return about how many tokens so many characters of English are."""
    return math.ceil(characters / _CHARS_PER_TOKEN)


async def metered(
    quotas: Quotas, name: str, quota: Quota, asked: Asked, pieces: AsyncGenerator[AnswerPiece, None]
) -> AsyncGenerator[AnswerPiece, None]:
    """Yield a streamed answer, and count its tokens when it ends. Where it ends early: those of what was sent."""
    sent, last = len(asked.question) + len(asked.context), None
    try:
        async with aclosing(pieces):
            async for last in pieces:
                sent += len(last.text)
                yield last
    finally:
        if last:
            left = last.tokens or estimated(sent)
            await quotas.spend(name, quota, tokens_of(asked, last.answer) if last.answer else left)
