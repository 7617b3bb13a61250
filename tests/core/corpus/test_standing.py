"""What a document counts as: everything that speaks against it holds it, and what is taken back no longer does."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from medpipe.core.corpus.document import Document, Mark, Relation, Status
from medpipe.core.corpus.standing import Decision, Standing, marks_of, reasons, standing, statuses_with
from medpipe.core.corpus.title_warnings import warning_of
from tests.core.corpus.test_merge import article, corpus, here, says

HELD, CURRENT = Status.ON_HOLD, Status.CURRENT


def link(kind: str, target: str | None = "pmid:9") -> dict[str, object]:
    return {"relations": (Relation(kind=kind, target=target),)}


def of(*arriving: Document, id: str = "pmid:1") -> Standing:
    """The standing of a document, which is the same in every order of what arrives."""
    (end,) = {here(corpus(*([one] for one in order)))[id][1] for order in permutations(arriving)}
    return end


def test_a_document_that_nothing_speaks_against_is_current() -> None:
    assert of(article(1)) == Standing(CURRENT)
    assert of(article(1, **link("CommentIn")), says("pmid:9", "Cites", "pmid:1")).status is CURRENT


@pytest.mark.parametrize(
    "title",
    [
        "RETRACTED: Does it help?",
        "WITHDRAWN: Does it help?",
        "REMOVED: Does it help?",
        "Retracted Article: Does it help?",
        "Retraction: Does it help?",
        "Does it help? [Retracted]",
        "[WITHDRAWN] Does it help?",
        "WITHDRAWN Does it help?",
        "Does it help? - RETRACTED ARTICLE",
        "Temporary removal: Does it help?",
        "Expression of Concern: Does it help?",
        "Editorial Expression of Concern: Does it help?",
        "Retraction Note to: Does it help?",
        "Retraction notice to “Does it help?” [Inv J 1 (2020) 1]",
        "Withdrawal notice: Does it help?",
        "Retraction for Roe et al., Does it help?",
        "Article retiré : Est-ce utile ?",
        "Retractado: ¿Ayuda?",
        "Retracted and replaced: Does it help?",
    ],
)
def test_a_title_that_says_so_puts_the_article_on_hold(title: str) -> None:
    held = standing(article(1, title=title))
    assert (held.status, held.cause) == (HELD, "title")
    warning, rest = warning_of(title)
    assert standing(article(1, title=rest, warning=warning)) == held


@pytest.mark.parametrize(
    "title",
    [
        "Retraction rates in surgery",
        "Retracted articles in surgery: an analysis",
        "Why are articles retracted?",
        "Opioid withdrawal: a review",
        "Withdrawal: how to help",
        "Removal: of stones",
        "Lip retraction: outcomes",
        "Retraction of the eyelid",
        "Sutures removed - when?",
        "Withdrawn behaviour: a cohort",
        "An issue of concern",
    ],
)
def test_a_title_about_retraction_or_withdrawal_is_no_warning(title: str) -> None:
    assert standing(article(1, title=title)).status is CURRENT
    assert warning_of(title) == ("", title)


def test_a_notice_holds_its_target_before_the_target_says_so_and_after_it_no_longer_does() -> None:
    notice = says("pmid:9", "RetractionOf", "pmid:1", 5, Status.NOTICE)
    held = of(notice, article(4))
    assert (held.status, held.cause, held.by, held.revision) == (HELD, "notice", "pmid:9", 5)
    assert of(notice, article(4), article(6, Status.RETRACTED)).status is Status.RETRACTED
    assert of(notice, article(6, Status.RETRACTED), article(7)).status is HELD, "the notice stands"


@pytest.mark.parametrize(
    "taken_back",
    [
        says("pmid:9", "RetractionOf", "pmid:1", 7, Status.RETRACTED),
        article(7, Status.DELETED, id="pmid:9"),
        says("pmid:9", "RetractionOf", "pmid:3", 7, Status.NOTICE),
    ],
    ids=["the notice is retracted", "the notice is deleted", "the notice names another article"],
)
def test_a_retraction_that_is_taken_back_ends(taken_back: Document) -> None:
    notice = says("pmid:9", "RetractionOf", "pmid:1", 5, Status.NOTICE)
    assert of(notice, article(6, Status.RETRACTED), article(7), taken_back).status is CURRENT


@pytest.mark.parametrize(("kind", "status"), [("ExpressionOfConcernFor", HELD), ("RetractedandRepublishedFrom", HELD)])
def test_a_concern_and_a_republication_hold_what_they_are_about(kind: str, status: Status) -> None:
    assert of(article(1), says("pmid:9", kind, "pmid:1")).status is status
    assert of(article(1), says("pmid:9", kind, "1")).status is status
    assert of(article(1, Status.CONCERN)).status is HELD


@pytest.mark.parametrize("kind", ["UpdateIn", "CorrectedandRepublishedIn"])
def test_an_article_that_names_its_successor_is_superseded(kind: str) -> None:
    superseded = of(article(1, **link(kind)))
    assert superseded.status is Status.SUPERSEDED
    assert (superseded.reason.endswith("in pmid:9"), superseded.by) == (True, ""), "its own record says so"
    assert of(article(1, **link(kind, None))).status is Status.SUPERSEDED
    assert of(article(1, **link(kind, "pmid:1"))).status is CURRENT


@pytest.mark.parametrize("kind", ["UpdateOf", "CorrectedandRepublishedFrom"])
def test_an_article_whose_successor_names_it_is_superseded_and_the_successor_is_current(kind: str) -> None:
    newer = says("pmid:9", kind, "pmid:1")
    assert of(article(1), newer).status is Status.SUPERSEDED
    assert of(article(1), newer, id="pmid:9").status is CURRENT


def test_the_graver_of_two_reasons_decides() -> None:
    update = says("pmid:9", "UpdateOf", "pmid:1")
    assert of(article(1), update, says("pmid:8", "RetractionOf", "pmid:1")).status is HELD
    assert of(article(1, Status.RETRACTED), update).status is Status.RETRACTED
    assert of(article(1, Status.RETRACTED), article(2, Status.DELETED)).status is Status.DELETED
    assert of(article(1, title="WITHDRAWN: It helps", **link("UpdateIn"))).status is HELD


def test_a_list_holds_until_a_later_reinstatement() -> None:
    listed = article(1, id="rw:1", **link("ListedRetractionOf", "pmid:1"), published=date(2026, 1, 1))
    back = article(1, id="rw:2", **link("ListedReinstatementOf", "pmid:1"), published=date(2026, 2, 1))
    again = article(1, id="rw:3", **link("ListedRetractionOf", "pmid:1"), published=date(2026, 3, 1))
    assert (of(article(1), listed).status, of(article(1), listed).cause) == (HELD, "listed")
    assert of(article(1), listed, back).status is CURRENT
    assert of(article(1), listed, back, again).status is HELD


@pytest.mark.parametrize(("by_person", "status"), [(True, Status.TAKEN_DOWN), (False, Status.WITHDRAWN)])
def test_a_withdrawal_in_force_counts_beside_what_the_corpus_says(by_person: bool, status: Status) -> None:
    decision = Decision(by_person, "wrong topic", date(2026, 3, 9))
    decided = standing(article(1), decision)
    assert (decided.status, decided.reason, decided.day) == (status, "wrong topic", date(2026, 3, 9))
    gone = standing(article(1, Status.DELETED), decision).status
    assert gone is (Status.TAKEN_DOWN if by_person else Status.DELETED)


def test_a_standing_has_a_reason_and_the_day_on_which_it_was_said() -> None:
    retracted = article(20260310_260001, Status.RETRACTED, **link("RetractionIn"))
    assert standing(retracted) == Standing(
        Status.RETRACTED,
        "retracted",
        "its publisher retracted it (notice pmid:9)",
        date(2026, 3, 10),
        20260310_260001,
    )
    notice = says("pmid:9", "RetractionOf", "pmid:1", 20260312)
    assert of(article(20260301), notice).day == date(2026, 3, 3), "the day on which the notice was published"


def test_every_reason_is_known_and_not_only_the_one_that_decides() -> None:
    listed = Mark(kind="ListedRetractionOf", by="rw:1", about="pmid:1", revision=2, day=date(2026, 2, 14))
    document = article(1, Status.CONCERN, title="RETRACTED: Does it help?", marks=(listed,))
    assert [reason.cause for reason in reasons(document)] == ["concern", "listed", "title"]
    assert [reason.cause for reason in reasons(article(1, Status.RETRACTED, marks=(listed,)))] == [
        "retracted",
        "listed",
    ]
    assert [reason.cause for reason in reasons(article(1))] == [None]


def test_a_cause_is_looked_for_among_the_statuses_that_may_hide_it() -> None:
    assert {Status.DELETED, Status.RETRACTED, HELD} <= set(statuses_with(["listed"]))
    assert not {Status.SUPERSEDED, CURRENT} & set(statuses_with(["listed", "retracted"]))
    assert statuses_with([]) == ()


def test_a_deleted_record_says_nothing_about_others() -> None:
    assert marks_of(article(1, Status.DELETED, **link("RetractionOf"))) == ()


def retraction(id: str, revision: int = 1) -> Document:
    return article(revision, Status.RETRACTED, id=id)


def second_version(revision: int = 1) -> tuple[Document, Document]:
    """A second version, and the deletion of the first that comes with it."""
    return article(revision, id="pmid:1.2"), article(revision, Status.DELETED)


def test_a_notice_about_an_article_holds_every_version_of_it() -> None:
    notice = says("pmid:9", "RetractionOf", "pmid:1")
    held = of(notice, *second_version(), id="pmid:1.2")
    assert (held.status, held.cause, held.by) == (HELD, "notice", "pmid:9")
    assert of(says("pmid:9", "RetractionOf", "pmid:1.2"), article(1)).status is HELD
    third = article(2, id="pmid:1.3"), article(2, Status.DELETED, id="pmid:1.2"), article(2, Status.DELETED)
    assert of(notice, *third, id="pmid:1.3").status is HELD
    assert of(says("pmid:9", "RetractionOf", "pmid:11"), *second_version(), id="pmid:1.2").status is CURRENT


def test_a_version_is_not_held_by_what_an_older_version_said_of_itself() -> None:
    assert of(retraction("pmid:1"), *second_version(2), id="pmid:1.2").status is CURRENT


COPY = article(1, id="pubmedqa:1")


@pytest.mark.parametrize(
    ("said", "cause", "reason"),
    [
        ([says("pmid:9", "RetractionOf", "pmid:1")], "notice", "pmid:9 says that it was retracted"),
        ([retraction("pmid:1")], "notice", "pmid:1 says that it was retracted"),
        ([*second_version(), retraction("pmid:1.2")], "notice", "pmid:1.2 says that it was retracted"),
        ([article(1, Status.CONCERN)], "notice", "pmid:1 says that it was doubted"),
        ([article(1, warning="RETRACTED")], "notice", "pmid:1 says that it was doubted"),
        ([says("rw:1", "ListedRetractionOf", "pmid:1")], "listed", "listed as retracted (rw:1)"),
        (
            [says("rw:1", "ListedRetractionOf", "doi:10.1/a"), article(1, dois=("10.1/a",))],
            "listed",
            "listed as retracted (rw:1)",
        ),
        ([article(1, **link("UpdateIn"))], "superseded", "updated, as pmid:1 says"),
        ([says("pmid:9", "UpdateOf", "pmid:1")], "superseded", "updated in pmid:9"),
    ],
)
def test_a_copy_of_an_article_in_a_curated_set_counts_as_what_the_article_does(
    said: list[Document], cause: str, reason: str
) -> None:
    held = of(*said, COPY, id="pubmedqa:1")
    assert (held.cause, held.reason) == (cause, reason)


def test_a_copy_is_free_when_nothing_speaks_against_its_article_any_more() -> None:
    assert of(article(1), retraction("pmid:2"), COPY, id="pubmedqa:1").status is CURRENT
    assert of(retraction("pmid:1"), article(2), COPY, id="pubmedqa:1").status is CURRENT
    moved = [article(1, dois=("10.1/a",)), article(2), says("rw:1", "ListedRetractionOf", "doi:10.1/a")]
    assert of(*moved, COPY, id="pubmedqa:1").status is CURRENT, "the article has another DOI now"
    assert of(article(1, Status.DELETED), COPY, id="pubmedqa:1").status is CURRENT, "a deletion is of one record"


def test_what_an_article_says_of_itself_is_one_reason_and_not_two() -> None:
    alone = corpus([retraction("pmid:1")])["pmid:1"]
    assert [reason.cause for reason in reasons(alone)] == ["retracted"]


def test_neither_a_superseded_article_teaches_nor_the_newer_one_that_was_retracted() -> None:
    older, newer = article(1, **link("UpdateIn")), article(1, Status.RETRACTED, id="pmid:9")
    assert of(older, newer).status is Status.SUPERSEDED
    only_the_newer_one_says_so = says("pmid:9", "UpdateOf", "pmid:1", status=Status.RETRACTED)
    assert of(article(1), only_the_newer_one_says_so).status is Status.SUPERSEDED
