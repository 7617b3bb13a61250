"""Faults of writers of the corpus: another writer, kill -9 at every point, a full disk. The table stays whole."""

from __future__ import annotations

import gc
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from medpipe.backends.delta import collector
from medpipe.backends.delta.corpus import DeltaCorpus
from medpipe.core.corpus.document import Document, Section
from tests.contract.racers import race
from tests.processes import run_python, start_python

MERGE = ["before anything is read", "before the fold", "before the rows are written", "after the commit"]
COMPACT = ["while rows are read and written", "before the rows are written", "after the commit"]
CHILD = """
import sys
from medpipe.backends.delta import corpus as delta_corpus
from tests.contract.test_corpus_faults import many
from tests.contract.killed import after, die

def dying_batches(rows):
    yield next(iter(batches(rows)))
    die()

batches = delta_corpus._batches
verb, point = sys.argv[2:]
corpus = delta_corpus.DeltaCorpus(sys.argv[1])
if point == "before anything is read":
    delta_corpus.tables.newest = die
elif point == "before the fold":
    assert callable(delta_corpus.folded)
    delta_corpus.folded = die
elif point == "before the rows are written":
    delta_corpus.write_deltalake = die
elif point == "after the commit":
    delta_corpus.write_deltalake = after(delta_corpus.write_deltalake)
elif point == "while rows are read and written":
    delta_corpus._batches = dying_batches
if verb == "merge":
    corpus.merge(many(3), None, "day 3")
else:
    print(corpus.compact(int(verb)))
"""


def article(number: int, revision: int, size: int = 400) -> Document:
    text = Random(f"{number} {revision}").randbytes(size).hex()
    return Document(
        id=f"pmid:{number}",
        revision=revision,
        source="pubmed",
        title="Does it help?",
        published=date(2026, 3, 1 + revision % 28),
        sections=(Section(heading="CONCLUSIONS", text=text),),
    )


def many(day: int, size: int = 400) -> list[Document]:
    return [article(number, day, size) for number in range(10 * day, 10 * day + 300)]


def loaded(corpus: DeltaCorpus, days: int = 2) -> int:
    return max(corpus.merge(many(day), None, f"day {day}") for day in range(1, days + 1))


def child(corpus: DeltaCorpus, verb: str, point: str) -> subprocess.Popen[str]:
    return start_python(CHILD, corpus.place.address, verb, point)


@pytest.fixture
def corpus(tmp_path: Path) -> DeltaCorpus:
    return DeltaCorpus(tmp_path / "corpus")


@pytest.fixture(params=["folder", "object store"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> DeltaCorpus:
    """The table in a folder, and on an S3 server."""
    if request.param == "folder":
        return DeltaCorpus(tmp_path / "corpus")
    return DeltaCorpus(f"{request.getfixturevalue('address')}/corpus")


def state(corpus: DeltaCorpus, version: int) -> dict[str, int]:
    return {document.id: document.revision for document in corpus.read(version)}


def expected(days: int) -> dict[str, int]:
    return {document.id: document.revision for day in range(1, days + 1) for document in many(day)}


@pytest.mark.slow
@pytest.mark.parametrize("point", MERGE)
def test_a_merge_killed_anywhere_is_whole_or_not_there_and_the_next_run_completes(
    corpus: DeltaCorpus, point: str
) -> None:
    before = loaded(corpus)
    assert child(corpus, "merge", point).wait() == -signal.SIGKILL
    newest = corpus.place.table().version()
    assert state(corpus, newest) == expected(3 if point == "after the commit" else 2)
    after = corpus.merge(many(3), before, "day 3")
    assert after == before + 1, "the killed run's commit is found again, not repeated"
    assert (state(corpus, before), state(corpus, after)) == (expected(2), expected(3))


@pytest.mark.slow
def test_a_merge_killed_at_any_moment_is_whole_or_not_there(either: DeltaCorpus) -> None:
    loaded(either)
    began = time.monotonic()
    child(DeltaCorpus(f"{either.place.address}-timed"), "merge", "never").wait()
    takes = time.monotonic() - began
    for turn in range(4):
        killed = child(either, "merge", "never")
        time.sleep(takes * (0.55 + 0.15 * turn))
        killed.kill()
        killed.wait()
        assert state(either, either.place.table().version()) in (expected(2), expected(3))
    assert state(either, either.merge(many(3), None, "day 3")) == expected(3)


@pytest.mark.slow
@pytest.mark.parametrize("point", COMPACT)
def test_a_compaction_killed_anywhere_changes_no_document_and_the_next_run_completes(
    corpus: DeltaCorpus, point: str
) -> None:
    before = loaded(corpus, 3)
    assert child(corpus, str(before), point).wait() == -signal.SIGKILL
    newest = corpus.place.table().version()
    assert state(corpus, newest) == expected(3)
    compacted = corpus.compact(newest)
    assert compacted == before + 1
    last = corpus.merge(many(4), compacted, "day 4")
    assert [state(corpus, version) for version in (before, compacted, last)] == [expected(3), expected(3), expected(4)]


def _write(ready: Callable[[], Any], writer: int, address: str) -> list[int]:
    corpus = DeltaCorpus(address)
    ready()
    return [
        corpus.merge([article(1000 * writer + turn, 1), article(1, 10 * turn + writer)], None, f"{writer}-{turn}")
        for turn in range(5)
    ]


def _write_or_compact(ready: Callable[[], Any], writer: int, address: str) -> list[int]:
    corpus = DeltaCorpus(address)
    ready()
    if writer:
        return [corpus.compact(corpus.place.table().version()) for _ in range(8)]
    return [
        corpus.merge([article(number, 2 + turn) for number in range(50)], None, f"turn {turn}") for turn in range(8)
    ]


@pytest.mark.slow
def test_two_writers_at_once_lose_nothing(either: DeltaCorpus) -> None:
    versions = [version for written in race(_write, either.place.address) for version in written]
    assert len(set(versions)) == 10
    revisions = state(either, max(versions))
    assert set(revisions) == {"pmid:1"} | {f"pmid:{1000 * writer + turn}" for writer in (0, 1) for turn in range(5)}
    assert revisions["pmid:1"] == 41, "the highest revision of the document that both wrote"


@pytest.mark.slow
def test_a_compaction_beside_a_writer_loses_nothing(corpus: DeltaCorpus) -> None:
    corpus.merge([article(number, 1) for number in range(50)], None, "first")
    merged, _ = race(_write_or_compact, corpus.place.address)
    newest = corpus.place.table().version()
    assert state(corpus, newest) == {f"pmid:{number}": 9 for number in range(50)}
    assert [set(state(corpus, version).values()) for version in merged] == [{2 + turn} for turn in range(8)]


FILLED = """
import sys
from medpipe.backends.delta.corpus import DeltaCorpus
from medpipe.errors import MedpipeError
from tests.contract.test_corpus_faults import many

if sys.argv[2] == "limit":
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    DeltaCorpus(sys.argv[1]).merge(many(3, 20_000), None, "day 3")
except MedpipeError as error:
    print(error)
"""


def check_full(corpus: DeltaCorpus, how: str) -> None:
    """Check that a merge on a full disk says so and leaves the table unchanged."""
    before = loaded(corpus)
    files = set(Path(corpus.place.address).rglob("*"))
    done = run_python(FILLED, corpus.place.address, how)
    assert done.stdout.startswith(f"no space left for the corpus in {corpus.place.address}"), done.stderr
    assert "nothing was changed" in done.stdout
    assert set(Path(corpus.place.address).rglob("*")) == files
    assert corpus.place.table().version() == before
    assert state(corpus, before) == expected(2)
    assert state(corpus, corpus.merge(many(3), before, "small enough")) == expected(3)


@pytest.mark.parametrize("enabled", [True, False])
def test_python_collects_cycles_after_a_merge_that_failed_as_before_it(enabled: bool) -> None:
    (gc.enable if enabled else gc.disable)()
    try:
        with pytest.raises(ZeroDivisionError), collector.paused():
            assert not gc.isenabled()
            raise ZeroDivisionError
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


def test_a_table_that_cannot_be_made_for_want_of_room_is_a_clear_error_too(tmp_path: Path) -> None:
    code = FILLED.replace("(200_000, 200_000)", "(100, 100)")
    done = run_python(code, tmp_path / "corpus", "limit")
    assert done.stdout.startswith("no space left for the corpus"), done.stderr
    assert loaded(DeltaCorpus(tmp_path / "corpus")) == 2


@pytest.mark.slow
def test_a_limit_on_file_sizes_is_a_clear_error_and_the_table_is_unharmed(corpus: DeltaCorpus) -> None:
    check_full(corpus, "limit")


@pytest.mark.slow
def test_a_full_disk_is_a_clear_error_and_the_table_is_unharmed(small_disk: Path) -> None:
    check_full(DeltaCorpus(small_disk / "corpus"), "disk")
