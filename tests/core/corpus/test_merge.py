"""What the corpus keeps does not depend on the order of arrival: pulls are safe to repeat, overlap and swap."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import reduce
from itertools import combinations, pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus import merge
from medpipe.core.corpus.article import article_of
from medpipe.core.corpus.document import Document, Relation, Section, Status
from medpipe.core.corpus.merge import newer
from medpipe.core.corpus.standing import Standing, standing
from tests.fakes import MemoryRows


def article(
    revision: int, status: Status = Status.CURRENT, text: str = "It helps.", id: str = "pmid:1", **fields: object
) -> Document:
    sections = () if status is Status.DELETED else (Section(heading="CONCLUSIONS", text=text),)
    return Document(
        **{
            "id": id,
            "revision": revision,
            "source": "pubmed",
            "title": "Does it help?",
            "published": date(2026, 3, 3),
            "status": status,
            "sections": sections,
            **fields,
        }
    )


def says(id: str, kind: str, about: str, revision: int = 1, status: Status = Status.CURRENT) -> Document:
    """A record that says something about another one."""
    return article(revision, status, id=id, relations=(Relation(kind=kind, target=about),))


def corpus(*deliveries: Iterable[Document]) -> dict[str, Document]:
    """What is stored after deliveries, awaited documents too."""
    return reduce(after, deliveries, dict[str, Document]())


def after(stored: Mapping[str, Document], delivery: Iterable[Document]) -> dict[str, Document]:
    """What is stored after one more delivery."""
    return {**stored, **{document.id: document for document in merge.folded(MemoryRows(dict(stored)), delivery)}}


def here(stored: dict[str, Document]) -> dict[str, tuple[Document, Standing]]:
    return {id: (one, standing(one)) for id, one in sorted(stored.items()) if not merge.awaited(one)}


KINDS = ("RetractionOf", "RetractionIn", "UpdateOf", "UpdateIn", "ExpressionOfConcernFor", "ListedRetractionOf")
IDS = ("pmid:1", "pmid:2", "pmid:3", "pmid:1.2", "pubmedqa:1")


def _record(
    id: str, revision: int, status: Status, links: Sequence[tuple[str, str]], dois: tuple[str, ...]
) -> list[Document]:
    """One record as it arrives: a second version deletes the first."""
    relations = tuple(Relation(kind=kind, target=target) for kind, target in links)
    deleted = [article(revision, Status.DELETED)] if id == "pmid:1.2" else []
    known = () if status is Status.DELETED or id == "pubmedqa:1" else dois
    return [article(revision, status, id=id, relations=relations, dois=known), *deleted]


records = st.builds(
    _record,
    st.sampled_from(IDS),
    st.integers(1, 3),
    st.sampled_from([Status.CURRENT, Status.CURRENT, *Status]),
    st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from([*IDS, "2", "doi:10.1/a"])), max_size=2),
    st.sampled_from([(), ("10.1/a",), ("10.1/a", "10.1/b")]),
)


@given(st.lists(records, max_size=6), st.randoms(use_true_random=False))
def test_every_order_repetition_and_split_of_what_arrives_gives_the_same_standings(
    arrivals: list[list[Document]], chance: random.Random
) -> None:
    arriving = [one for record in arrivals for one in record]
    repeated = [*arriving, *chance.sample(arriving, chance.randint(0, len(arriving)))]
    chance.shuffle(repeated)
    cut = chance.randint(0, len(repeated))
    assert here(corpus(arriving)) == here(corpus(*([one] for one in arriving)))
    assert here(corpus(arriving)) == here(corpus(repeated[:cut], repeated[cut:]))


@given(st.lists(records, max_size=6))
def test_a_document_has_exactly_the_marks_that_the_kept_records_set_on_its_article(
    arrivals: list[list[Document]],
) -> None:
    arriving = [[one] for record in arrivals for one in record]
    stored = {id: one for id, one in corpus(*arriving).items() if not merge.awaited(one)}
    said = [mark for one in stored.values() for mark in merge.marks_of(one)]
    for id, one in stored.items():
        dois = {doi for other in stored.values() if article_of(other.id) == article_of(id) for doi in other.dois}
        names = {article_of(id), *(f"doi:{doi}" for doi in dois)}
        assert set(one.marks) == {mark for mark in said if mark.about in names}


POSTINGS = ("", "2026-03-03 14:05", "2026-03-03 16:40")
revisions = st.builds(
    article,
    revision=st.integers(1, 3),
    status=st.sampled_from(list(Status)),
    text=st.sampled_from("ab"),
    posting=st.sampled_from(POSTINGS),
)


@given(revisions, revisions, revisions)
def test_neither_order_nor_grouping_nor_repetition_of_revisions_matters(a: Document, b: Document, c: Document) -> None:
    assert newer(a, b) == newer(b, a)
    assert newer(newer(a, b), c) == newer(a, newer(b, c))
    assert newer(a, a) == a


@given(st.lists(revisions, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_of_postings_of_one_revision_the_later_one_is_kept_whatever_it_says_and_whenever_it_comes(
    arriving: list[Document], chance: random.Random
) -> None:
    chance.shuffle(arriving)
    kept = corpus(*([one] for one in arriving))["pmid:1"]
    assert (kept.revision, kept.posting) == max((one.revision, one.posting) for one in arriving)


def test_a_retraction_before_its_article_still_wins() -> None:
    end = newer(newer(None, article(2, Status.RETRACTED)), article(1))
    assert (end.status, end.revision) == (Status.RETRACTED, 2)


def test_a_later_revision_without_the_mark_takes_the_retraction_back_and_an_older_one_does_not() -> None:
    retracted = article(2, Status.RETRACTED)
    assert newer(retracted, article(3)).status is Status.CURRENT
    assert newer(retracted, article(1)).status is Status.RETRACTED


def test_a_deletion_removes_the_revision_it_was_published_with() -> None:
    assert newer(article(2), article(2, Status.DELETED)).status is Status.DELETED
    assert newer(article(2, Status.DELETED), article(1)).status is Status.DELETED


def test_a_revision_after_a_deletion_brings_the_document_back() -> None:
    assert newer(article(2, Status.DELETED), article(3)).status is Status.CURRENT


def test_different_documents_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="pmid:1 and pmid:2"):
        newer(article(1), article(1, id="pmid:2"))


def test_of_two_texts_of_one_revision_the_content_decides_and_not_the_order_of_arrival() -> None:
    texts = [article(1, text=f"Text {number}.") for number in range(9)]
    pairs = list(combinations(texts, 2))
    assert all(newer(one, other) == newer(other, one) for one, other in pairs)
    # Both outcomes occur, so a rule that keeps the first or the last to arrive would fail here.
    assert {newer(one, other) == one for one, other in pairs} == {True, False}
    assert len({reduce(newer, order, None).digest for order in (texts, texts[::-1], texts[4:] + texts[:4])}) == 1


def test_of_two_statuses_of_one_revision_the_more_cautious_one_is_kept() -> None:
    for careless, careful in pairwise((Status.CURRENT, Status.NOTICE, Status.CONCERN, Status.RETRACTED)):
        for order in permutations((article(1, careless), article(1, careful, text="Other words."))):
            assert reduce(newer, order, None).status is careful


def test_marks_change_neither_the_digest_nor_the_revision_of_a_document() -> None:
    alone = corpus([article(1)])["pmid:1"]
    marked = corpus([article(1)], [says("pmid:9", "RetractionOf", "pmid:1")])["pmid:1"]
    assert marked.marks
    assert (marked.digest, marked.revision) == (alone.digest, alone.revision)
    assert Document.model_validate_json(marked.model_dump_json()) == marked


def folded_ids(stored: dict[str, Document], incoming: Sequence[Document]) -> list[str]:
    return [document.id for document in merge.folded(MemoryRows(stored), incoming)]


def test_what_is_known_already_changes_nothing_and_a_notice_changes_its_target() -> None:
    stored = corpus([article(2), says("pmid:9", "RetractionOf", "pmid:1")])
    assert folded_ids(stored, [article(2), article(1), says("pmid:9", "RetractionOf", "pmid:1")]) == []
    assert folded_ids(stored, [says("pmid:8", "RetractionOf", "pmid:1")]) == ["pmid:1", "pmid:8"]


class Counted(MemoryRows):
    """Rows that count the looks at every document's DOIs, which read the whole table."""

    looks = 0

    def holders(self, dois: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        Counted.looks += 1
        return super().holders(dois)


def test_only_a_list_that_names_dois_looks_at_the_dois_of_all_documents() -> None:
    listed = says("rw:1", "ListedRetractionOf", "doi:10.1/a")
    stored = Counted(corpus([listed, article(1, dois=("10.1/a",))]))
    news = [
        article(2, dois=("10.1/a",)),
        article(1, id="pmid:2", dois=("10.1/b",)),
        says("pmid:9", "RetractionOf", "2"),
    ]
    assert [one.id for one in merge.folded(stored, news)] == ["pmid:1", "pmid:2", "pmid:9"]
    assert merge.folded(stored, [listed]) == [] and Counted.looks == 0, "the same list says nothing new"
    merge.folded(stored, [says("rw:1", "ListedRetractionOf", "doi:10.1/b", revision=2)])
    assert Counted.looks == 1


def test_a_document_that_is_only_spoken_of_is_awaited_and_has_its_marks_when_it_comes() -> None:
    stored = corpus([says("pmid:9", "RetractionOf", "pmid:1")])
    assert list(here(stored)) == ["pmid:9"]
    arrived = corpus([says("pmid:9", "RetractionOf", "pmid:1")], [article(1)])["pmid:1"]
    assert [mark.by for mark in arrived.marks] == ["pmid:9"]


def test_a_list_that_names_a_doi_marks_what_has_it_whichever_comes_first() -> None:
    listed, named = says("rw:1", "ListedRetractionOf", "doi:10.1/a"), article(1, dois=("10.1/a",))
    for order in permutations(([listed], [named])):
        assert [mark.by for mark in corpus(*order)["pmid:1"].marks] == ["rw:1"]
    moved = article(2, dois=("10.1/b",))
    assert corpus([listed], [named], [moved])["pmid:1"].marks == ()
