"""Old versions of the corpus table that nothing needs: their files go, and every kept version is as it was."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from threading import Thread

import pytest
from deltalake import DeltaTable

from medpipe.backends.delta.corpus import DeltaCorpus
from medpipe.errors import NotFound
from medpipe.ports import CorpusTable
from tests.contract.test_corpus_table import article
from tests.fakes import MemoryCorpus
from tests.processes import start_python


class Eager(DeltaCorpus):
    """A table that joins its files after each merge, and waits for nobody."""

    many_small_files = 0
    unpruned_hours = 0


@pytest.fixture
def delta(tmp_path: Path) -> Eager:
    return Eager(tmp_path / "corpus")


@pytest.fixture(params=["delta", "memory"])
def corpus(request: pytest.FixtureRequest, delta: Eager) -> CorpusTable:
    return delta if request.param == "delta" else MemoryCorpus()


def grown(corpus: CorpusTable, days: Collection[int] = range(1, 6)) -> list[int]:
    """Merge the same articles on several days; return the version after each day."""
    return [
        corpus.compact(corpus.merge([article(number, day) for number in range(1, 9)], None, f"day {day}"))
        for day in days
    ]


def test_kept_versions_and_the_newest_read_as_before_and_others_say_that_they_were_removed(corpus: CorpusTable) -> None:
    versions = grown(corpus)
    before = [corpus.reread(version) for version in versions]
    listed = corpus.prune([versions[1]], apply=False)
    assert listed.files > 0 < listed.bytes
    assert [corpus.reread(version) for version in versions] == before, "nothing goes until it is told to"
    assert corpus.prune([versions[1]], apply=True) == listed
    assert corpus.prune([versions[1]], apply=True) == (0, 0)
    for number, day in ((1, 2), (-1, 5)):
        assert corpus.reread(versions[number]) == before[number]
        assert [document.revision for document in corpus.read(versions[number])] == [day] * 8
    for number in (2, 3):
        with pytest.raises(NotFound, match=f"version {versions[number]} of the corpus table are gone"):
            list(corpus.read(versions[number]))
        assert corpus.content(versions[number]) == before[number], "what the commit recorded stays"
    assert sum(corpus.counts(versions[2]).by_status.values()) == 8


def test_a_table_on_an_object_store_is_pruned_as_one_in_a_folder(address: str) -> None:
    corpus = Eager(f"{address}/corpus")
    first, second, newest = grown(corpus, range(1, 4))
    before = corpus.reread(first)
    listed = corpus.prune([first], apply=False)
    assert listed.files > 0 < listed.bytes
    assert corpus.prune([first], apply=True) == listed
    assert corpus.prune([first], apply=True) == (0, 0)
    assert corpus.reread(first) == before
    assert {document.revision for document in corpus.read(newest)} == {3}
    with pytest.raises(NotFound, match=f"version {second} of the corpus table are gone"):
        list(corpus.read(second))


def test_the_table_goes_on_after_it(corpus: CorpusTable) -> None:
    versions = grown(corpus)
    corpus.prune([], apply=True)
    (newest,) = grown(corpus, [6])
    assert newest > versions[-1]
    assert {document.revision for document in corpus.read(newest)} == {6}
    assert corpus.holding(corpus.content(newest), newest) == newest
    assert corpus.merge([article(1, 6)], None, "day 6") <= newest, "a merge that was made is recognised"


def test_a_table_that_does_not_exist_has_nothing_to_remove(delta: Eager) -> None:
    assert delta.prune([1], apply=True) == (0, 0)


def test_the_commits_of_a_removal_record_what_the_table_holds(delta: Eager) -> None:
    version = grown(delta)[-1]
    delta.prune([], apply=True)
    after = DeltaTable(str(Path(delta.place.address))).version()
    assert after > version
    assert (delta.content(after), delta.counts(after)) == (delta.content(version), delta.counts(version))


def test_what_was_written_of_late_stays_for_whoever_is_at_work(delta: Eager) -> None:
    grown(delta)
    left = Path(delta.place.address) / "left-by-a-writer.parquet"
    left.write_bytes(b"rows")
    patient = DeltaCorpus(Path(delta.place.address))
    assert patient.prune([], apply=True) == (0, 0)
    delta.prune([], apply=True)
    assert not left.exists()


def test_a_run_that_was_killed_half_way_is_finished_by_the_next(delta: Eager) -> None:
    versions = grown(delta)
    keep = versions[1:2]
    before = delta.reread(keep[0])
    removable = DeltaTable(str(Path(delta.place.address))).vacuum(
        0, enforce_retention_duration=False, full=True, keep_versions=[*keep, versions[-1]]
    )
    (Path(delta.place.address) / removable[0]).unlink()
    delta.prune(keep, apply=True)
    assert not any((Path(delta.place.address) / path).exists() for path in removable)
    assert delta.reread(keep[0]) == before


def test_writers_go_on_meanwhile_and_none_of_them_loses_anything(delta: Eager) -> None:
    grown(delta)
    pruner = DeltaCorpus(Path(delta.place.address))
    pruner.many_small_files = 0
    made: list[int] = []
    writer = Thread(target=lambda: made.extend(grown(pruner, range(6, 12))))
    writer.start()
    while writer.is_alive():
        DeltaCorpus(Path(delta.place.address)).prune([], apply=True)
    writer.join()
    assert len(made) == 6
    assert {document.revision for document in delta.read(made[-1])} == {11}


PAUSED_WRITER = """
import json, sys
from pathlib import Path
from deltalake.transaction import AddAction
from pyarrow import parquet
from medpipe.backends.delta import corpus
from tests.contract.test_corpus_table import article

def write(table, added, mode, commit_properties, **options):
    corpus.write_deltalake = at_once
    file = Path(sys.argv[1]) / "of-the-writer.parquet"
    parquet.write_table(added, file)
    action = AddAction(file.name, file.stat().st_size, {}, 0, True, json.dumps({"numRecords": added.num_rows}))
    print("paused", flush=True)
    sys.stdin.readline()
    table.create_write_transaction([action], mode, table.schema(), commit_properties=commit_properties)

at_once, corpus.write_deltalake = corpus.write_deltalake, write
print(corpus.DeltaCorpus(Path(sys.argv[1])).merge([article(9, 9)], None, "paused"))
"""


@pytest.mark.slow
@pytest.mark.parametrize("grace", [True, False])
def test_a_writer_that_begins_before_a_removal_and_commits_after_it_keeps_what_it_wrote(
    delta: Eager, grace: bool
) -> None:
    """Its file is too young to go. Where it went all the same, the removal's commit makes it write the rows again."""
    grown(delta)
    folder = Path(delta.place.address)
    written = folder / "of-the-writer.parquet"
    with start_python(PAUSED_WRITER, folder) as writer:
        assert writer.stdin and writer.stdout
        assert writer.stdout.readline() == "paused\n"
        (DeltaCorpus(folder) if grace else delta).prune([], apply=True)
        assert written.exists() is grace
        version, errors = writer.communicate("\n", timeout=60)
    assert version, errors
    assert [document.revision for document in delta.read(int(version))] == [5] * 8 + [9]
    assert written.exists() is grace
