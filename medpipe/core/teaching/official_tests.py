"""The official tests of published sets: their items are never taught, whichever source they come from.

An item is recognised by the id of its record (a PubMedQA question is a PubMed article, too) and by its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from medpipe.core.corpus.document import Document

_PART = re.compile(r"(?:#\d+|(?<=\d)\.\d+)$")
"""The mark of another text of a record, or of a later version of an article."""


class OfficialTest(NamedTuple):
    """The test items of one published set."""

    name: str
    """The set's name (`core.sources`)."""
    documents: frozenset[str]
    """Ids of their documents, under the prefix of each source that may deliver them."""
    texts: tuple[str, ...] = ()
    """Their questions, long answers and contexts, where the set's files have them."""


def objection(document: Document, tests: Iterable[OfficialTest]) -> str:
    """Return why a document must not be used, "" when it is an item of none of the tests."""
    ids = {document.id, _PART.sub("", document.id)}
    named = next((test.name for test in tests if not ids.isdisjoint(test.documents)), "")
    return f"document of the official test of {named}" if named else ""


def texts(tests: Iterable[OfficialTest]) -> Mapping[str, Sequence[str]]:
    """Return the texts of each test that has any, as `core.teaching.contamination` takes benchmarks."""
    return {f"official test of {test.name}": test.texts for test in tests if test.texts}
