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
from medpipe.ports import FeedbackItem, GivenAnswer

_AT_ONCE = 500
"""Answers that are in memory at once."""


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
        feedback, answers = database.feedback, database.answers
        items = (
            sa.select(
                feedback.c.answer_id,
                answers.c.question,
                answers.c.answer,
                answers.c.version,
                feedback.c.identity,
                feedback.c.rating,
                feedback.c.correction,
                feedback.c.at,
            )
            .join(answers, answers.c.answer_id == feedback.c.answer_id)
            .where(feedback.c.at >= start, feedback.c.at < end, answers.c.refused.is_(False))
            .order_by(feedback.c.at, feedback.c.answer_id, feedback.c.identity)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(items).all()
        yield from (FeedbackItem(*row) for row in rows)

    def answers(self) -> Iterator[GivenAnswer]:
        """Yield answers as `ports.FeedbackStore` says, some hundred at a time."""
        table = database.answers
        given = (
            sa.select(
                table.c.answer_id, table.c.at, table.c.identity, table.c.version, table.c.question, table.c.answer
            )
            .where(table.c.refused.is_(False))
            .order_by(table.c.at, table.c.answer_id)
            .execution_options(yield_per=_AT_ONCE)
        )
        with self._engine.connect() as connection:
            for row in connection.execute(given):
                yield GivenAnswer(*row)
