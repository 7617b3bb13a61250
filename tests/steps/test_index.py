"""build_index and publish_index: which documents answers can be cited from."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from medpipe import records, steps
from medpipe.core.corpus.document import Document, Relation, Section, Status
from medpipe.core.manifests import IndexManifest
from medpipe.core.refs import CorpusRef, IndexRef
from medpipe.errors import Damaged, NotFound, UsageError
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, RETRACTED, article, publish, topic
from tests.steps.test_ring import refresh


def corpus_of(ports: fakes.FakePorts, documents: Iterable[Document]) -> CorpusRef:
    publish(ports, list(documents))
    return refresh(ports, DAY_1, DAY_2)


def indexed(ports: fakes.FakePorts, index: IndexRef) -> list[str]:
    """Return the ids of the documents in an index, in its order."""
    rows = records.read_rows(ports.store.folder(index) / "passages.jsonl")
    return list(dict.fromkeys(row["id"] for row in rows))


def test_an_index_has_the_passages_of_current_documents_with_what_a_reader_needs(ports: fakes.FakePorts) -> None:
    corpus = corpus_of(ports, [topic(1), topic(2)])
    index = steps.build_index(corpus, ports=ports)
    stored = manifest(ports, index, IndexManifest)
    assert (stored.inputs.corpus, stored.outcome.documents, stored.outcome.passages) == (corpus, 2, 4)
    first = json.loads((ports.store.folder(index) / "passages.jsonl").read_text().splitlines()[0])
    assert (first["id"], first["standing"], first["date"]) == (topic(1).id, "current", DAY_1.isoformat())
    assert first["url"] == topic(1).url and first["text"] == topic(1).sections[0].text
    assert steps.build_index(corpus, ports=ports) == index, "the same corpus gives the same index"


@pytest.mark.parametrize("status", [Status.RETRACTED, Status.CONCERN, Status.NOTICE, Status.DELETED])
def test_what_is_not_current_is_left_out(ports: fakes.FakePorts, status: Status) -> None:
    index = steps.build_index(corpus_of(ports, [topic(1), article(status)]), ports=ports)
    assert indexed(ports, index) == [topic(1).id]


def test_what_a_notice_holds_or_a_newer_document_supersedes_is_left_out(ports: fakes.FakePorts) -> None:
    notice = article(Status.NOTICE).model_copy(
        update={"id": "pmid:99", "relations": (Relation(kind="RetractionOf", target=RETRACTED),)}
    )
    older = article().model_copy(
        update={"id": "pmid:5", "relations": (Relation(kind="UpdateIn", target="pmid:6"),), "title": "An older one"}
    )
    index = steps.build_index(corpus_of(ports, [topic(1), article(), notice, older]), ports=ports)
    assert indexed(ports, index) == [topic(1).id]


def test_what_a_person_withdrew_is_left_out_of_the_next_index_and_comes_back_when_lifted(
    ports: fakes.FakePorts,
) -> None:
    corpus = corpus_of(ports, [topic(1), topic(2)])
    before = steps.build_index(corpus, ports=ports)
    steps.withdraw((topic(1).id,), "names a patient", "Dr. A", ports=ports)
    after = steps.build_index(corpus, ports=ports)
    assert indexed(ports, after) == [topic(2).id]
    steps.lift(topic(1).id, "a mistake", "Dr. A", ports=ports)
    assert steps.build_index(corpus, ports=ports) == before


def test_items_of_a_test_are_no_sources(ports: fakes.FakePorts) -> None:
    item = topic(3).model_copy(update={"sections": (Section(heading="Which?", text="A", choices=("a", "b")),)})
    index = steps.build_index(corpus_of(ports, [topic(1), item]), ports=ports)
    assert indexed(ports, index) == [topic(1).id]


def test_a_corpus_without_a_passage_is_refused(ports: fakes.FakePorts) -> None:
    corpus = corpus_of(ports, [article(Status.RETRACTED)])
    with pytest.raises(UsageError, match="no current document with a text"):
        steps.build_index(corpus, ports=ports)


def test_only_an_index_that_can_be_opened_is_published(ports: fakes.FakePorts) -> None:
    index = steps.build_index(corpus_of(ports, [topic(1)]), ports=ports)
    with pytest.raises(NotFound, match="index/0123456789abcdef"):
        steps.publish_index(IndexRef("index/0123456789abcdef"), ports=ports)
    assert steps.publish_index(index, ports=ports) == index
    (ports.store.folder(index) / "offsets.npy").unlink()
    with pytest.raises(Damaged, match=r"offsets\.npy"):
        steps.publish_index(index, ports=ports)
    assert steps.publish_index(None, ports=ports) is None
    current = ports.published_indexes.current()
    assert current and (current.sequence, current.ref) == (2, None)
