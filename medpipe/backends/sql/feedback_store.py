"""Served answers, and the feedback on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from medpipe.backends.sql import database
from medpipe.errors import NotFound
from medpipe.ports import FeedbackItem


class SqlFeedbackStore:
    """Implements `ports.FeedbackStore` and `ports.AnswerLog`."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = database.now) -> None:
        """`engine`: from `database.connect`. `clock`: returns the present moment as an aware datetime."""
        self._engine = engine
        self._clock = clock

    def record(
        self, answer_id: str, identity: str, question: str, answer: str, version: str, adapter_name: str, refused: bool
    ) -> None:
        """Store one served answer."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.insert(database.answers).values(
                    answer_id=answer_id,
                    at=self._clock(),
                    identity=identity,
                    question=question,
                    answer=answer,
                    version=version,
                    adapter_name=adapter_name,
                    refused=refused,
                )
            )

    # Two requests can both find no row of an identity and both insert one. The loser finds that row on its second try.
    @retry(retry=retry_if_exception_type(IntegrityError), stop=stop_after_attempt(2), reraise=True)
    def rate(self, answer_id: str, identity: str, rating: str, correction: str | None) -> None:
        """Store an identity's feedback on an answer; it replaces earlier feedback. Raises NotFound for no answer."""
        table = database.feedback
        columns = {"rating": rating, "correction": correction, "at": self._clock()}
        own_row = sa.and_(table.c.answer_id == answer_id, table.c.identity == identity)
        answer = sa.select(database.answers.c.answer_id).where(database.answers.c.answer_id == answer_id)
        with self._engine.begin() as connection:
            if connection.execute(sa.update(table).where(own_row).values(columns)).rowcount:
                return
            if connection.execute(answer).first() is None:
                raise NotFound(f"no answer {answer_id} is stored")
            connection.execute(sa.insert(table).values(answer_id=answer_id, identity=identity, **columns))

    def between(self, start: datetime, end: datetime) -> Iterator[FeedbackItem]:
        """Yield feedback as `ports.FeedbackStore` says, without feedback on refusals: they have no better answer."""
        given, served = database.feedback, database.answers
        items = (
            sa.select(
                given.c.answer_id,
                served.c.question,
                served.c.answer,
                served.c.version,
                given.c.identity,
                given.c.rating,
                given.c.correction,
                given.c.at,
            )
            .join(served, served.c.answer_id == given.c.answer_id)
            .where(given.c.at >= start, given.c.at < end, served.c.refused.is_(False))
            .order_by(given.c.at, given.c.answer_id, given.c.identity)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(items).all()
        yield from (FeedbackItem(*row) for row in rows)
