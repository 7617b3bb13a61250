"""A corpus table that is restored from a backup: no ref ever names other documents, and no retraction is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medpipe import steps
from medpipe.core.corpus.document import Document, Status
from medpipe.core.manifests import CorpusManifest
from medpipe.errors import Damaged
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import table_version
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, DAY_4, RETRACTED, article, publish, topic
from tests.steps.test_ring import refresh


def backed_up(ports: fakes.FakePorts) -> Path:
    return shutil.copytree(ports.settings.home / "corpus", ports.settings.home / "backup")


def restore(ports: fakes.FakePorts, backup: Path) -> None:
    shutil.rmtree(ports.settings.home / "corpus")
    shutil.copytree(backup, ports.settings.home / "corpus")


def documents(ports: fakes.FakePorts, corpus: str) -> dict[str, Document]:
    return {document.id: document for document in ports.corpus.read(table_version(ports, corpus), tuple(Status))}


def first(ports: fakes.FakePorts) -> str:
    publish(ports, [topic(1), topic(2), article()])
    return refresh(ports, DAY_1, DAY_2)


def retraction(ports: fakes.FakePorts, previous: str) -> str:
    publish(ports, [article(Status.RETRACTED, DAY_2)])
    return refresh(ports, DAY_2, DAY_3, previous)


def news(ports: fakes.FakePorts, previous: str) -> str:
    publish(ports, [topic(3, DAY_3)])
    return refresh(ports, DAY_3, DAY_4, previous)


def test_a_ref_never_names_other_documents_that_a_restored_table_has_under_its_number(ports: fakes.FakePorts) -> None:
    one = first(ports)
    backup = backed_up(ports)
    two = retraction(ports, one)
    number = manifest(ports, two, CorpusManifest).outcome.table_version
    restore(ports, backup)
    other = news(ports, one)
    assert manifest(ports, other, CorpusManifest).outcome.table_version == number, "the number is used again"
    with pytest.raises(Damaged, match=f"no longer holds {two}"):
        documents(ports, two)
    assert RETRACTED in documents(ports, other)


def test_the_next_corpus_folds_in_the_retraction_that_the_restored_table_lacks(ports: fakes.FakePorts) -> None:
    one = first(ports)
    backup = backed_up(ports)
    two = retraction(ports, one)
    restore(ports, backup)
    with pytest.raises(Damaged, match="was the table restored from a backup"):
        documents(ports, two)
    three = news(ports, two)
    assert documents(ports, three)[RETRACTED].status is Status.RETRACTED
    assert documents(ports, two)[RETRACTED].status is Status.RETRACTED
    assert documents(ports, one)[RETRACTED].status is Status.CURRENT
    assert topic(3, DAY_3).id not in documents(ports, two)


def test_the_same_corpus_built_again_folds_in_what_the_restored_table_lacks(ports: fakes.FakePorts) -> None:
    one = first(ports)
    backup = backed_up(ports)
    two = retraction(ports, one)
    three = news(ports, two)
    before = documents(ports, three)
    restore(ports, backup)
    assert news(ports, two) == three
    assert documents(ports, three) == before
    assert documents(ports, two)[RETRACTED].status is Status.RETRACTED


def test_merges_after_the_restoration_stay_beside_those_that_are_folded_in_again(ports: fakes.FakePorts) -> None:
    one = first(ports)
    backup = backed_up(ports)
    two = retraction(ports, one)
    restore(ports, backup)
    publish(ports, [topic(4, DAY_3)])
    between = refresh(ports, DAY_3, DAY_4, one)
    publish(ports, [topic(5, DAY_2)])
    later = steps.build_corpus(
        (steps.validate(steps.pull("medlineplus", DAY_2, DAY_4, ports=ports), "documents", ports=ports),),
        two,
        ports=ports,
    )
    held = documents(ports, later)
    assert held[RETRACTED].status is Status.RETRACTED
    assert {topic(4).id, topic(5).id} <= held.keys()
    assert topic(4).id in documents(ports, between)


def test_a_table_that_is_gone_is_built_again_from_the_deliveries(ports: fakes.FakePorts) -> None:
    two = retraction(ports, first(ports))
    before = documents(ports, two)
    shutil.rmtree(ports.settings.home / "corpus")
    with pytest.raises(Damaged, match="no longer holds"):
        documents(ports, two)
    three = news(ports, two)
    assert documents(ports, two) == before
    assert documents(ports, three).keys() == before.keys() | {topic(3).id}


def test_verify_names_a_restored_table(ports: fakes.FakePorts) -> None:
    one = first(ports)
    backup = backed_up(ports)
    steps.verify(ports=ports)
    two = retraction(ports, one)
    restore(ports, backup)
    with pytest.raises(Damaged, match=f"no longer holds {two}"):
        steps.verify(ports=ports)


def test_a_delivery_with_other_texts_under_the_same_ref_gives_another_corpus(ports: fakes.FakePorts) -> None:
    publish(ports, [topic(1)])
    corpus = refresh(ports, DAY_1, DAY_2)
    (pulled,) = manifest(ports, corpus, CorpusManifest).inputs.pulls
    shutil.rmtree(ports.settings.home / "artifacts" / pulled)
    publish(ports, [topic(1, drug="Another drug")])
    assert refresh(ports, DAY_1, DAY_2) != corpus


def test_verify_names_a_corpus_with_an_edited_text(ports: fakes.FakePorts) -> None:
    corpus = first(ports)
    (file,) = (ports.settings.home / "corpus").glob("*.parquet")
    rows = pq.read_table(file)
    bodies = [body.replace("omib", "amib") for body in rows.column("body").to_pylist()]
    place = rows.schema.get_field_index("body")
    pq.write_table(rows.set_column(place, rows.schema.field(place), pa.array(bodies)), file)
    with pytest.raises(Damaged, match=f"{corpus}: has other texts in the corpus table than were merged"):
        steps.verify(ports=ports)
