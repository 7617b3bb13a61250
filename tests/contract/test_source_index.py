"""The index of sources on the disk, and the table that says which one is published, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from medpipe.backends.bm25_index import PASSAGES, Bm25Indexes
from medpipe.backends.heads_file import HeadsFile
from medpipe.backends.sql.audit import SqlAudit
from medpipe.backends.sql.database import connect
from medpipe.backends.sql.published_indexes import SqlPublishedIndexes
from medpipe.core.knowledge.source_passage import SourcePassage
from medpipe.errors import Damaged
from tests.clock import Clock

TEXTS = ("Velorin fever comes from drellia.", "Brailox palsy is treated with tazomib.", "Tazomib may cause a rash.")


def passage(number: int, text: str) -> SourcePassage:
    return SourcePassage(
        id=f"mplus:{number}",
        title="",
        url="",
        date="2026-03-03",
        source="medlineplus",
        standing="current",
        heading="",
        text=text,
        quotable=True,
    )


def write(folder: Path) -> int:
    folder.mkdir()
    return Bm25Indexes().write((passage(number, text) for number, text in enumerate(TEXTS)), folder)


def test_an_index_finds_the_passages_that_share_terms_best_first(tmp_path: Path) -> None:
    assert write(tmp_path / "index") == 3
    index = Bm25Indexes().open(tmp_path / "index")
    assert [found.id for found in index.find("Is Brailox treated with tazomib?", 5)] == ["mplus:1", "mplus:2"]
    assert [found.id for found in index.find("Is Brailox treated with tazomib?", 1)] == ["mplus:1"]
    assert index.find("Quastine", 5) == [] and index.find("the of and", 5) == []


def test_the_same_passages_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name)
    files = {file.name for file in (tmp_path / "one").iterdir()}
    assert files == {file.name for file in (tmp_path / "two").iterdir()}
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)


def test_no_passages_write_nothing(tmp_path: Path) -> None:
    assert Bm25Indexes().write([], tmp_path) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [PASSAGES, "vocab.index.json", "offsets.npy", "data.csc.index.npy"])
@pytest.mark.parametrize("fault", ["missing", "cut"])
def test_a_file_that_is_missing_or_cut_is_an_error_that_says_what_to_do(tmp_path: Path, name: str, fault: str) -> None:
    write(tmp_path / "index")
    file = tmp_path / "index" / name
    if fault == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(Damaged, match="run its verb again") as error:
        Bm25Indexes().open(tmp_path / "index")
    assert fault == "cut" or name in str(error.value)


def test_the_newest_publication_holds_and_cannot_be_changed_or_added_past_the_audit(
    database_url: str, clock: Clock, tmp_path: Path
) -> None:
    engine, heads = connect(database_url), HeadsFile(tmp_path / "heads.jsonl")
    published = SqlPublishedIndexes(engine, clock, heads)
    assert published.current() is None
    first = published.publish("index/0123456789abcdef")
    assert published.publish("index/0123456789abcdef") == first, "the same call again changes nothing"
    assert SqlPublishedIndexes(connect(database_url)).current() == first, "another process sees it"
    assert published.publish(None).ref is None
    for change in ("UPDATE published_indexes SET index_ref = 'x'", "DELETE FROM published_indexes"):
        with engine.begin() as connection, pytest.raises(DBAPIError, match="append-only"):
            connection.execute(sa.text(change))
    assert list(SqlAudit(engine, heads).faults()) == []
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO published_indexes (at, index_ref) VALUES ('2026-03-05 00:00:00', 'x')"))
    assert any("published_indexes 3 is in no entry" in fault for fault in SqlAudit(engine, heads).faults())
