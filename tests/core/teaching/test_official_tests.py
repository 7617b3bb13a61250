"""An official test's items by their ids."""

from __future__ import annotations

from datetime import date

import pytest

from medpipe.core.corpus.document import Document
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.official_tests import OfficialTest, objection

TEST = OfficialTest("pubmedqa", frozenset({"pubmedqa:7", "pmid:7"}))


def document(id: str) -> Document:
    return Document(id=id, revision=1, source="x", title="", published=date(2020, 1, 1))


@pytest.mark.parametrize("id", ["pmid:7", "pmid:7.2", "pubmedqa:7", "pubmedqa:7#2"])
def test_every_version_and_part_of_an_item_is_recognised(id: str) -> None:
    assert objection(document(id), [TEST]) == "document of the official test of pubmedqa"


@pytest.mark.parametrize("id", ["pmid:70", "pmid:17", "mplus:7", "pmid:2.7"])
def test_another_record_is_no_item(id: str) -> None:
    assert objection(document(id), [TEST]) == ""


def test_a_recipe_that_takes_a_set_with_test_items_keeps_them_out_without_naming_them() -> None:
    assert Data(sources={"pubmedqa": 0.1}).kept_out == ("pubmedqa",)
    assert Data(sources={"pubmedqa": 0.0, "pmid": 1.0}).kept_out == ()
    assert Data(sources={"pmid": 1.0}, official_tests=("medqa", "pubmedqa")).kept_out == ("medqa", "pubmedqa")
