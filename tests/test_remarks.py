"""Remarks after a verb: counts of its outcome, in words."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from medpipe import remarks, steps
from medpipe.settings import Settings
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, publish, topic
from tests.steps.test_ring import refresh


class Counted(BaseModel):
    """An outcome with everything that an outcome may hold."""

    train: int
    drops: dict[str, int] = {}
    table_version: int = 0
    corpus: str = "corpus/1"
    safe: bool = True
    card: dict[str, list[str]] = {"a": []}


def _ports(outcome: Counted) -> Any:
    manifest = SimpleNamespace(ref="examples/0123456789abcdef", outcome=outcome)
    return SimpleNamespace(store=SimpleNamespace(find=lambda ref: manifest if ref == manifest.ref else None))


def test_counts_and_reasons_are_listed_and_texts_and_zeros_are_left_out() -> None:
    store = _ports(Counted(train=7, drops={"too long": 2, "unasked": 0, "twin": 1}))
    assert remarks.of_result("build_examples", {}, "examples/0123456789abcdef", store) == [
        "examples/0123456789abcdef: train 7",
        "examples/0123456789abcdef: drops: too long 2, twin 1",
    ]


@pytest.mark.parametrize("value", [None, "nothing", "", 3, [{"a": "b"}], "examples/fedcba9876543210", "# A card"])
def test_a_value_without_a_manifest_has_no_remarks(value: Any) -> None:
    assert remarks.of_result("card", {}, value, _ports(Counted(train=7))) == []


def test_every_data_verb_says_what_it_counted(tmp_path: Path) -> None:
    ports = fakes.ports(Settings(home=tmp_path))
    publish(ports, [topic(1), topic(2)])
    corpus = refresh(ports, DAY_1, DAY_2)
    (first, *others) = remarks.of_result("build_corpus", {}, corpus, ports)
    assert first == f"{corpus}: incoming 2"
    assert others == [f"{corpus}: documents: current 2"]
    examples = steps.build_examples(corpus, "tiny-sft", ports=ports)
    assert "train " in remarks.of_result("build_examples", {}, examples, ports)[0]
