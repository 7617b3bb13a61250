"""The same bytes are read once, by the same code, as the same revision."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from medpipe.core.corpus.document import Document, Section
from medpipe.sources.medlineplus import topics
from medpipe.sources.transport import document_cache

DOCUMENT = Document(
    id="mplus:1", revision=1, source="medlineplus", title="Año", published=date(2026, 3, 3),
    sections=(Section(heading="¿Qué?", text="Línea\u2028dos"),),
)  # fmt: skip


class Reader:
    """Counts how often it reads."""

    def __init__(self) -> None:
        self.read = 0

    def __call__(self) -> Iterator[Document]:
        self.read += 1
        yield DOCUMENT


def test_the_same_bytes_are_read_once_and_others_again(tmp_path: Path) -> None:
    path, reader = tmp_path / "a.xml", Reader()
    for content, revision, reads in ((b"a", 1, 1), (b"a", 1, 1), (b"b", 1, 2), (b"b", 2, 3)):
        path.write_bytes(content)
        assert document_cache.documents_of(path, tmp_path / "cache", (topics,), revision, reader) == [DOCUMENT]
        assert reader.read == reads


def test_nothing_is_kept_of_a_file_that_could_not_be_read(tmp_path: Path) -> None:
    def broken() -> Iterator[Document]:
        yield DOCUMENT
        raise ValueError("cut off")

    (tmp_path / "a.xml").write_bytes(b"a")
    with pytest.raises(ValueError, match="cut off"):
        document_cache.documents_of(tmp_path / "a.xml", tmp_path / "cache", (topics,), 1, broken)
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"a")
    (tmp_path / "cache").write_text("not a folder")
    assert document_cache.documents_of(tmp_path / "a.xml", tmp_path / "cache", (topics,), 1, Reader()) == [DOCUMENT]


def test_only_the_newest_readings_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"a")
    for revision in range(10):
        document_cache.documents_of(tmp_path / "a.xml", tmp_path / "cache", (topics,), revision, Reader())
    assert len(list((tmp_path / "cache").iterdir())) == 6
