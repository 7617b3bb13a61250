"""The revision rule is a join: these laws make pulls safe to repeat, overlap and swap."""

from __future__ import annotations

from datetime import date
from functools import reduce
from itertools import combinations, pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus.document import Document, Relation, Section, Status
from medpipe.core.corpus.merge import newer, standing, stands, succeeds


def article(
    revision: int,
    status: Status = Status.CURRENT,
    text: str = "It helps.",
    notice: str | None = None,
    id: str = "pmid:1",
) -> Document:
    relations = () if notice is None else (Relation(kind="RetractionIn", target=notice),)
    sections = () if status is Status.DELETED else (Section(heading="CONCLUSIONS", text=text),)
    return Document(
        id=id,
        revision=revision,
        source="pubmed",
        title="Does it help?",
        published=date(2026, 3, 3),
        status=status,
        sections=sections,
        relations=relations,
    )


revisions = st.builds(
    article,
    revision=st.integers(1, 3),
    status=st.sampled_from(list(Status)),
    text=st.sampled_from("ab"),
    notice=st.sampled_from([None, "pmid:8", "pmid:9"]),
)
settled = revisions.map(lambda one: newer(None, one))


@given(settled, settled)
def test_the_order_of_two_revisions_does_not_matter(one: Document, other: Document) -> None:
    assert newer(one, other) == newer(other, one)


@given(settled, settled, settled)
def test_the_grouping_of_revisions_does_not_matter(a: Document, b: Document, c: Document) -> None:
    assert newer(newer(a, b), c) == newer(a, newer(b, c))


@given(settled)
def test_the_same_revision_again_changes_nothing(one: Document) -> None:
    assert newer(one, one) == one


@given(st.lists(revisions, min_size=1, max_size=4))
def test_every_order_of_unread_revisions_ends_in_the_same_document(several: list[Document]) -> None:
    ends = {reduce(newer, order, None).model_dump_json() for order in permutations(several)}
    assert len(ends) == 1


@given(st.lists(revisions, min_size=1, max_size=4))
def test_a_document_that_was_ever_retracted_is_never_current(several: list[Document]) -> None:
    end = reduce(newer, several, None)
    if any(one.status is Status.RETRACTED for one in several):
        assert end.status in (Status.RETRACTED, Status.DELETED)


@given(settled, revisions)
def test_a_merge_without_the_row_s_text_gives_what_a_merge_with_it_gives(row: Document, incoming: Document) -> None:
    end, known = newer(row, incoming), standing(row)
    if stands(known, incoming):
        assert end == row
    successor = succeeds(known, incoming)
    assert successor in (None, end)
    if incoming.revision > row.revision:
        assert successor is not None


@given(settled)
def test_the_same_and_older_revisions_without_news_are_known_to_change_nothing(row: Document) -> None:
    assert stands(standing(row), row)
    assert stands(standing(row), article(0))


@pytest.mark.parametrize(
    "incoming",
    [
        article(2),
        article(1, text="It harms."),
        article(0, Status.RETRACTED),
        article(0, notice="pmid:9"),
        article(1, Status.DELETED),
    ],
    ids=["later", "another text", "retracted", "with a notice", "deleted"],
)
def test_a_revision_that_changes_a_row_is_not_taken_for_one_that_does_not(incoming: Document) -> None:
    row = newer(None, article(1))
    assert not stands(standing(row), incoming)


def test_an_older_revision_with_another_notice_changes_a_retracted_row() -> None:
    row = newer(None, article(2, Status.RETRACTED, notice="pmid:9"))
    assert not stands(standing(row), article(1, notice="pmid:8"))
    assert stands(standing(row), article(1, notice="pmid:9"))


def test_a_retraction_before_its_article_still_wins() -> None:
    end = newer(newer(None, article(2, Status.RETRACTED, notice="pmid:9")), article(1))
    assert end.status is Status.RETRACTED
    assert end.revision == 2


def test_a_later_revision_without_the_mark_stays_retracted_and_keeps_its_notice_and_text() -> None:
    end = newer(article(1, Status.RETRACTED, notice="pmid:9"), article(2, text="It helps a lot."))
    assert end.status is Status.RETRACTED
    assert end.relations == (Relation(kind="RetractionIn", target="pmid:9"),)
    assert end.sections[0].text == "It helps a lot."


def test_a_deletion_removes_the_revision_it_was_published_with() -> None:
    assert newer(article(2), article(2, Status.DELETED)).status is Status.DELETED
    assert newer(article(2, Status.DELETED), article(1)).status is Status.DELETED


def test_a_revision_after_a_deletion_brings_the_document_back() -> None:
    assert newer(article(2, Status.DELETED), article(3)).status is Status.CURRENT


def test_a_retraction_outlives_a_deletion_in_between() -> None:
    deleted = newer(article(1, Status.RETRACTED), article(2, Status.DELETED))
    assert deleted.status is Status.DELETED
    assert newer(deleted, article(3)).status is Status.RETRACTED


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


def test_of_two_statuses_of_one_text_the_more_cautious_one_is_kept() -> None:
    for careless, careful in pairwise((Status.CURRENT, Status.NOTICE, Status.CONCERN, Status.RETRACTED)):
        for order in permutations((article(1, careless), article(1, careful))):
            assert reduce(newer, order, None).status is careful


def test_a_document_that_learns_of_its_retraction_gets_a_new_digest() -> None:
    current = article(2)
    before = current.digest  # cached in the document
    after = newer(current, article(1, Status.RETRACTED))
    assert (after.revision, after.status) == (2, Status.RETRACTED)
    assert after.sections == current.sections
    assert after.digest != before
    assert after.digest == Document.model_validate_json(after.model_dump_json()).digest
