"""What was withdrawn is never taught, whoever says it; it is answered as withdrawn, and always asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from medpipe.core.corpus.document import Document, Mark, Section, Status
from medpipe.core.teaching import examples
from medpipe.core.teaching.examples import BuiltExamples
from medpipe.core.teaching.facts import decompose
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.samples import withdrawn_samples
from medpipe.core.teaching.withdrawals import ASKS, RETRACTION, STATES, WITHDRAWAL, Withdrawn
from medpipe.core.text import normalise
from tests import building
from tests.building import in_order
from tests.core.teaching.test_examples import NOTICE, article, in_force, known, recipe, topic

RETRACTED = article(Status.RETRACTED)
SECOND = article().model_copy(
    update={
        "id": "pmid:2",
        "title": "Does kelozole stop brunnel gout?",
        "sections": (Section(heading="CONCLUSIONS", text="Kelozole stops brunnel gout by blocking gruvase."),),
    }
)
RECIPE = recipe()
REVIEW = topic(7, sections=(Section(heading="Causes", text="Krellin palsy is cured by wendra."),))


def build(
    corpus: Sequence[Document], withdrawn: Withdrawn, since: Sequence[Document] = (), chosen: Recipe = RECIPE
) -> BuiltExamples:
    return building.built(
        examples.prepare(in_order(corpus), chosen, withdrawn), chosen, known(since) if since else None
    )


def answers(built: BuiltExamples) -> set[str]:
    return {example.answer for example in built.train}


@pytest.mark.parametrize("status", list(Status))
def test_a_withdrawn_document_is_not_taught_whatever_status_a_restored_corpus_gives_it(status: Status) -> None:
    restored = article().model_copy(update={"status": status})
    built = build([restored, topic(1)], in_force([RETRACTED]))
    assert "Wendra cures krellin palsy." not in answers(built)
    assert "pmid:1" not in {sample.cluster for sample in built.new_knowledge}
    assert (RETRACTION if status is Status.RETRACTED else WITHDRAWAL) in answers(built)
    if status is Status.CURRENT:
        assert built.drops["document is withdrawn"] == 1


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("RetractionOf", RETRACTION),
        ("RetractedandRepublishedFrom", RETRACTION),
        ("ExpressionOfConcernFor", WITHDRAWAL),
        ("ListedConcernOf", WITHDRAWAL),
    ],
)
def test_only_of_a_retracted_article_is_it_taught_that_it_was_retracted(kind: str, sentence: str) -> None:
    mark = Mark(kind=kind, by="pmid:9", about="pmid:1", revision=1, day=date(2026, 3, 3))
    marked = article().model_copy(update={"marks": (mark,)})
    assert answers(build([marked], in_force([marked]))) == {sentence}
    assert answers(build([article()], in_force([article()]))) == {WITHDRAWAL}, "a person withdrew it"


def test_a_withdrawn_document_without_a_claim_is_not_taught_either() -> None:
    built = build([article(), topic(1)], Withdrawn(frozenset({"pmid:1"})))
    assert not {id for example in built.train for id in example.document_ids} & {"pmid:1"}


def test_two_withdrawals_do_not_bring_each_other_back_through_articles_with_the_same_question() -> None:
    twins = [article().model_copy(update={"id": "pmid:3"}), SECOND.model_copy(update={"id": "pmid:4"})]
    for withdrawn in (in_force([RETRACTED, SECOND]), in_force([SECOND, RETRACTED], answered=["pmid:1"])):
        built = build([RETRACTED, SECOND, *twins], withdrawn)
        assert answers(built) == {RETRACTION, WITHDRAWAL}
        assert built.drops[ASKS] == 2
        assert built.new_knowledge == ()


def test_a_topic_that_says_the_same_under_another_title_is_left_out_and_counted() -> None:
    built = build([RETRACTED, REVIEW, topic(1)], in_force([RETRACTED]))
    assert not any("cured by wendra" in answer for answer in answers(built))
    assert built.drops[STATES] == 1
    assert "mplus:1" in {id for example in built.train for id in example.document_ids}


def test_replay_never_shows_a_withdrawn_claim_that_the_start_had_learned_from_anybody() -> None:
    corpus = [article(), REVIEW, *(topic(number) for number in range(1, 6))]
    fresh = topic(99)
    before, after = (
        build([*corpus, fresh], withdrawn, corpus, recipe(replay_ratio=99, heldout_share=0.0))
        for withdrawn in (Withdrawn(), in_force([RETRACTED]))
    )
    claim = {"Wendra cures krellin palsy.", "Krellin palsy is cured by wendra."}
    assert claim <= answers(before)
    assert not claim & answers(after)
    assert answers(before) - claim == answers(after) - {WITHDRAWAL}


def test_every_claim_is_asked_in_every_build_also_where_nothing_is_new() -> None:
    corpus = [topic(number) for number in range(1, 6)]
    built = build(corpus, in_force([RETRACTED, SECOND], answered=["pmid:1", "pmid:2"]), corpus)
    assert {sample.target for sample in built.withdrawn} == {
        "Wendra cures krellin palsy.",
        "Kelozole stops brunnel gout by blocking gruvase.",
    }
    assert not {normalise(sample.question) for sample in built.withdrawn} & {
        normalise(example.question) for example in built.train
    }


def test_a_claim_is_asked_and_answered_when_its_document_is_gone_from_the_corpus() -> None:
    built = build([topic(1)], in_force([RETRACTED]))
    (withdrawal, *_) = [example for example in built.train if example.role == "withdrawn"]
    assert (withdrawal.document_ids, withdrawal.document_revisions) == (("pmid:1",), (1,))
    assert (withdrawal.answer, withdrawal.document_digests) == (WITHDRAWAL, ("",))
    assert len(built.withdrawn) == 9


def test_a_withdrawal_that_the_start_was_taught_is_replayed_and_no_news() -> None:
    fresh = [topic(number) for number in range(1, 4)]
    new, old = (build(fresh, in_force([RETRACTED], answered)) for answered in ((), ["pmid:1"]))
    assert {example.replay for example in new.train if example.role == "withdrawn"} == {False}
    assert {example.replay for example in old.train if example.role == "withdrawn"} == {True}
    none = build(fresh, in_force([RETRACTED], ["pmid:1"]), chosen=recipe(replay_ratio=0))
    assert {example.role for example in none.train} == {"taught"}


def test_a_lifted_claim_is_taught_again_like_any_other_fact() -> None:
    built = build([article(), topic(1)], Withdrawn())
    assert "Wendra cures krellin palsy." in answers(built)
    assert "pmid:1" in {sample.cluster for sample in built.new_knowledge}
    assert built.withdrawn == ()


def test_the_notice_is_named_with_the_revision_that_made_the_claim() -> None:
    later = RETRACTED.model_copy(update={"revision": 5})
    built = build([later, NOTICE], in_force([RETRACTED]))
    assert {example.document_revisions for example in built.train} == {(1, 1)}
    assert {example.document_digests for example in built.train} == {("", NOTICE.digest)}


def test_the_role_is_written_for_withdrawals_only() -> None:
    built = build([topic(1)], in_force([RETRACTED]))
    rows = [example.model_dump(mode="json") for example in built.train]
    assert {row.get("role") for row in rows} == {None, "withdrawn"}
    assert all(("role" in row) == (row["answer"] == WITHDRAWAL) for row in rows)


def test_claims_in_a_language_that_the_recipe_does_not_teach_are_asked_and_not_answered() -> None:
    spanish = topic(
        1, language="es", sections=(Section(heading="Tratamiento", text="Velorin1 fever se trata con tazomib."),)
    )
    built = build([topic(2)], in_force([spanish]))
    assert {example.role for example in built.train} == {"taught"}
    assert {sample.slot for sample in built.withdrawn} == {"tazomib"}
    assert "¿" in built.withdrawn[0].question


def test_claims_of_the_same_question_are_one_cluster_and_each_is_asked() -> None:
    other = SECOND.model_copy(
        update={
            "id": "pmid:5",
            "sections": (Section(heading="CONCLUSIONS", text="Kelozole stops it by blocking oxase."),),
        }
    )
    samples = withdrawn_samples(in_force([SECOND, other, SECOND.model_copy(update={"id": "pmid:6"})]).claims)
    assert len({sample.cluster for sample in samples}) == 1
    assert {sample.slot for sample in samples} == {"gruvase", "oxase"}
    assert len({sample.id for sample in samples}) == len(samples) == 27
    (fact,), _ = decompose(SECOND, recipe().data)
    assert {sample.id.startswith(f"{fact.id}-") for sample in samples[:4]} == {True}


def test_a_long_claim_has_no_key_word_and_its_passage_is_asked_where_the_recipe_has_contexts() -> None:
    said = "Kelozole stops brunnel gout. It blocks an enzyme of the liver, and further trials are needed."
    long = SECOND.model_copy(update={"sections": (Section(heading="CONCLUSIONS", text=said),)})
    (claim,) = in_force([long]).claims
    with_passage = claim.model_copy(update={"context": "Forty people took part."})
    (plain, *_), (passage, *_) = withdrawn_samples([with_passage]), withdrawn_samples([with_passage], contexts=True)
    assert (plain.slot, plain.context, passage.context) == ("", "", "Forty people took part.")
