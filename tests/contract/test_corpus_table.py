"""The corpus has the newest revision of every document, whatever the order and number of merges."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, WriterProperties, write_deltalake

from medpipe.backends.delta import commits
from medpipe.backends.delta import tables as delta_tables
from medpipe.backends.delta.commits import tally
from medpipe.backends.delta.corpus import DeltaCorpus
from medpipe.backends.delta.rows import Rows, rows_of
from medpipe.backends.delta.tally import Tally
from medpipe.core.corpus.document import Document, Relation, Section, Status
from medpipe.errors import Damaged, NotFound, Unavailable
from medpipe.ports import CorpusTable
from tests.fakes import MemoryCorpus

EVERY = tuple(Status)


def article(number: int, revision: int = 1, status: Status = Status.CURRENT, text: str = "It helps.") -> Document:
    return Document(
        id=f"pmid:{number}",
        revision=revision,
        source="pubmed",
        title="Does it “help”?",
        published=date(2026, 3, 3),
        status=status,
        sections=(Section(heading="CONCLUSIONS", text=text),),
        relations=(Relation(kind="CommentIn", target="pmid:7"),),
    )


@pytest.fixture
def delta(tmp_path: Path) -> DeltaCorpus:
    return DeltaCorpus(tmp_path / "corpus")


@pytest.fixture
def far(address: str) -> DeltaCorpus:
    """The same table on an S3 server."""
    return DeltaCorpus(f"{address}/corpus")


@pytest.fixture(params=["delta", "far", "memory"])
def corpus(request: pytest.FixtureRequest) -> CorpusTable:
    return MemoryCorpus() if request.param == "memory" else request.getfixturevalue(request.param)


def everything(corpus: CorpusTable, version: int) -> list[Document]:
    return list(corpus.read(version, EVERY))


def test_documents_come_back_whole_and_by_id(corpus: CorpusTable) -> None:
    version = corpus.merge([article(2), article(1)], None, "a")
    assert list(corpus.read(version)) == [article(1), article(2)]


def test_a_newer_revision_replaces_and_an_older_one_does_not(corpus: CorpusTable) -> None:
    first = corpus.merge([article(1, 2, text="new")], None, "a")
    second = corpus.merge([article(1, 1, text="old"), article(2)], first, "b")
    assert [document.sections[0].text for document in corpus.read(second)] == ["new", "It helps."]


def test_every_order_of_pulls_ends_in_the_same_rows(tmp_path: Path) -> None:
    pulls = [[article(1), article(2)], [article(1, 2, Status.RETRACTED)], [article(2, 2, Status.DELETED), article(3)]]
    ends = set()
    for number, order in enumerate(permutations(pulls)):
        corpus, version = DeltaCorpus(tmp_path / str(number)), None
        for turn, pull in enumerate(order):
            version = corpus.merge(pull, version, str(turn))
        assert version is not None
        ends.add(tuple((document.id, document.status) for document in corpus.read(version, EVERY)))
    assert ends == {(("pmid:1", Status.RETRACTED), ("pmid:2", Status.DELETED), ("pmid:3", Status.CURRENT))}


def test_a_retracted_document_keeps_its_text_and_is_read_only_on_request(corpus: CorpusTable) -> None:
    first = corpus.merge([article(1), article(2)], None, "a")
    second = corpus.merge([article(1, 2, Status.RETRACTED)], first, "b")
    assert [document.id for document in corpus.read(second)] == ["pmid:2"]
    (retracted,) = corpus.read(second, ("retracted",))
    assert retracted.sections[0].text == "It helps."


def test_every_version_stays_readable(corpus: CorpusTable) -> None:
    first = corpus.merge([article(1)], None, "a")
    second = corpus.merge([article(1, 2, text="revised"), article(2)], first, "b")
    assert [document.sections[0].text for document in corpus.read(first)] == ["It helps."]
    assert [document.sections[0].text for document in corpus.read(second)] == ["revised", "It helps."]


def test_the_same_token_again_returns_its_version_without_a_commit(corpus: CorpusTable) -> None:
    first = corpus.merge([article(1)], None, "a")
    second = corpus.merge([article(2)], first, "b")
    assert corpus.merge([article(1)], None, "a") == first
    assert corpus.merge([article(3)], second, "c") == second + 1


def test_a_merge_that_changes_nothing_still_has_a_version_of_its_own(corpus: CorpusTable) -> None:
    first = corpus.merge([article(1)], None, "a")
    second = corpus.merge([article(1)], first, "b")
    assert second > first
    assert corpus.merge([article(1)], first, "b") == second
    assert list(corpus.read(second)) == list(corpus.read(first))


def test_an_empty_first_pull_makes_an_empty_corpus(corpus: CorpusTable) -> None:
    assert list(corpus.read(corpus.merge([], None, "a"), EVERY)) == []


def test_a_commit_over_a_version_that_somebody_else_made_is_refused_and_folded_again(
    delta: DeltaCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = delta.merge([article(1)], None, "a")
    stale = delta_tables.newest(delta.place, first)
    delta.merge([article(2)], first, "b")
    tables = [stale]
    fresh = delta_tables.newest
    monkeypatch.setattr(
        delta_tables, "newest", lambda place, previous: tables.pop() if tables else fresh(place, previous)
    )
    last = delta.merge([article(3)], first, "c")
    assert [document.id for document in delta.read(last)] == ["pmid:1", "pmid:2", "pmid:3"]


def test_a_merge_that_loses_every_race_says_so_and_changes_nothing(
    delta: DeltaCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = delta.merge([article(1)], None, "a")
    stale = delta_tables.newest(delta.place, first)
    delta.merge([article(2)], first, "b")
    looks: list[int | None] = []
    monkeypatch.setattr(delta_tables, "newest", lambda place, previous: (looks.append(previous), stale)[1])
    monkeypatch.setattr("medpipe.backends.delta.corpus._JITTER_SECONDS", 0.0)
    with pytest.raises(Unavailable, match=r"another writer changed the corpus first, 50 times.*Run build_corpus"):
        delta.merge([article(3)], first, "c")
    assert len(looks) == 50
    assert [document.id for document in delta.read(first + 1)] == ["pmid:1", "pmid:2"]


@pytest.mark.parametrize("exists", [False, True])
def test_a_previous_version_that_never_was_is_refused(corpus: CorpusTable, exists: bool) -> None:
    if exists:
        corpus.merge([article(1)], None, "a")
    with pytest.raises(NotFound, match="no version 9"):
        corpus.merge([article(2)], 9, "b")


@pytest.mark.parametrize("look", ["read", "digests", "counts", "compact"])
def test_reading_a_version_that_never_was_is_refused(delta: DeltaCorpus, look: str) -> None:
    delta.merge([article(1)], None, "a")
    with pytest.raises(NotFound, match="no version 9"):
        result = getattr(delta, look)(9)
        list(result if look == "read" else ())


def test_digests_are_those_of_the_documents_with_the_status(corpus: CorpusTable) -> None:
    version = corpus.merge([article(1), article(2, status=Status.RETRACTED), article(3)], None, "a")
    assert corpus.digests(version) == {document.id: document.digest for document in (article(1), article(3))}
    assert list(corpus.digests(version, ("retracted",))) == ["pmid:2"]


def test_revisions_are_those_of_the_documents_asked_for(corpus: CorpusTable) -> None:
    topic = article(3, 7).model_copy(update={"id": "mplus:3"})
    version = corpus.merge([article(1, 2), article(2, 3, status=Status.RETRACTED), topic], None, "a")
    assert corpus.revisions(version) == {"mplus:3": 7, "pmid:1": 2}
    assert corpus.revisions(version, ("current", "retracted"), ids=("pmid:2", "pmid:9")) == {"pmid:2": 3}
    assert corpus.revisions(version, prefix="mplus:") == {"mplus:3": 7}


def test_documents_that_are_asked_for_by_id_are_read_and_no_others(corpus: CorpusTable) -> None:
    version = corpus.merge([article(1), article(2, status=Status.RETRACTED), article(3)], None, "a")
    assert list(corpus.read(version, ids=("pmid:3", "pmid:2", "pmid:9"))) == [article(3)]
    assert list(corpus.read(version, ids=())) == []


@pytest.mark.parametrize("asked", [{"prefix": "mplus:"}, {"ids": ("mplus:1",)}])
def test_documents_are_looked_for_only_where_they_can_be(
    delta: DeltaCorpus, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]
) -> None:
    monkeypatch.setattr("medpipe.backends.delta.corpus.FORMAT", WriterProperties(max_row_group_size=10))
    topics = [article(number).model_copy(update={"id": f"mplus:{number}"}) for number in range(3)]
    curated = article(1).model_copy(update={"id": "medquad:1"})
    first = delta.merge([curated, *topics, *(article(number) for number in range(100))], None, "a")
    version = delta.merge([article(number, 2) for number in range(50)], first, "b")
    read: list[list[int]] = []
    whole = pq.ParquetFile.read_row_groups

    def recorded(file: pq.ParquetFile, groups: list[int], columns: list[str]) -> pa.Table:
        read.append(groups)
        return whole(file, groups, columns=columns)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", recorded)
    revisions = delta.revisions(version, **asked)
    assert revisions == dict.fromkeys(asked.get("ids", ("mplus:0", "mplus:1", "mplus:2")), 1)
    assert read == [[0], [0]], "the first ten rows of the first file: their ids, and then their columns"


def test_from_an_object_store_only_files_that_can_have_the_documents_are_read(
    far: DeltaCorpus, object_store: Path
) -> None:
    for day in range(1, 5):
        version = far.merge([article(number) for number in range(10 * day, 10 * day + 10)], None, str(day))
    before = len(requests(object_store))
    assert [document.id for document in far.read(version, ids=("pmid:15",))] == ["pmid:15"]
    files = {line.split()[1] for line in requests(object_store)[before:] if ".parquet" in line}
    assert len(files) == 1


def test_what_a_commit_recorded_is_one_request_to_an_object_store(far: DeltaCorpus, object_store: Path) -> None:
    version = far.merge([article(1)], None, "a")
    before = len(requests(object_store))
    assert commits.recorded(far.place, version, commits.CONTENT) == far.content(version)
    assert [line.split()[0] for line in requests(object_store)[before : before + 2]] == ["GET", "GET"]
    assert requests(object_store)[before].endswith(f"/_delta_log/{version:020}.json?")
    assert "_last_checkpoint" in requests(object_store)[before + 1], "the next thing opens the table"


def requests(log: Path) -> list[str]:
    return log.read_text().splitlines()


def test_counts_follow_each_merge_and_the_cut_off_is_the_youngest_current_document(corpus: CorpusTable) -> None:
    def dated(number: int, day: int, revision: int = 1, status: Status = Status.CURRENT) -> Document:
        return article(number, revision, status).model_copy(update={"published": date(2026, 3, day)})

    assert corpus.counts(corpus.merge([], None, "0")) == ({}, None)
    first = corpus.merge([dated(1, 5), dated(2, 5), dated(3, 2)], None, "a")
    assert corpus.counts(first) == ({"current": 3}, date(2026, 3, 5))
    second = corpus.merge([dated(1, 3, 2), dated(4, 9, 1, Status.DELETED)], first, "b")
    assert corpus.counts(second) == ({"current": 3, "deleted": 1}, date(2026, 3, 5))
    third = corpus.merge([dated(2, 5, 2, Status.RETRACTED)], second, "c")
    assert corpus.counts(third) == ({"current": 2, "deleted": 1, "retracted": 1}, date(2026, 3, 3))
    assert corpus.counts(first) == ({"current": 3}, date(2026, 3, 5))


def test_a_merge_appends_what_changed_and_rewrites_nothing(delta: DeltaCorpus) -> None:
    first = delta.merge([article(number) for number in range(100)], None, "a")
    files = set(delta.place.table().file_uris())
    again = delta.merge([article(number) for number in range(100)], first, "b")
    assert set(delta.place.table().file_uris()) == files, "nothing changed, so nothing is written"
    second = delta.merge([article(7, 2), article(100)], again, "c")
    assert files < set(delta.place.table().file_uris())
    assert Rows(delta.place.table(), delta.place).count == 102
    assert len(list(delta.read(second))) == 101


def notice(number: int, about: str, revision: int = 1) -> Document:
    relations = (Relation(kind="RetractionOf", target=about),)
    return article(number, revision, Status.NOTICE).model_copy(update={"relations": relations})


def test_a_merge_reads_the_text_only_of_documents_that_others_speak_of(
    delta: DeltaCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = delta.merge([article(number, 2) for number in range(9)], None, "a")
    read: list[str] = []
    texts = Rows.texts
    monkeypatch.setattr(
        Rows,
        "texts",
        lambda rows, standing, *rest: (read.extend(standing.column("id").to_pylist()), texts(rows, standing, *rest))[1],
    )
    delta.merge(
        [
            article(1, 2),
            article(2, 3),
            article(3, 1),
            article(4, 1, Status.RETRACTED),
            article(5, 2, text="Other words."),
            article(6, 3, Status.DELETED),
            article(10),
            notice(11, "pmid:7"),
            notice(12, "pmid:2"),
            notice(13, "pmid:99"),
        ],
        first,
        "b",
    )
    assert read == ["pmid:7"]


def test_compaction_leaves_out_superseded_rows_and_nothing_else(delta: DeltaCorpus) -> None:
    pulls = [[article(number, revision, text=f"text {revision}") for number in range(5)] for revision in (1, 2, 3)]
    versions = [delta.merge(pull, None, str(turn)) for turn, pull in enumerate(pulls)]
    assert delta.compact(versions[0]) == versions[0], "only the newest version can be compacted"
    compacted = delta.compact(versions[2])
    assert compacted == versions[2] + 1
    assert Rows(delta.place.table(), delta.place).count == 5
    for version, pull in zip([*versions, compacted], [*pulls, pulls[2]], strict=True):
        assert everything(delta, version) == pull
        assert delta.counts(version).by_status == {"current": 5}
    assert delta.compact(compacted) == compacted, "nothing is superseded now"
    assert delta.merge(pulls[2], None, "2") == versions[2], "the token is still known"
    after = delta.merge([article(1, 2), article(2, 4)], compacted, "d")
    assert [document.revision for document in delta.read(after)] == [3, 3, 4, 3, 3]


def test_rows_of_documents_that_have_not_come_yet_are_kept_and_cause_no_compaction(delta: DeltaCorpus) -> None:
    cited = [
        notice(number, f"pmid:{number}00").model_copy(
            update={"relations": tuple(Relation(kind="RetractionOf", target=f"pmid:{number}0{n}") for n in range(3))}
        )
        for number in (1, 2)
    ]
    version = delta.merge(cited, None, "a")
    assert delta.compact(version) == version, "six of the eight rows are about documents that have not come"
    pulls = [[article(100), article(3)], [notice(1, "pmid:100", 2), article(201)], [article(3, 2)]]
    for turn, pull in enumerate(pulls):
        version = delta.merge(pull, version, str(turn))
        table = delta.place.table()
        assert tally(table, delta.place) == Tally.counted(Rows(table, delta.place))
    before = everything(delta, version)
    for revision in (3, 4, 5, 6, 7):
        version = delta.merge([article(number, revision) for number in (3, 100, 201)], version, f"{revision}")
    compacted = delta.compact(version)
    assert compacted == version + 1
    assert delta.compact(compacted) == compacted
    assert [document.id for document in everything(delta, compacted)] == [document.id for document in before]


def test_many_small_files_are_joined_and_stay_the_same_documents(
    delta: DeltaCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delta, "many_small_files", 5)
    version = 0
    for number in range(6):
        version = delta.merge([article(number), article(99, number)], None, str(number))
    before, counts = everything(delta, version), delta.counts(version)
    joined = delta.compact(version)
    assert joined == version + 1
    assert len(delta.place.table().file_uris()) == 1
    assert (everything(delta, joined), delta.counts(joined)) == (before, counts)
    assert everything(delta, version) == before


def test_counts_are_counted_where_another_tool_made_the_commit(delta: DeltaCorpus) -> None:
    version = delta.merge([article(1), article(2, status=Status.RETRACTED)], None, "a")
    delta.merge([article(3)], version, "b")
    table = delta.place.table()
    table.optimize.compact()
    assert delta.counts(table.version()) == ({"current": 2, "retracted": 1}, date(2026, 3, 3))
    assert [document.id for document in delta.read(delta.merge([article(4)], None, "c"))] == [
        "pmid:1",
        "pmid:3",
        "pmid:4",
    ]


def test_texts_are_read_in_bands_and_come_by_id(delta: DeltaCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medpipe.backends.delta.rows.BAND", 7)
    for turn in range(3):
        version = delta.merge(
            [article(number, turn, text=f"{turn}") for number in range(turn, 60, turn + 1)], None, str(turn)
        )
    model = MemoryCorpus()
    for turn in range(3):
        last = model.merge(
            [article(number, turn, text=f"{turn}") for number in range(turn, 60, turn + 1)], None, str(turn)
        )
    assert everything(delta, version) == everything(model, last)


def test_a_notice_holds_its_target_whichever_comes_first(corpus: CorpusTable) -> None:
    first = corpus.merge([notice(9, "pmid:1")], None, "a")
    assert (everything(corpus, first), corpus.counts(first).by_status) == ([notice(9, "pmid:1")], {"notice": 1})
    second = corpus.merge([article(1), article(2)], first, "b")
    assert [document.id for document in corpus.read(second)] == ["pmid:2"]
    assert corpus.counts(second).by_status == {"current": 1, "notice": 1, "on hold": 1}
    (held,) = corpus.read(second, ("on hold",))
    assert (held.id, held.marks[0].by) == ("pmid:1", "pmid:9")
    third = corpus.merge([notice(9, "pmid:3", 2)], second, "c")
    assert [document.id for document in corpus.read(third)] == ["pmid:1", "pmid:2"]
    assert corpus.content(third) == corpus.reread(third)
    last = corpus.merge([article(1), notice(9, "pmid:1", 3)], third, "d")
    assert corpus.counts(last).by_status == {"current": 1, "notice": 1, "on hold": 1}, "a row that came counts once"


def test_a_list_that_names_a_doi_holds_what_has_it_whichever_comes_first(corpus: CorpusTable) -> None:
    def listed(number: int, doi: str) -> Document:
        relations = (Relation(kind="ListedRetractionOf", target=f"doi:{doi}"),)
        return article(number, status=Status.NOTICE).model_copy(update={"id": f"rw:{number}", "relations": relations})

    def having(number: int, doi: str) -> Document:
        return article(number).model_copy(update={"dois": (doi,)})

    first = corpus.merge([having(1, "10.1/a"), having(3, "10.1/c"), listed(8, "10.1/b")], None, "a")
    second = corpus.merge([having(2, "10.1/b"), listed(7, "10.1/a")], first, "b")
    assert [document.id for document in corpus.read(second)] == ["pmid:3"]
    assert [document.id for document in corpus.read(second, ("on hold",))] == ["pmid:1", "pmid:2"]


OLD = ("id", "sequence", "revision", "status", "published", "source", "language", "digest", "title", "focus", "body")


def older(delta: DeltaCorpus, documents: list[Document]) -> None:
    """Write a table as an earlier medpipe did: without what records say about each other."""
    rows = rows_of(documents, 1).select([*OLD, "licence", "url"])
    status = pa.array([document.status.value for document in documents], pa.string())
    rows = rows.set_column(rows.schema.get_field_index("status"), "status", status)
    notices = pa.array([[] for _ in documents], pa.list_(pa.string()))
    write_deltalake(delta.place.address, rows.append_column("notices", notices))


def test_a_table_of_an_earlier_medpipe_is_read_as_it_is_and_rewritten_by_the_next_merge(delta: DeltaCorpus) -> None:
    older(delta, [article(1), article(2, status=Status.CONCERN), article(3), notice(9, "pmid:1"), notice(8, "pmid:4")])
    assert [document.id for document in delta.read(0)] == ["pmid:1", "pmid:3"]
    assert [document.id for document in delta.read(0, ("on hold",))] == ["pmid:2"]
    assert delta.compact(0) == 0
    content = delta.content(0)

    version = delta.merge([article(4), article(3, 2, text="new")], 0, "a")
    assert [document.id for document in delta.read(version)] == ["pmid:3"]
    assert [document.id for document in delta.read(version, ("on hold",))] == ["pmid:1", "pmid:2", "pmid:4"]
    assert delta.counts(version).by_status == {"current": 1, "notice": 2, "on hold": 3}
    assert delta.content(version) == delta.reread(version)
    assert (delta.content(version - 1), delta.content(0)) == (content, content)
    assert [document.id for document in delta.read(0)] == ["pmid:1", "pmid:3"], "older versions stay what they were"
    assert delta.merge([article(4), article(3, 2, text="new")], 0, "a") == version


def test_a_table_of_another_layout_is_refused_by_what_it_lacks(delta: DeltaCorpus) -> None:
    write_deltalake(delta.place.address, pa.table({"id": ["pmid:1"], "body": ["{}"]}))
    with pytest.raises(Damaged, match=r"no column .*sequence"):
        delta.merge([article(1)], None, "a")
    with pytest.raises(Damaged, match=r"no column .*sequence"):
        list(delta.read(0))


def test_other_tools_read_plain_columns(delta: DeltaCorpus) -> None:
    version = delta.merge([article(1)], None, "a")
    (row,) = DeltaTable(delta.place.address, version=version).to_pyarrow_dataset().to_table().to_pylist()
    assert (row["id"], row["status"], row["published"]) == ("pmid:1", "current", date(2026, 3, 3))
    assert row["sequence"] == version
    assert Document.model_validate_json(row["body"]) == article(1)
