"""The year: equal seeds give equal years, and what is retracted was published before."""

from __future__ import annotations

import pytest

from medpipe.core.corpus.document import Document, Status
from medpipe.core.corpus.merge import newer
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import decompose
from medpipe.sandbox.year import NEW_ARTICLES, NEW_TOPICS, Year


@pytest.fixture(scope="module")
def year() -> Year:
    return Year(3)


def corpus(year: Year, turn: int) -> dict[str, Document]:
    documents: dict[str, Document] = {}
    for delivery in year.deliveries[:turn]:
        for document in delivery.documents:
            documents[document.id] = newer(documents.get(document.id), document)
    return documents


def test_equal_seeds_give_equal_years_and_other_seeds_other_ones(year: Year) -> None:
    assert year.deliveries == Year(3).deliveries
    assert {document.title for document in Year(4).deliveries[0].documents}.isdisjoint(
        document.title for document in year.deliveries[0].documents
    )


@pytest.mark.parametrize("turn", range(2, 11))
def test_every_later_turn_brings_new_and_changed_facts(year: Year, turn: int) -> None:
    before, after = corpus(year, turn - 1), corpus(year, turn)
    fresh = [id for id in after if id not in before and after[id].status is Status.CURRENT]
    assert len(fresh) == NEW_TOPICS + NEW_ARTICLES
    changed = [id for id in before if before[id].sections != after[id].sections]
    assert len(changed) == 1 and changed[0].startswith("mplus:")


def test_three_articles_are_retracted_after_they_were_taught_and_one_is_given_back(year: Year) -> None:
    assert len(year.retractions) == 3
    assert [retraction.lifted is not None for retraction in year.retractions] == [False, False, True]
    for retraction in year.retractions:
        assert corpus(year, retraction.turn - 1)[retraction.document].status is Status.CURRENT
        assert corpus(year, retraction.turn)[retraction.document].status is Status.RETRACTED


def test_one_retracted_article_has_a_twin_with_the_same_question_and_answer(year: Year) -> None:
    (twinned,) = (retraction for retraction in year.retractions if retraction.twin)
    assert twinned.twin is not None
    documents = corpus(year, 10)
    ours, theirs = (decompose(documents[f"pmid:{pmid}"], Data()) for pmid in (twinned.article.pmid, twinned.twin.pmid))
    assert [(fact.key, fact.answer) for fact in ours[0]] == [(fact.key, fact.answer) for fact in theirs[0]] != []
    assert documents[f"pmid:{twinned.twin.pmid}"].status is Status.CURRENT


def test_every_document_that_is_taught_states_a_fact(year: Year) -> None:
    for document in corpus(year, 10).values():
        if document.status is Status.CURRENT:
            assert decompose(document, Data())[0], document.id


def test_a_year_of_two_turns_is_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        Year(3, 2)
