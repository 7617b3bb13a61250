"""Answers that were served, and what people said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from medpipe.backends.sql import database
from medpipe.ports import FeedbackItem


class SqlFeedbackStore:
    """Implements `ports.FeedbackStore` and `ports.AnswerLog`."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = database.now) -> None:
        """`engine` comes from `database.connect`; `clock` gives aware datetimes."""
        self._engine = engine
        self._clock = clock

    def record(
        self, answer_id: str, identity: str, question: str, answer: str, version: str, adapter_name: str, refused: bool
    ) -> None:
        """Keep one served answer."""
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

    def rate(self, answer_id: str, identity: str, rating: str, correction: str | None) -> None:
        """Keep one identity's opinion of an answer, in place of its earlier one; LookupError without the answer."""
        try:
            self._rate(answer_id, identity, rating, correction)
        except IntegrityError:  # the same opinion came twice at one moment: the other row is there now
            self._rate(answer_id, identity, rating, correction)

    def _rate(self, answer_id: str, identity: str, rating: str, correction: str | None) -> None:
        table = database.feedback
        opinion = {"rating": rating, "correction": correction, "at": self._clock()}
        mine = sa.and_(table.c.answer_id == answer_id, table.c.identity == identity)
        known = sa.select(database.answers.c.answer_id).where(database.answers.c.answer_id == answer_id)
        with self._engine.begin() as connection:
            if connection.execute(sa.update(table).where(mine).values(opinion)).rowcount:
                return
            if connection.execute(known).first() is None:
                raise LookupError(f"no answer {answer_id}")
            connection.execute(sa.insert(table).values(answer_id=answer_id, identity=identity, **opinion))

    def between(self, start: datetime, end: datetime) -> Iterator[FeedbackItem]:
        """See the port. Feedback on refused answers is left out: there is no answer to prefer."""
        said, served = database.feedback, database.answers
        items = (
            sa.select(
                said.c.answer_id,
                served.c.question,
                served.c.answer,
                served.c.version,
                said.c.identity,
                said.c.rating,
                said.c.correction,
                said.c.at,
            )
            .join(served, served.c.answer_id == said.c.answer_id)
            .where(said.c.at >= start, said.c.at < end, served.c.refused.is_(False))
            .order_by(said.c.at, said.c.answer_id, said.c.identity)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(items).all()
        yield from (FeedbackItem(*row) for row in rows)
