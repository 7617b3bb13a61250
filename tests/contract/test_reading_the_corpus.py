"""The examples of docs/reading-the-corpus.md run unchanged against a real table."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from medpipe.backends.delta.corpus import DeltaCorpus
from medpipe.backends.delta.rows import SCHEMA
from medpipe.core.corpus.document import Document, Section, Status
from tests.places import ROOT

PAGE = ROOT / "docs" / "reading-the-corpus.md"


def blocks(heading: str) -> str:
    """Return the Python of a section of the page."""
    text = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))


def article(number: int, revision: int, status: Status = Status.CURRENT) -> Document:
    return Document(
        id=f"pmid:{number}",
        revision=revision,
        source="pubmed",
        title=f"Title {number}",
        status=status,
        published=date(2026, 3, 3),
        sections=(Section(heading="RESULTS", text=f"Text {revision}."),),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two versions: two current documents; then one revised, one retracted and one new."""
    corpus = DeltaCorpus(tmp_path / "corpus")
    corpus.merge([article(1, 1), article(2, 1)], None, "first")
    corpus.merge([article(1, 2), article(2, 2, Status.RETRACTED), article(3, 2)], None, "second")
    return tmp_path / "corpus"


TODAY = [("pmid:1", "Title 1", date(2026, 3, 3), "Text 2."), ("pmid:3", "Title 3", date(2026, 3, 3), "Text 2.")]


@pytest.mark.parametrize("reader", ["DuckDB", "Polars"])
def test_the_example_finds_the_current_documents_and_those_of_an_earlier_version(reader: str, folder: Path) -> None:
    names: dict[str, Any] = {"folder": str(folder)}
    exec(compile(blocks(reader), f"{PAGE.name}, {reader}", "exec"), names)  # the page is ours
    current = names["current"] if reader == "DuckDB" else names["current"].rows()
    then = names["then"] if reader == "DuckDB" else dict(names["then"].rows())
    assert current == TODAY
    assert then == {"current": 2}


def test_the_example_for_spark_is_python_and_asks_the_same_question() -> None:
    text = blocks("Spark")
    ast.parse(text)
    for part in ("left_semi", "versionAsOf", "status = 'current'", "$.sections[0].text", 'format("delta")'):
        assert part in text


def test_the_page_names_every_column() -> None:
    named = set(
        re.findall(
            r"`(\w+)`", "".join(line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `"))
        )
    )
    assert named == set(SCHEMA.names)
