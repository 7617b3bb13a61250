"""Served answers, and the feedback on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from medpipe.backends.sql import audit, chain, database, forgetting, journal
from medpipe.core.teaching.feedback import ERASED, MIDDLE, NO_DETAILS, Details, Opinion
from medpipe.errors import NotFound
from medpipe.ports import (
    AnswerRecord,
    CorrectionReview,
    Erased,
    FeedbackItem,
    GivenAnswer,
    Heads,
    Rated,
    Served,
    Tombstone,
)

_ROWS = 1000
"""Rows that are fetched at once. Bounds the texts in memory."""
_BATCH = 500
"""Answers that are erased in one transaction, during which no gateway can write."""
_BLANK = {"question": "", "answer": "", "identity": ERASED, "salt": None}


class SqlFeedbackStore:
    """Implements `ports.FeedbackStore` and `ports.AnswerLog`."""

    def __init__(
        self, engine: Engine, clock: Callable[[], datetime] = database.now, heads: Heads | None = None
    ) -> None:
        """Prepare; nothing is read yet.

        `engine`: from `database.connect`. `clock`: returns the present moment as an aware datetime. `heads`: keeps
        the digests of the audit's entries about erasures and decisions outside the database.
        """
        self._engine = engine
        self._clock = clock
        self._heads = heads

    def record(
        self, answer_id: str, identity: str, question: str, answer: str, version: str, adapter_name: str, refused: bool
    ) -> None:
        """Store one served answer, given now. Raises IntegrityError for an id that is stored."""
        at = self._clock()
        row = _row(AnswerRecord(answer_id, at, identity, question, answer, version, adapter_name, refused))
        with self._engine.begin() as connection:
            connection.execute(sa.insert(database.answers), [row])
            journal.write_all(connection, journal.ANSWERED, [row], at)

    def record_all(self, records: Sequence[AnswerRecord]) -> None:
        """Store served answers as `ports.AnswerLog` says, in one transaction."""
        if not records:
            return
        ids = database.answers.c.answer_id
        with self._engine.begin() as connection:
            stored = set(
                connection.execute(sa.select(ids).where(ids.in_([one.answer_id for one in records]))).scalars()
            )
            rows = [_row(record) for record in records if record.answer_id not in stored]
            if rows:
                connection.execute(sa.insert(database.answers), rows)
                # Entries are dated now: an answer that waited for the database is older than the entries before it.
                journal.write_all(connection, journal.ANSWERED, rows, self._clock())

    def given(self, answer_id: str) -> GivenAnswer | None:
        """See `ports.AnswerLog`."""
        table = database.answers
        columns = [table.c[name] for name in GivenAnswer._fields]
        answer = sa.select(*columns).where(table.c.answer_id == answer_id, table.c.identity != ERASED)
        with self._engine.connect() as connection:
            row = connection.execute(answer).first()
        return None if row is None else GivenAnswer(*row)

    # Two requests can both find no row of an identity and both insert one. The loser finds that row on its second try.
    @retry(retry=retry_if_exception_type(IntegrityError), stop=stop_after_attempt(2), reraise=True)
    def rate(
        self, answer_id: str, identity: str, rating: str, correction: str | None, details: Details = NO_DETAILS
    ) -> None:
        """See `ports.AnswerLog`."""
        table = database.feedback
        said = {"rating": rating, "correction": correction, **details._asdict()}
        columns = {**said, "at": self._clock(), "salt": journal.salt()}
        row = {"answer_id": answer_id, "identity": identity, **columns}
        own_row = _of(answer_id, identity)
        answers = database.answers
        answer = sa.select(answers.c.answer_id).where(answers.c.answer_id == answer_id, answers.c.identity != ERASED)
        with self._engine.begin() as connection:
            before = connection.execute(sa.select(*(table.c[name] for name in said)).where(own_row)).first()
            if before is not None and before._asdict() == said:
                return
            if connection.execute(sa.update(table).where(own_row).values(columns)).rowcount == 0:
                if connection.execute(answer).first() is None:
                    raise NotFound(f"no answer {answer_id} is stored")
                connection.execute(sa.insert(table).values(row))
            journal.write(connection, journal.RATED, row)

    def opinion(self, answer_id: str, identity: str) -> Opinion | None:
        """See `ports.AnswerLog`."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(database.feedback).where(_of(answer_id, identity))).first()
        if row is None:
            return None
        details = Details(*(getattr(row, name) for name in Details._fields))
        return Opinion(row.rating, row.correction, details, row.at)

    def between(self, start: datetime, end: datetime) -> Iterator[FeedbackItem]:
        """Yield feedback as `ports.FeedbackStore` says, without feedback on refusals: they have no better answer."""
        feedback, answers = database.feedback, database.answers
        chosen = answers.alias("chosen")
        items = (
            sa.select(
                feedback.c.answer_id,
                answers.c.question,
                answers.c.answer,
                answers.c.version,
                feedback.c.identity,
                feedback.c.rating,
                sa.func.coalesce(feedback.c.correction, sa.func.nullif(chosen.c.answer, "")),
                feedback.c.at,
            )
            .join(answers, answers.c.answer_id == feedback.c.answer_id)
            .outerjoin(chosen, sa.and_(chosen.c.answer_id == feedback.c.preferred, chosen.c.refused.is_(False)))
            .where(*_counted(start, end), feedback.c.rating != MIDDLE)
            .order_by(feedback.c.at, feedback.c.answer_id, feedback.c.identity)
        )
        with self._engine.connect().execution_options(yield_per=_ROWS) as connection:
            yield from (FeedbackItem(*row) for row in connection.execute(items))

    def take_back(self, answer_id: str, identity: str) -> bool:
        """Remove an identity's feedback on an answer. Returns False when there was none."""
        with self._engine.begin() as connection:
            return self._take_back(connection, answer_id, identity)

    def _take_back(self, connection: Connection, answer_id: str, identity: str) -> bool:
        if connection.execute(sa.delete(database.feedback).where(_of(answer_id, identity))).rowcount == 0:
            return False
        row = {"answer_id": answer_id, "identity": identity, "at": self._clock()}
        journal.write(connection, journal.TAKEN_BACK, row)
        return True

    def erase(self, answer_id: str, identity: str, reason: str, by: str, elsewhere: bool = False) -> Erased:
        """See `ports.FeedbackStore`."""
        answers, feedback = database.answers, database.feedback
        of_answer = answers.c.answer_id == answer_id if answer_id else answers.c.identity == identity
        with chain.writing(self._engine, database.audit, self._heads) as write:
            connection = write.connection
            ids = tuple(connection.execute(sa.select(answers.c.answer_id).where(of_answer)).scalars())
            on_answers = feedback.c.answer_id.in_(sa.select(answers.c.answer_id).where(of_answer))
            concerned = sa.or_(on_answers, feedback.c.identity == identity) if identity else on_answers
            removed = connection.execute(sa.delete(feedback).where(concerned)).rowcount
            # Who preferred an erased answer to another one said so of the other one, which has no tombstone.
            which = feedback.c.preferred.in_(sa.select(answers.c.answer_id).where(of_answer))
            preferring = sa.select(feedback.c.answer_id, feedback.c.identity).where(which)
            for row in connection.execute(preferring).all():
                removed += self._take_back(connection, *row)
            if not ids and not removed and not elsewhere:
                raise NotFound(f"there is no answer or feedback of {answer_id or identity}: nothing was erased")
            connection.execute(sa.update(answers).where(of_answer).values(_BLANK))
            names = [(id, "") for id in ids] + ([("", identity)] if identity else [])
            for id, name in names:
                stone = {"answer_id": id, "identity": name, "reason": reason, "by": by}
                self._append(write, database.erasures, stone)
        return Erased(len(ids), removed, ids)

    def erase_older(self, before: datetime, reason: str, by: str) -> int:
        """See `ports.FeedbackStore`. Each batch is a transaction, so that gateways can write between them."""
        answers, feedback = database.answers, database.feedback
        rated = sa.select(feedback.c.answer_id)
        preferred = sa.select(feedback.c.preferred).where(feedback.c.preferred.is_not(None))
        old = sa.select(answers.c.answer_id).where(
            answers.c.at < before,
            answers.c.identity != ERASED,
            answers.c.answer_id.not_in(rated),
            answers.c.answer_id.not_in(preferred),
        )
        count = 0
        while True:
            with chain.writing(self._engine, database.audit, self._heads) as write:
                ids = write.connection.execute(old.limit(_BATCH)).scalars().all()
                write.connection.execute(sa.update(answers).where(answers.c.answer_id.in_(ids)).values(_BLANK))
                for id in ids:
                    stone = {"answer_id": id, "identity": "", "reason": reason, "by": by}
                    self._append(write, database.erasures, stone)
            count += len(ids)
            if len(ids) < _BATCH:
                return count

    def of_identity(self, identity: str) -> Iterator[dict[str, Any]]:
        """See `ports.FeedbackStore`."""
        kinds = {"answer": database.answers, "feedback": database.feedback}
        with self._engine.connect() as connection:
            for kind, table in kinds.items():
                columns = [column for column in table.c if column.name not in ("salt", "personal")]
                rows = sa.select(*columns).where(table.c.identity == identity).order_by(table.c.at, table.c.answer_id)
                for row in connection.execute(rows, execution_options={"yield_per": _ROWS}).mappings():
                    yield {"kind": kind, **{str(name): value for name, value in row.items() if value is not None}}

    def forget(self) -> str:
        """See `ports.FeedbackStore`."""
        return forgetting.forget(self._engine)

    def tombstones(self) -> tuple[Tombstone, ...]:
        """Return every erasure, oldest first."""
        table = database.erasures
        columns = (table.c[name] for name in Tombstone._fields)
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(*columns).order_by(table.c.sequence)).all()
        return tuple(Tombstone(*row) for row in rows)

    def review(self, review: CorrectionReview) -> None:
        """Append a decision about a correction. The last one counts."""
        with chain.writing(self._engine, database.audit, self._heads) as write:
            self._append(write, database.corrections, review._asdict())

    def _append(self, write: chain.Writing, table: sa.Table, row: Mapping[str, str]) -> None:
        """Insert a row that is in the audit."""
        at = self._clock()
        inserted = sa.insert(table).values(at=at, **row).returning(table.c.sequence)
        audit.note(write, table, write.connection.execute(inserted).scalar_one(), at)

    def reviews(self) -> tuple[CorrectionReview, ...]:
        """Return the last decision about every correction, sorted by correction."""
        table = database.corrections
        columns = (table.c[name] for name in CorrectionReview._fields)
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(*columns).order_by(table.c.sequence)).all()
        last = {row.correction: CorrectionReview(*row) for row in rows}
        return tuple(last[correction] for correction in sorted(last))

    def served(self, start: datetime, end: datetime, version: str) -> Served:
        """Count questions and refusals as `ports.FeedbackStore` says."""
        table = database.answers
        counts = sa.select(sa.func.count(), sa.func.count().filter(table.c.refused.is_(True))).where(
            table.c.at >= start, table.c.at < end, table.c.version == version
        )
        with self._engine.connect() as connection:
            return Served(*connection.execute(counts).one())

    def rated(self, start: datetime, end: datetime, version: str) -> Rated:
        """Count ratings as `ports.FeedbackStore` says."""
        down = sa.func.count().filter(database.feedback.c.rating == "down")
        with self._engine.connect() as connection:
            return Rated(*connection.execute(_rated(start, end, version, sa.func.count(), down)).one())

    def rated_questions(self, start: datetime, end: datetime, version: str) -> Iterator[tuple[str, int]]:
        """Yield questions as `ports.FeedbackStore` says, some hundred at a time."""
        question = database.answers.c.question
        counted = _rated(start, end, version, question, sa.func.count()).group_by(question)
        with self._engine.connect().execution_options(yield_per=_ROWS) as connection:
            yield from ((row[0], row[1]) for row in connection.execute(counted))

    def answers(self) -> Iterator[GivenAnswer]:
        """Yield answers as `ports.FeedbackStore` says, some hundred at a time."""
        table = database.answers
        given = (
            sa.select(
                table.c.answer_id, table.c.at, table.c.identity, table.c.version, table.c.question, table.c.answer
            )
            .where(table.c.refused.is_(False))
            .order_by(table.c.at, table.c.answer_id)
            .execution_options(yield_per=_ROWS)
        )
        with self._engine.connect() as connection:
            for row in connection.execute(given):
                yield GivenAnswer(*row)


def _of(answer_id: str, identity: str) -> sa.ColumnElement[bool]:
    """Return the condition of one identity's feedback on one answer."""
    return sa.and_(database.feedback.c.answer_id == answer_id, database.feedback.c.identity == identity)


def _row(record: AnswerRecord) -> dict[str, Any]:
    """Return a new row of the table of answers."""
    row = {**record._asdict(), "salt": journal.salt()}
    return {**row, "personal": journal.personal(chain.texts(row))}


def _counted(start: datetime, end: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions of feedback that counts: in the window, on an answer, and of nobody who was erased."""
    feedback, answers = database.feedback, database.answers
    return (
        feedback.c.at >= start,
        feedback.c.at < end,
        answers.c.refused.is_(False),
        answers.c.identity != ERASED,
    )


def _rated(start: datetime, end: datetime, version: str, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Select columns of the feedback on a version's answers that counts."""
    feedback, answers = database.feedback, database.answers
    joined = sa.select(*columns).select_from(feedback).join(answers, answers.c.answer_id == feedback.c.answer_id)
    return joined.where(*_counted(start, end), answers.c.version == version)
