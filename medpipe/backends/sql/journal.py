"""The journal of what gateways write: one entry for each answer, each rating and each rating that was taken back.

An entry is written in the transaction of its answer or rating, waits for nobody, and has no text: only a digest with a
salt that lies beside the text. Once the text and its salt are erased, the digest says nothing about it (a commitment,
as in Haber and Stornetta, "How to time-stamp a digital document", 1991). Entries wait until `close_batch` gives all of
them to one entry of the audit's chain.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from medpipe.backends.sql import chain, database
from medpipe.core import answer_ids
from medpipe.core.chain import digest
from medpipe.core.refs import canonical
from medpipe.core.teaching.feedback import ERASED

ANSWERED, RATED, TAKEN_BACK = "answered", "rated", "taken-back"
_PERSONAL = ("identity", "question", "answer", "salt")
"""The columns of an answer that an erasure blanks."""
_LATE = timedelta(minutes=5)
"""An entry that is older than the batch before its own by more was dated back, or a gateway's clock was wrong."""
_ANSWERS = 500
"""Answers whose ratings are read at once."""


def salt() -> str:
    """Return 128 random bits, 32 hex digits."""
    return secrets.token_hex(16)


def personal(texts: Mapping[str, str]) -> str:
    """Return the digest of what an erasure blanks, which stays in the answer's row. `texts`: columns as texts."""
    return digest({name: texts.get(name, "") for name in _PERSONAL})


def content(texts: Mapping[str, str]) -> str:
    """Return the digest of a row. Of an answer, `personal` stands for what an erasure blanks."""
    erasable = _PERSONAL if "personal" in texts else ()
    return digest({name: text for name, text in texts.items() if name not in erasable})


def rater(answer_id: str, identity: str) -> str:
    """Return the digest by which the ratings that one identity gave one answer are known."""
    return digest({"answer_id": answer_id, "identity": identity})


def write(connection: Connection, event: str, row: Mapping[str, Any]) -> None:
    """Append an entry about a row of answers or feedback, in the transaction that writes the row and after it."""
    write_all(connection, event, [row], row["at"])


def write_all(connection: Connection, event: str, rows: Sequence[Mapping[str, Any]], at: datetime) -> None:
    """Append an entry, dated `at`, about each row, in the transaction that writes the rows and after them."""
    entries = [
        {
            "at": at,
            "event": event,
            "answer_id": row["answer_id"],
            "rater": "" if event == ANSWERED else rater(row["answer_id"], row["identity"]),
            "content": "" if event == TAKEN_BACK else content(chain.texts(row)),
        }
        for row in rows
    ]
    connection.execute(sa.insert(database.journal), entries)


def close_batch(connection: Connection, batch: int) -> tuple[int, str]:
    """Give every entry that is in no batch to `batch`; return how many they are, and their digest."""
    table = database.journal
    waiting = sa.update(table).where(table.c.batch.is_(None)).values(batch=batch)
    count = connection.execute(waiting).rowcount
    return count, _digest(_entries(connection, table.c.batch == batch)) if count else ""


def faults(connection: Connection, keys: Sequence[bytes] = ()) -> Iterator[str]:
    """Yield each batch, answer and rating that is not as the journal and the audit's chain say.

    `connection`: in a transaction whose queries all see one moment. `keys`: those that sign ids of answers; none:
    signatures are not checked.
    """
    yield from _faults_of_batches(connection)
    yield from _faults_of_answers(connection, keys)
    yield from _faults_of_ratings(connection)


def remarks(connection: Connection) -> Iterator[str]:
    """Yield each batch with entries that are dated long before the batch before it: dated back, or by a wrong clock."""
    table, batches = database.journal, database.audit
    rows = connection.execute(sa.select(batches).where(batches.c.what == table.name).order_by("sequence")).all()
    for before, row in pairwise(rows):
        early = sa.and_(table.c.batch == row.sequence, table.c.at < before.at - _LATE)
        counted = sa.select(sa.func.count(), sa.func.min(table.c.number)).where(early)
        if (found := connection.execute(counted).one())[0]:
            yield (
                f"batch {row.sequence} of the journal has entries (number: {found[0]}, first: {found[1]}) older than "
                "the batch before: a gateway's clock was wrong, or they were dated back"
            )


def _entries(connection: Connection, which: sa.ColumnElement[bool]) -> Iterator[dict[str, str]]:
    table = database.journal
    ordered = sa.select(*chain.as_texts(connection, table)).where(which).order_by(table.c.batch, table.c.number)
    return chain.stored(connection, ordered)


def _digest(entries: Iterable[Mapping[str, str]]) -> str:
    sha = hashlib.sha256()
    for entry in entries:
        sha.update(canonical(dict(entry)).encode() + b"\n")
    return sha.hexdigest()


def _faults_of_batches(connection: Connection) -> Iterator[str]:
    table = database.audit
    rows = connection.execute(sa.select(table).where(table.c.what == database.journal.name).order_by("sequence")).all()
    chained = {row.sequence: row.content for row in rows}
    stored = _entries(connection, database.journal.c.batch.is_not(None))
    for number, entries in groupby(stored, key=lambda entry: int(entry["batch"])):
        found = _digest(entries)
        if number not in chained:
            yield f"batch {number} of the journal is in no entry: it was inserted"
        elif found != chained.pop(number):
            yield f"batch {number} of the journal was changed: an entry was changed, removed, inserted or moved"
    yield from (f"batch {number} of the journal is missing: it was removed" for number in chained)


def _faults_of_answers(connection: Connection, keys: Sequence[bytes]) -> Iterator[str]:
    answers, journal = database.answers, database.journal
    same = sa.and_(journal.c.answer_id == answers.c.answer_id, journal.c.event == ANSWERED)
    columns = [*chain.as_texts(connection, answers), journal.c.content.label("journalled")]
    erased = _erased_answers(connection)
    for texts in chain.stored(connection, sa.select(*columns).outerjoin_from(answers, journal, same)):
        journalled, name = texts.pop("journalled", None), texts["answer_id"]
        if keys and not answer_ids.is_signed(name, keys):
            yield f"answer {name} was inserted: no gateway signed its id"
        elif journalled is None:
            yield f"answer {name} is not in the journal: it was inserted"
        elif content(texts) != journalled:
            yield f"answer {name} was changed: its digest is not that of the journal"
        elif personal(texts) != texts.get("personal") and not (name in erased and _is_blank(texts)):
            yield f"answer {name} was changed: its texts are not those that were given, and no erasure is stored"
    gone = sa.select(journal.c.answer_id).outerjoin_from(journal, answers, same).where(journal.c.event == ANSWERED)
    for name in connection.execute(gone.where(answers.c.answer_id.is_(None))).scalars():
        yield f"answer {name} is missing: it was removed"


def _erased_answers(connection: Connection) -> frozenset[str]:
    return frozenset(connection.execute(sa.select(database.erasures.c.answer_id)).scalars())


def _is_blank(texts: Mapping[str, str]) -> bool:
    return texts["identity"] == ERASED and not any(texts.get(name) for name in ("question", "answer", "salt"))


def _faults_of_ratings(connection: Connection) -> Iterator[str]:
    """Yield each rating that is not what the newest entry of its rater says."""
    answers, identities = _erased_at(connection)
    journal, feedback = database.journal, database.feedback
    rated = sa.select(journal.c.answer_id).where(journal.c.event != ANSWERED)
    names = rated.union(sa.select(feedback.c.answer_id))
    for chunk in connection.execute(names, execution_options={"yield_per": _ANSWERS}).scalars().partitions(_ANSWERS):
        newest = _newest(connection, chunk)
        rows = sa.select(*chain.as_texts(connection, feedback)).where(feedback.c.answer_id.in_(chunk))
        for texts in chain.stored(connection, rows):
            entry = newest.pop((texts["answer_id"], rater(texts["answer_id"], texts["identity"])), None)
            if entry is None or entry.event != RATED:
                yield f"a rating of answer {texts['answer_id']} is not in the journal: it was inserted"
            elif content(texts) != entry.content:
                yield f"a rating of answer {texts['answer_id']} was changed: its digest is not that of the journal"
        for entry in newest.values():
            if entry.event == RATED and not _was_erased(entry, answers, identities):
                yield f"a rating of answer {entry.answer_id} is missing: it was removed"


def _newest(connection: Connection, answers: Iterable[str]) -> dict[tuple[str, str], sa.Row[Any]]:
    """Return the newest entry about each rating of some answers."""
    table = database.journal
    entries = sa.select(table).where(table.c.answer_id.in_(answers), table.c.event != ANSWERED)
    rows = connection.execute(entries.order_by(table.c.number))
    return {(entry.answer_id, entry.rater): entry for entry in rows}


def _erased_at(connection: Connection) -> tuple[dict[str, datetime], dict[str, datetime]]:
    """Return erased answer → when last, and erased identity → when last."""
    stones = connection.execute(sa.select(database.erasures).order_by(database.erasures.c.at)).all()
    answers = {stone.answer_id: stone.at for stone in stones if stone.answer_id}
    return answers, {stone.identity: stone.at for stone in stones if stone.identity}


def _was_erased(entry: sa.Row[Any], answers: Mapping[str, datetime], identities: Mapping[str, datetime]) -> bool:
    """Return whether an erasure of the answer or of its rater explains why a rating is gone."""
    at = answers.get(entry.answer_id)
    if at is not None and at >= entry.at:
        return True
    return any(at >= entry.at and rater(entry.answer_id, who) == entry.rater for who, at in identities.items())
