"""General instructions: every layout is read, and nothing without a licence."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from medpipe.core.corpus.bad_record import BadRecord
from medpipe.core.corpus.document import Document
from medpipe.sources.curated import general
from medpipe.sources.curated.source import CuratedSource

EVER = (date(1990, 1, 1), date(2100, 1, 1))
CC0 = {"licence": "CC0 1.0"}


def pulled(below: Path, *rows: dict[str, Any], name: str = "own.jsonl") -> tuple[list[Any], dict[str, int]]:
    file = below / "general" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    source = CuratedSource(below, "general")
    return list(source.pull(*EVER)), dict(source.drops)


@pytest.mark.parametrize(
    ("row", "context"),
    [
        ({"instruction": "Name a colour.", "context": "", "response": "Blue.", "category": "open_qa"}, ""),
        ({"instruction": "Name a colour.", "input": "Red, blue.", "output": "Blue."}, "Red, blue."),
        ({"question": "Name a colour.", "answer": "Blue."}, ""),
        ({"prompt": "Name a colour.", "completion": "Blue."}, ""),
        (
            {
                "messages": [
                    {"role": "user", "content": "Name a colour."},
                    {"role": "assistant", "content": "Blue."},
                ]
            },
            "",
        ),
        ({"conversations": [{"from": "human", "value": "Name a colour."}, {"from": "gpt", "value": "Blue."}]}, ""),
    ],
)
def test_every_usual_layout_is_read(tmp_path: Path, row: dict[str, Any], context: str) -> None:
    (document,), drops = pulled(tmp_path, {**row, **CC0})
    (section,) = document.sections
    assert (section.heading, section.text, section.context) == ("Name a colour.", "Blue.", context)
    assert (document.source, document.licence, document.language, drops) == ("general", "CC0 1.0", "en", {})
    assert document.id.startswith("general:")


def test_a_file_that_is_named_after_a_published_set_has_its_licence_and_address(tmp_path: Path) -> None:
    row = {"instruction": "Name a colour.", "context": "", "response": "Blue.\n\nOr red.", "category": "open_qa"}
    (document,), _ = pulled(tmp_path, row, name="databricks-dolly-15k.jsonl")
    assert (document.licence, document.types) == ("CC BY-SA 3.0", ("open_qa",))
    assert document.url == "https://huggingface.co/datasets/databricks/databricks-dolly-15k"
    assert document.sections[0].text == "Blue.\nOr red."


def test_a_row_without_a_licence_is_a_bad_record_and_the_others_are_read(tmp_path: Path) -> None:
    row = {"question": "Name a colour.", "answer": "Blue."}
    (bad, good), _ = pulled(tmp_path, row, {**row, "license": "MIT", "id": "q1"})
    assert isinstance(bad, BadRecord) and isinstance(good, Document)
    assert bad.reason.startswith("no licence: give each row a column `licence`") and "colour" not in bad.reason
    assert (good.id, good.licence) == ("general:q1", "MIT")


def test_only_the_first_exchange_of_a_conversation_is_taken_and_none_after_a_system_prompt(tmp_path: Path) -> None:
    turns = [{"role": role, "content": text} for role, text in (("user", "Hello?"), ("assistant", "Hello."))]
    documents, drops = pulled(
        tmp_path,
        {"messages": [*turns, *turns], **CC0},
        {"messages": [{"role": "system", "content": "Be a pirate."}, *turns], **CC0},
        {"messages": turns[:1], **CC0},
    )
    assert [document.sections[0].text for document in documents] == ["Hello."]
    assert drops == {general.LATER: 2, general.SYSTEM: 1, "questions without an answer were dropped": 1}


def test_a_row_of_another_layout_is_named_by_its_missing_columns(tmp_path: Path) -> None:
    (bad,), _ = pulled(tmp_path, {"ask": "Name a colour.", **CC0})
    assert isinstance(bad, BadRecord) and bad.reason == "no question or prompt"
    assert bad.place == "line 1"


def test_the_hubs_table_has_the_licence_of_its_set() -> None:
    (row,) = general.of_hub([{"instruction": "Name a colour.", "context": "", "response": "Blue."}])
    reading = general.read(row)
    assert reading.entry is not None and reading.entry.licence == "CC BY-SA 3.0"
