"""Asks the routed adapter, and asks again when the route moves on during the request."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import NamedTuple

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from medpipe.core.contract import ServingContract
from medpipe.core.conversation import NOTHING_BEFORE, Conversation
from medpipe.ports import Route
from serving.engine import AdapterMissing, Completion, EngineClient
from serving.limits import Limits
from serving.metrics import Metrics
from serving.problems import Problem, TryLater
from serving.route_follower import RouteFollower


class Asked(NamedTuple):
    """A question as a client asks it. The contract of the routed version makes the prompt of it."""

    question: str
    context: str = ""
    """The passage that the question is about; "" for none."""
    max_tokens: int | None = None
    """The longest answer that the client wants; None: as long as the version may write."""
    stops: tuple[str, ...] = ()
    """Texts before which the client wants the answer to end."""
    before: Conversation = NOTHING_BEFORE
    """The conversation before the question."""

    def prompt(self, contract: ServingContract, before: Conversation = NOTHING_BEFORE) -> str:
        """Return the prompt after a conversation.

        Raises Problem 422 for a passage that the version was never judged with.
        """
        if self.context and not contract.context:
            message = "context: the served version was judged on questions alone; leave the passage out"
            raise Problem(422, "no_context", message, "context")
        return contract.prompt(self.question, self.context, before)


class RoutedPiece(NamedTuple):
    """A completion or a piece of a streamed one, the route that it came from, and what came before the question."""

    route: Route
    piece: Completion
    before: Conversation


class _BegunStream(NamedTuple):
    first: RoutedPiece | None
    rest: AsyncGenerator[RoutedPiece, None]


class AdapterLost(TryLater):
    """503: the engine does not know the routed adapter, even after a fresh look at the route."""

    def __init__(self, limits: Limits) -> None:
        message = "the engine has lost the served adapter; deploy the version again"
        super().__init__("adapter_lost", message, limits.retry_after_seconds)


class RouteMoved(AdapterLost):
    """The engine has unloaded the adapter of a request, and the route has moved on: a second attempt can succeed."""


class RoutedEngine:
    """The engine behind the route. A request does not fail when a deployment unloads its adapter."""

    def __init__(self, follower: RouteFollower, engine: EngineClient, metrics: Metrics, limits: Limits) -> None:
        self._follower, self._engine = follower, engine
        self._metrics, self._limits = metrics, limits

    async def complete(self, asked: Asked) -> RoutedPiece:
        """Return the routed adapter's whole completion.

        Raises Problem 503 without a route, or when the engine has lost the routed adapter, and the errors
        of `EngineClient.complete`.
        """
        answered: RoutedPiece = await self._attempts()(self._complete, asked)
        return answered

    async def stream(self, asked: Asked) -> AsyncGenerator[RoutedPiece, None]:
        """Yield the routed adapter's completion piece by piece. Errors as in `complete`, before the first piece."""
        begun: _BegunStream = await self._attempts()(self._begin, asked)
        async with aclosing(begun.rest) as rest:
            if begun.first is not None:
                yield begun.first
            async for piece in rest:
                yield piece

    def _attempts(self) -> AsyncRetrying:
        """Return two attempts. One object serves one request: tenacity keeps its state in the object."""
        return AsyncRetrying(
            retry=retry_if_exception_type(RouteMoved),
            stop=stop_after_attempt(2),
            before_sleep=lambda state: self._metrics.retries.inc(),
            reraise=True,
        )

    async def _complete(self, asked: Asked) -> RoutedPiece:
        with self._follower.hold() as route:
            try:
                before, ending = await self._fitting(asked, route), route.contract.ending(asked.max_tokens, asked.stops)
                prompt = asked.prompt(route.contract, before)
                completion = await self._engine.complete(route.adapter_name, prompt, ending)
            except AdapterMissing:
                completion = None
        if completion is None:
            raise await self._lost(route)
        self._follower.warm_adapter = route.adapter_name
        return RoutedPiece(route, completion, before)

    async def _fitting(self, asked: Asked, route: Route) -> Conversation:
        """Return as much of the conversation as the contract has room for. Mostly that is all, and counted once."""
        longest = route.contract.max_prompt_tokens
        shorter = list(route.contract.of(asked.before).shortened())
        if longest is None or len(shorter) == 1:
            return shorter[0]

        async def fits(number: int) -> bool:
            prompt = asked.prompt(route.contract, shorter[number])
            return await self._engine.tokens(route.adapter_name, prompt) <= longest

        first, last = 0, len(shorter) - 1  # the question alone is always asked
        middle = first
        while first < last:
            first, last = (first, middle) if await fits(middle) else (middle + 1, last)
            middle = (first + last) // 2
        return shorter[last]

    async def _begin(self, asked: Asked) -> _BegunStream:
        """Wait for the first piece: the engine refuses an unknown adapter before it."""
        pieces = self._pieces(asked)
        return _BegunStream(await anext(pieces, None), pieces)

    async def _pieces(self, asked: Asked) -> AsyncGenerator[RoutedPiece, None]:
        with self._follower.hold() as route:
            try:
                before, ending = await self._fitting(asked, route), route.contract.ending(asked.max_tokens, asked.stops)
                prompt = asked.prompt(route.contract, before)
                pieces = self._engine.stream(route.adapter_name, prompt, ending)
                async with aclosing(pieces):  # closed at once, so that the engine stops when the client has left
                    async for piece in pieces:
                        yield RoutedPiece(route, piece, before)
                return
            except AdapterMissing:
                pass
        raise await self._lost(route)

    async def _lost(self, route: Route) -> AdapterLost:
        """Return the error of a missing adapter, after a fresh look at the route."""
        if await self._follower.refresh() != route:
            return RouteMoved(self._limits)
        self._follower.warm_adapter = None
        return AdapterLost(self._limits)
