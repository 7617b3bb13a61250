"""The official tests of published sets: their items are never taught, whichever source they come from.

An item is recognised by the id of its record (a PubMedQA question is a PubMed article, too) and by its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from medpipe.core.corpus.document import Document
from medpipe.core.judging.evaluation import Sample
from medpipe.core.judging.published import Published
from medpipe.core.teaching.options import parted

SHORTEST = 8
"""Words of an answer or a context that is compared: shorter ones ("yes", "Vitamin C") belong to many questions."""
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


def of_benchmark(published: Published) -> OfficialTest:
    """Return the questions of a published benchmark as what must never be taught."""
    texts = dict.fromkeys(text for sample in published.samples for text in _texts(sample))
    return OfficialTest(published.name, published.documents, tuple(texts))


def _texts(sample: Sample) -> Iterator[str]:
    """Yield the question, with and without its options, and what is long enough of answer, passage and rubric."""
    yield sample.question
    if sample.choices:
        yield parted(sample.question)[0]
    points = (point.text for point in sample.rubric)
    yield from (text for text in (sample.target, sample.context, *points) if len(text.split()) >= SHORTEST)


def objection(document: Document, tests: Iterable[OfficialTest]) -> str:
    """Return why a document must not be used, "" when it is an item of none of the tests."""
    ids = {document.id, _PART.sub("", document.id)}
    named = next((test.name for test in tests if not ids.isdisjoint(test.documents)), "")
    return f"document of the official test of {named}" if named else ""


def texts(tests: Iterable[OfficialTest]) -> Mapping[str, Sequence[str]]:
    """Return the texts of each test that has any, as `core.teaching.contamination` takes benchmarks."""
    return {f"official test of {test.name}": test.texts for test in tests if test.texts}
