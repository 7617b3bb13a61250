"""Laws of the corpus, for every order, repetition, split and overlap of pulls, and compactions between them.

They change no document, and every version stays what it was.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medpipe.backends.delta import corpus as delta_corpus
from medpipe.core.corpus.document import Document, Relation, Section, Status
from medpipe.ports import CorpusTable
from tests.fakes import MemoryCorpus

EVERY = tuple(Status)


def _document(
    number: int,
    revision: int,
    status: Status,
    text: str,
    link: tuple[str, str | None] | None,
    doi: str,
    day: int,
    posting: str,
) -> Document:
    relations = () if link is None else (Relation(kind=link[0], target=link[1]),)
    sections = () if status is Status.DELETED else (Section(heading="CONCLUSIONS", text=text),)
    return Document(
        id=f"pmid:{number}",
        revision=revision,
        source="pubmed",
        title="Does it help?",
        published=date(2026, 3, day),
        status=status,
        sections=sections,
        relations=relations,
        dois=(doi,) if doi and status is not Status.DELETED else (),
        posting=posting,
    )


documents = st.builds(
    _document,
    st.integers(1, 4),
    st.integers(1, 3),
    st.sampled_from(list(Status)),
    st.sampled_from("ab"),
    st.sampled_from(
        [
            None,
            ("RetractionIn", None),
            ("RetractionIn", "pmid:9"),
            ("RetractionOf", "pmid:1"),
            ("UpdateOf", "pmid:2"),
            ("RetractionOf", "pmid:8"),
            ("ListedRetractionOf", "doi:10.1/a"),
        ]
    ),
    st.sampled_from(["", "", "10.1/a"]),
    st.integers(1, 3),
    st.sampled_from(["", "2026-03-03 14:05", "2026-03-03 16:40"]),
)
pulls = st.lists(st.lists(documents, max_size=4), min_size=1, max_size=4)


def merged(corpus: CorpusTable, pulls: Iterable[Sequence[Document]]) -> int:
    """Merge pulls, each under a token of its own, and return the last version."""
    version = 0
    for number, pull in enumerate(pulls):
        version = corpus.merge(pull, None, f"pull {number}")
    return version


def whole(corpus: CorpusTable, version: int) -> tuple[object, ...]:
    """Return everything that can be read of a version."""
    return (list(corpus.read(version, EVERY)), dict(corpus.digests(version)), corpus.counts(version))


@given(pulls, st.randoms(use_true_random=False))
def test_the_model_ends_in_the_same_corpus_for_every_order_split_and_repetition(pulls, chance):
    check_commutes(MemoryCorpus(), MemoryCorpus(), pulls, chance)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(pulls, st.randoms(use_true_random=False))
def test_the_table_ends_in_the_same_corpus_for_every_order_split_and_repetition(pulls, chance):
    with tempfile.TemporaryDirectory() as folder:
        incremental, backfill = (delta_corpus.DeltaCorpus(Path(folder) / name) for name in ("incremental", "backfill"))
        check_commutes(incremental, backfill, pulls, chance)


def check_commutes(incremental: CorpusTable, backfill: CorpusTable, pulls, chance) -> None:
    """Merge the pulls in order, and again shuffled, cut up, overlapping and partly twice: the result is the same."""
    parts = [*pulls, *chance.sample(pulls, chance.randint(0, len(pulls)))]
    parts = [part for pull in parts for cut in [chance.randint(0, len(pull))] for part in (pull[:cut], pull[cut:])]
    for part in parts:
        chance.shuffle(part)
    chance.shuffle(parts)
    assert whole(incremental, merged(incremental, pulls)) == whole(backfill, merged(backfill, parts))


actions = st.lists(
    st.one_of(st.lists(documents, max_size=4), st.just("compact"), st.integers(0, 9)), min_size=1, max_size=6
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(actions)
def test_the_table_does_what_the_model_does_and_every_version_stays_what_it_was(actions):
    model = MemoryCorpus()
    with tempfile.TemporaryDirectory() as folder:
        table = delta_corpus.DeltaCorpus(Path(folder) / "corpus")
        table.many_small_files = 2
        versions: list[tuple[int, int]] = []
        for number, action in enumerate(actions):
            pull, token = (action, f"pull {number}") if isinstance(action, list) else ([], f"pull {action}")
            if action == "compact":
                versions += [(table.compact(versions[-1][0]), versions[-1][1])] if versions else []
            else:  # a number repeats the token of an earlier pull, which then changes nothing
                versions.append((table.merge(pull, None, token), model.merge(pull, None, token)))
        for version, model_version in versions:
            assert whole(table, version) == whole(model, model_version)
