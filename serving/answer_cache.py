"""A cache of whole answers to `/v1/ask`, before the rules judge them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator
from typing import NamedTuple

from medpipe.core.stop import Stop
from serving.block_follower import BlockFollower
from serving.index_follower import IndexFollower
from serving.metrics import Metrics
from serving.route_follower import RouteFollower
from serving.routed_engine import Asked, RoutedEngine, RoutedPiece
from serving.stopping import StopFollower

MOST_ANSWERS = 2_048
"""Answers that are kept: about 5 MB at 2,000 characters of question and answer. The one that was not asked for longest
goes first."""


class _Key(NamedTuple):
    generation: int
    """Of the route: it names the version and its contract."""
    index_ref: str
    question: str
    context: str


class CachingEngine:
    """The engine behind the route, which is not asked the same question of the same version twice.

    What it keeps is what the model wrote. A repeated answer goes through everything that a new one does: the switch
    stands before it, the guardrails and the block of withdrawn claims judge it again, it gets an id and a record of its
    own, and its sources are looked up again. It counts in a key's tokens as a new one, so that a key's quota does not
    depend on what others asked. Nothing is kept while no index is followed, so a gateway without one is as it was.
    """

    def __init__(
        self,
        engine: RoutedEngine,
        follower: RouteFollower,
        index: IndexFollower,
        blocks: BlockFollower,
        stops: StopFollower,
        metrics: Metrics,
    ) -> None:
        self._engine, self._follower, self._index = engine, follower, index
        self._blocks, self._stops = blocks, stops
        self._answers: OrderedDict[_Key, RoutedPiece] = OrderedDict()
        self._state: tuple[int, Stop | None] = (0, None)
        index.each_turn.append(self.check)  # so that nothing that was withdrawn stays in memory
        self._repeated = metrics.repeated

    def __len__(self) -> int:
        self.check()
        return len(self._answers)

    def check(self) -> None:
        """Forget everything when the register of withdrawals has a new entry, or serving was stopped or resumed."""
        state = (self._blocks.sequence, self._stops.newest)
        if state != self._state:
            self._answers.clear()
            self._state = state

    def forget(self, asked: Asked) -> None:
        """Forget the answer to a question: a rule has replaced it."""
        if key := self._key(asked):
            self._answers.pop(key, None)

    async def complete(self, asked: Asked) -> RoutedPiece:
        """As `RoutedEngine.complete`."""
        self.check()
        key, state = self._key(asked), self._state
        if key and (kept := self._answers.get(key)):
            self._answers.move_to_end(key)
            self._repeated.inc()
            return kept
        piece = await self._engine.complete(asked)
        self.check()
        # Not what was asked of an earlier version, with another index, or before a withdrawal or a stop.
        if key and key == self._key(asked) and self._state == state and piece.route.generation == key.generation:
            self._answers[key] = piece
            if len(self._answers) > MOST_ANSWERS:
                self._answers.popitem(last=False)
        return piece

    def stream(self, asked: Asked) -> AsyncGenerator[RoutedPiece, None]:
        """As `RoutedEngine.stream`. Streams are not kept."""
        return self._engine.stream(asked)

    def _key(self, asked: Asked) -> _Key | None:
        """Return what an answer depends on; None for what is not kept."""
        route, index = self._follower.current, self._index.ref
        if route is None or index is None or asked != Asked(asked.question, asked.context):
            return None
        return _Key(route.generation, index, asked.question, asked.context)
