"""The corpus keeps the newest revision of every document, in whatever order and however often it is told."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
from deltalake import DeltaTable

from medpipe.backends.delta_corpus import DeltaCorpus
from medpipe.core.document import Document, Relation, Section, Status

EVERY = tuple(Status)


def article(number: int, revision: int = 1, status: Status = Status.CURRENT, text: str = "It helps.") -> Document:
    return Document(id=f"pmid:{number}", revision=revision, source="pubmed", title="Does it “help”?",
                    published=date(2026, 3, 3), status=status, sections=(Section(heading="CONCLUSIONS", text=text),),
                    relations=(Relation(kind="CommentIn", target="pmid:7"),))


@pytest.fixture
def corpus(tmp_path: Path) -> DeltaCorpus:
    return DeltaCorpus(tmp_path / "corpus")


def test_documents_come_back_whole_and_by_id(corpus: DeltaCorpus) -> None:
    version = corpus.merge([article(2), article(1)], None, "a")
    assert list(corpus.read(version)) == [article(1), article(2)]


def test_a_newer_revision_replaces_and_an_older_one_does_not(corpus: DeltaCorpus) -> None:
    first = corpus.merge([article(1, 2, text="new")], None, "a")
    second = corpus.merge([article(1, 1, text="old"), article(2)], first, "b")
    assert [one.sections[0].text for one in corpus.read(second)] == ["new", "It helps."]


def test_every_order_of_pulls_ends_in_the_same_rows(tmp_path: Path) -> None:
    pulls = [[article(1), article(2)], [article(1, 2, Status.RETRACTED)], [article(2, 2, Status.DELETED), article(3)]]
    ends = set()
    for number, order in enumerate(permutations(pulls)):
        corpus, version = DeltaCorpus(tmp_path / str(number)), None
        for turn, pull in enumerate(order):
            version = corpus.merge(pull, version, str(turn))
        assert version is not None
        ends.add(tuple((one.id, one.status) for one in corpus.read(version, EVERY)))
    assert ends == {(("pmid:1", Status.RETRACTED), ("pmid:2", Status.DELETED), ("pmid:3", Status.CURRENT))}


def test_a_retracted_document_keeps_its_text_and_is_read_only_on_request(corpus: DeltaCorpus) -> None:
    first = corpus.merge([article(1), article(2)], None, "a")
    second = corpus.merge([article(1, 2, Status.RETRACTED)], first, "b")
    assert [one.id for one in corpus.read(second)] == ["pmid:2"]
    (retracted,) = corpus.read(second, ("retracted",))
    assert retracted.sections[0].text == "It helps."


def test_every_version_stays_readable(corpus: DeltaCorpus) -> None:
    first = corpus.merge([article(1)], None, "a")
    second = corpus.merge([article(1, 2, text="revised"), article(2)], first, "b")
    assert [one.sections[0].text for one in corpus.read(first)] == ["It helps."]
    assert [one.sections[0].text for one in corpus.read(second)] == ["revised", "It helps."]


def test_the_same_token_again_returns_its_version_without_a_commit(corpus: DeltaCorpus) -> None:
    first = corpus.merge([article(1)], None, "a")
    second = corpus.merge([article(2)], first, "b")
    assert corpus.merge([article(1)], None, "a") == first
    assert DeltaTable(str(corpus.folder)).version() == second


def test_a_merge_that_changes_nothing_still_has_a_version_of_its_own(corpus: DeltaCorpus) -> None:
    first = corpus.merge([article(1)], None, "a")
    second = corpus.merge([article(1)], first, "b")
    assert second > first
    assert corpus.merge([article(1)], first, "b") == second
    assert list(corpus.read(second)) == list(corpus.read(first))


def test_an_empty_first_pull_makes_an_empty_corpus(corpus: DeltaCorpus) -> None:
    assert list(corpus.read(corpus.merge([], None, "a"), EVERY)) == []


def _write(folder: Path, writer: int) -> list[int]:
    corpus, versions = DeltaCorpus(folder), []
    for turn in range(5):
        mine = article(1000 * writer + turn)
        shared = article(1, 10 * turn + writer, text=f"{turn} of {writer}")
        versions.append(corpus.merge([mine, shared], None, f"{writer}-{turn}"))
    return versions


def test_two_writers_at_once_lose_nothing(corpus: DeltaCorpus) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        one, other = (pool.submit(_write, corpus.folder, writer) for writer in (1, 2))
        versions = [*one.result(), *other.result()]
    assert len(set(versions)) == 10
    found = {document.id: document for document in corpus.read(max(versions))}
    assert set(found) == {"pmid:1"} | {f"pmid:{1000 * writer + turn}" for writer in (1, 2) for turn in range(5)}
    assert found["pmid:1"].sections[0].text == "4 of 2"


def test_a_commit_over_a_version_that_somebody_else_made_is_refused_and_folded_again(
        corpus: DeltaCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    first = corpus.merge([article(1)], None, "a")
    stale = corpus._table(first)
    corpus.merge([article(2)], first, "b")
    tables = [stale]
    fresh = corpus._table
    monkeypatch.setattr(corpus, "_table", lambda previous: tables.pop() if tables else fresh(previous))
    last = corpus.merge([article(3)], first, "c")
    assert [one.id for one in corpus.read(last)] == ["pmid:1", "pmid:2", "pmid:3"]


@pytest.mark.parametrize("made", [False, True])
def test_a_previous_version_that_never_was_is_refused(corpus: DeltaCorpus, made: bool) -> None:
    if made:
        corpus.merge([article(1)], None, "a")
    with pytest.raises(LookupError, match="no version 9"):
        corpus.merge([article(2)], 9, "b")


def test_reading_a_version_that_never_was_is_refused(corpus: DeltaCorpus) -> None:
    corpus.merge([article(1)], None, "a")
    with pytest.raises(LookupError, match="no version 9"):
        list(corpus.read(9))


def test_other_tools_read_plain_columns(corpus: DeltaCorpus) -> None:
    version = corpus.merge([article(1)], None, "a")
    (row,) = DeltaTable(str(corpus.folder), version=version).to_pyarrow_dataset().to_table().to_pylist()
    assert (row["id"], row["status"], row["published"]) == ("pmid:1", "current", date(2026, 3, 3))
    assert Document.model_validate_json(row["body"]) == article(1)
