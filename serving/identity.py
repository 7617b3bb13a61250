"""Who calls, and what they may do: the holder of an issued key, or an anonymous client on this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple

from fastapi import Request

from medpipe.core.teaching.identities import USERS_SCOPES, Key, Scope
from serving.answer_ids import Signer
from serving.answer_service import AnswerPiece, ServedAnswer
from serving.known_keys import KnownKeys
from serving.metrics import Metrics
from serving.problems import Problem, TryLater
from serving.quota_headers import keep
from serving.quotas import Quota, Quotas, metered, tokens_of
from serving.routed_engine import Asked

ANONYMOUS = "anonymous"
"""The beginning of the identity of a client without a key."""
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""Headers of a proxy. Behind one, the address says nothing about who asks."""


class Caller(NamedTuple):
    """Who sent a request."""

    identity: str
    """The key's holder, or a pseudonym of the address."""
    scopes: frozenset[Scope]
    key: Key | None = None
    """None without a key."""
    problem: Problem | None = None
    """Why no model answers: the key could not be checked, or has used a limit. See `Callers.asking`."""


class Callers:
    """Finds who sent a request, and refuses what they may not do. No header but an issued key makes an identity."""

    def __init__(
        self, keys: KnownKeys, signer: Signer, metrics: Metrics, quotas: Quotas, usual: Quota, anonymous: bool
    ) -> None:
        """`usual`: the limits of a key that says nothing of them, and of each address without a key.

        `anonymous`: whether clients on this machine may ask without a key.
        """
        self._keys, self._signer, self._metrics, self._anonymous = keys, signer, metrics, anonymous
        self._quotas, self._usual = quotas, usual

    def needing(self, *scopes: Scope) -> Callable[[Request], Awaitable[None]]:
        """Return a dependency of endpoints: it admits callers with one of these scopes, and remembers the caller.

        It raises Problem 401 without a key, and for one that is not in force, Problem 403 for a key without such a
        scope, Problem 429 over a limit of the key, and Problem 503 while the key cannot be checked. `caller_of` then
        returns the caller.
        """

        async def admit(request: Request) -> None:
            caller = await self._admitted(request, *scopes)
            if caller.problem:
                raise caller.problem

        return admit

    async def asking(self, request: Request) -> None:
        """Admit a caller with the scope `ask`: a dependency of endpoints, as those of `needing`.

        Problem 429 and 503 are not raised but noted in `Caller.problem`. The endpoint raises it, unless a rule answers
        somebody in danger.
        """
        await self._admitted(request, "ask")

    async def _admitted(self, request: Request, *scopes: Scope) -> Caller:
        caller = await self._caller(request)
        if caller.problem is None and not caller.scopes.intersection(scopes):
            self._metrics.denied.labels("scope").inc()
            needed = " or ".join(scopes)
            raise Problem(403, "missing_scope", f"this needs a key with the scope {needed}; ask the operator for one")
        if "admin" not in scopes and caller.problem is None:  # whoever stops serving must get through
            caller = caller._replace(problem=await self._count(request, caller))
        request.state.caller = caller
        return caller

    async def charge(self, request: Request, asked: Asked, answer: ServedAnswer) -> None:
        """Count the tokens of an answer that was given."""
        await self._quotas.spend(*self._counted_as(caller_of(request)), tokens_of(asked, answer))

    def metered(
        self, request: Request, asked: Asked, pieces: AsyncGenerator[AnswerPiece, None]
    ) -> AsyncGenerator[AnswerPiece, None]:
        """Return a streamed answer, whose tokens are counted when it ends."""
        return metered(self._quotas, *self._counted_as(caller_of(request)), asked, pieces)

    async def _count(self, request: Request, caller: Caller) -> Problem | None:
        """Count a request. Return why a further answer of a model exceeds a limit, if so."""
        try:
            keep(request, await self._quotas.admit(*self._counted_as(caller)))
        except Problem as problem:
            left = {name: value for name, value in problem.headers.items() if name != "Retry-After"}
            keep(request, left)  # also where a rule answers, which is no reason to wait
            return problem
        return None

    def _counted_as(self, caller: Caller) -> tuple[str, Quota]:
        """Return the name under which a caller's requests are counted, and the limits."""
        if caller.key is None:
            return caller.identity, self._usual
        requests, tokens = caller.key.requests_per_minute, caller.key.tokens_per_minute
        usual = self._usual
        return caller.key.id, Quota(
            usual.requests if requests is None else requests, usual.tokens if tokens is None else tokens
        )

    async def _caller(self, request: Request) -> Caller:
        """Return the caller; while the database is away, one that is not known and has that problem."""
        header = request.headers.get("Authorization", "").strip()
        if not header:
            return self._without_key(request)
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise self._refused("send the key as `Authorization: Bearer KEY`")
        try:
            key = await self._keys.find(secret.strip())
        except TryLater as problem:
            return Caller(f"{ANONYMOUS}-unknown", frozenset(), problem=problem)
        if key is None:
            raise self._refused("this key was never issued here; ask the operator for one")
        if reason := key.refusal(datetime.now(UTC)):
            raise self._refused(f"the key {key.id} {reason}; ask the operator for a new one")
        return Caller(key.holder, frozenset(key.scopes), key)

    def _without_key(self, request: Request) -> Caller:
        if not (self._anonymous and _is_local(request)):
            raise self._refused("a key is needed: send it as `Authorization: Bearer KEY`; the operator issues keys")
        host = request.client.host if request.client else "unknown"
        return Caller(self._signer.pseudonym(ANONYMOUS, host), frozenset(USERS_SCOPES))

    def _refused(self, message: str) -> Problem:
        self._metrics.denied.labels("key").inc()
        return Problem(401, "invalid_key", message, "Authorization", {"WWW-Authenticate": "Bearer"})


def caller_of(request: Request) -> Caller:
    """Return who sent a request that a dependency of `Callers.needing` has admitted."""
    caller: Caller = request.state.caller
    return caller


def is_loopback(host: str) -> bool:
    """Return whether an address or a name is that of this machine's loopback interface."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_local(request: Request) -> bool:
    """Return whether a request comes from this machine, and not through a proxy on it."""
    forwarded = any(name in request.headers for name in _FORWARDED)
    return not forwarded and request.client is not None and is_loopback(request.client.host)
