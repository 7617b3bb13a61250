"""Lists of the sources arrive as Markdown in answers of paragraphs, and in a row in answers of one line."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from medpipe.core.corpus.bad_record import BadRecord
from medpipe.core.corpus.document import Document
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import decompose
from medpipe.sandbox.nlm.topic_files import topics_xml
from medpipe.sandbox.world import World
from medpipe.sources.curated.source import CuratedSource
from medpipe.sources.medlineplus.topics import parse_topics
from tests.places import DATA

PARAGRAPHS = Data(answers="paragraphs", max_answer_chars=1500)
ONE_LINE = Data(max_answer_chars=1500)
ITEMS = re.compile(r"^(?:- |\d+\. )", re.MULTILINE)


def answers(documents: list[Document], data: Data) -> list[str]:
    return [fact.answer for document in documents for fact in decompose(document, data)[0]]


def lists(texts: list[str]) -> int:
    return sum(len(ITEMS.findall(text)) > 1 for text in texts)


def topics(file: bytes) -> list[Document]:
    read = parse_topics(io.BytesIO(file), "topics.xml", 1)
    return [received for received in read if not isinstance(received, BadRecord)]


def test_a_list_of_a_sandbox_topic_arrives_as_markdown() -> None:
    topic = World().topics(1)[0]
    said = topic.facts[0].answer
    signs, steps = ("<li>fever</li><li>a rash</li>", "<li>Rest</li><li>Drink</li>")
    html = f"<p>It has these signs:</p><ul>{signs}</ul><p>Then:</p><ol>{steps}</ol>"
    file = topics_xml([topic], date(2026, 3, 3)).replace(escape(f"<p>{said}</p>").encode(), escape(html).encode())
    assert answers(topics(file), PARAGRAPHS)[0] == (
        "It has these signs:\n- fever\n- a rash\n\nThen:\n1. Rest\n2. Drink"
    )
    assert answers(topics(file), ONE_LINE)[0] == "It has these signs: fever; a rash. Then: Rest; Drink."


def test_topics_without_lists_are_answered_alike_in_both_forms() -> None:
    documents = topics(topics_xml(World().topics(1), date(2026, 3, 3)))
    assert answers(documents, PARAGRAPHS) == answers(documents, ONE_LINE) != []


def test_the_lists_of_real_topics_and_of_medquad_arrive_as_markdown(tmp_path: Path) -> None:
    if not DATA.is_dir():
        pytest.skip("the real data are not here (../shared/data)")
    real = topics((DATA / "medlineplus_xml" / "mplus_topics_2025-03-04.xml").read_bytes())
    (tmp_path / "medquad").mkdir()
    (tmp_path / "medquad" / "5_NIDDK_QA.jsonl.gz").symlink_to(DATA / "medquad" / "5_NIDDK_QA.jsonl.gz")
    published = list(CuratedSource(tmp_path, "medquad").pull(date(1990, 1, 1), date(2100, 1, 1)))
    for documents in (real, published):
        kept = answers(documents, PARAGRAPHS)
        assert lists(kept) > len(kept) / 5
        assert not lists(answers(documents, ONE_LINE))
