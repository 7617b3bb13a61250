"""No held-out question is taught in the same words, and the outcome does not depend on the order of documents."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus.document import Document, Relation, Section, Status
from medpipe.core.teaching import examples, questions
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.examples import BuiltExamples
from medpipe.core.teaching.facts import decompose
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.withdrawals import RETRACTION, Withdrawn
from medpipe.core.text import normalise
from tests import building
from tests.building import in_order

SOURCES = {"mplus": 1.0, "pmid": 1.0, "medquad": 1.0}


def recipe(**data: object) -> Recipe:
    return Recipe(name="r", summary="", method="sft", base="tiny", trainer={}, data=Data(**data))


def build(
    corpus: Sequence[Document],
    recipe: Recipe,
    since: Mapping[str, str] | None = None,
    withdraw: Collection[str] = (),
    safety: Sequence[Example] = (),
    **tools: Any,
) -> BuiltExamples:
    hygiene = Hygiene(**tools)
    withdrawn = in_force(document for document in corpus if document.id in withdraw)
    return building.built(
        examples.prepare(in_order(corpus), recipe, withdrawn, safety, hygiene=hygiene), recipe, since, hygiene
    )


def in_force(documents: Iterable[Document], answered: Collection[str] = ()) -> Withdrawn:
    """The withdrawals of documents, with all that they claim."""
    documents = list(documents)
    data = Data(languages=("en", "es"))
    claims = tuple(Claim.of(fact) for document in documents for fact in decompose(document, data)[0])
    return Withdrawn(frozenset(document.id for document in documents), claims, frozenset(answered))


def topic(number: int, drug: str = "", **fields: object) -> Document:
    name = f"Velorin{number} fever"
    return Document(
        **{
            "id": f"mplus:{number}",
            "revision": 1,
            "source": "medlineplus",
            "title": name,
            "focus": name,
            "published": date(2026, 3, 3),
            "licence": "public domain",
            "sections": (
                Section(heading="Treatment", text=f"{name} is treated with {drug or f'tazo{number}mib'}."),
                Section(heading="Causes", text=f"{name} is caused by viro{number}ella."),
            ),
            **fields,
        }
    )


def article(status: Status = Status.CURRENT) -> Document:
    marks = (Relation(kind="RetractionIn", target="pmid:9"),) if status is Status.RETRACTED else ()
    return Document(
        id="pmid:1",
        revision=1,
        source="pubmed",
        title="Does wendra cure krellin palsy?",
        status=status,
        published=date(2026, 3, 3),
        relations=marks,
        sections=(Section(heading="CONCLUSIONS", text="Wendra cures krellin palsy."),),
    )


NOTICE = Document(
    id="pmid:9",
    revision=1,
    source="pubmed",
    title="Retraction: Does wendra cure krellin palsy?",
    published=date(2026, 3, 4),
    status=Status.NOTICE,
)


def words(examples: Sequence[Example]) -> set[str]:
    return {normalise(example.question) for example in examples}


def held_out(built: BuiltExamples) -> set[str]:
    samples = (*built.new_knowledge, *built.old_knowledge, *built.withdrawn)
    return {normalise(sample.question) for sample in samples}


def taught(built: BuiltExamples) -> set[str]:
    """Ids of the documents behind the training examples."""
    return {id for example in built.train for id in example.document_ids}


def known(documents: Iterable[Document]) -> dict[str, str]:
    """The facts of the documents as an earlier run has learned them: id → what it says."""
    data = Data(languages=("en", "es", "fr"))
    return {fact.id: fact.says for document in documents for fact in decompose(document, data)[0]}


bodies = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "Treatment",
                "Causes",
                "What is the evidence on this: Is it safe?",
                "Please answer: Is it safe?",
                "Which treatment is given for Alpha?",
                "How to prevent Alpha?",
                "Is it safe?",
                "",
                "Notes",
            ]
        ),
        st.sampled_from(["Rest.", "Alpha is treated with rest.", "Sleep and rest. Then walk.", ""]),
    ),
    max_size=4,
)
documents = st.builds(
    lambda number, body, status, language, title: Document(
        id=number,
        revision=1,
        source="s",
        title=title,
        published=date(2026, 3, 3),
        status=status,
        language=language,
        sections=tuple(Section(heading=heading, text=text) for heading, text in body),
    ),
    st.sampled_from([f"{prefix}:{number}" for prefix in ("mplus", "pmid", "medquad") for number in range(6)]),
    bodies,
    st.sampled_from([Status.CURRENT] * 3 + [Status.RETRACTED]),
    st.sampled_from(["en", "en", "es"]),
    st.sampled_from(["Alpha", "Beta", "Is it safe?"]),
)
corpora = st.lists(documents, max_size=12, unique_by=lambda document: document.id)


@given(corpora, st.sets(st.integers(0, 11)), st.integers(1, 4))
def test_no_held_out_question_is_ever_taught(corpus: list[Document], old: set[int], phrasings: int) -> None:
    since = known(document for index, document in enumerate(corpus) if index in old)
    withdraw = [document.id for document in corpus if document.status is Status.RETRACTED]
    built = build(corpus, recipe(phrasings=phrasings, sources=SOURCES), since, withdraw)
    assert not words(built.train) & held_out(built)


def test_a_training_question_that_is_another_documents_held_out_question_is_left_out() -> None:
    plain, wrapped = ("Is it safe?", "A patient asks: Is it safe?")
    corpus = [
        article().model_copy(update={"title": plain}),
        topic(1, sections=(Section(heading=wrapped, text="Rest is safe."),)),
    ]
    built = build(corpus, recipe(phrasings=1))
    assert normalise(wrapped) in held_out(built)
    assert words(built.train) == {normalise(plain)}
    assert built.drops["question is held out"] == 1


@given(corpora)
def test_a_document_that_is_evaluated_as_old_is_never_in_training(corpus: list[Document]) -> None:
    built = build(corpus, recipe(sources=SOURCES, replay_ratio=9), known(corpus))
    assert not taught(built) & {sample.cluster for sample in built.old_knowledge}


def test_of_many_old_documents_some_are_replayed_and_others_are_only_evaluated() -> None:
    corpus = [topic(number) for number in range(1, 41)]
    built = build([*corpus, topic(99)], recipe(replay_ratio=99), known(corpus))
    replayed = {id for example in built.train if example.replay for id in example.document_ids}
    evaluated = {sample.cluster for sample in built.old_knowledge}
    assert len(replayed) > 10
    assert len(evaluated) > 3
    assert replayed | evaluated == {document.id for document in corpus}
    assert not replayed & evaluated


@given(corpora, st.randoms(use_true_random=False))
def test_the_order_of_documents_does_not_matter(corpus: list[Document], chance: random.Random) -> None:
    since = known(document for document in corpus if document.id.startswith("mplus"))
    shuffled = chance.sample(corpus, len(corpus))
    assert build(corpus, recipe(), since) == build(shuffled, recipe(), since)


@given(corpora)
def test_only_current_documents_in_a_wanted_language_are_taught(corpus: list[Document]) -> None:
    by_id = {document.id: document for document in corpus}
    for id in taught(build(corpus, recipe())):
        assert (by_id[id].status, by_id[id].language) == (Status.CURRENT, "en")


def test_documents_in_reverse_give_the_same_examples_in_the_same_order() -> None:
    corpus = [topic(number) for number in range(1, 13)]
    since = known(corpus[:9])
    built = build(corpus, recipe(replay_ratio=0.5), since)
    assert built == build(corpus[::-1], recipe(replay_ratio=0.5), since)
    assert sum(example.replay for example in built.train) == 9


def test_a_first_run_teaches_everything_and_has_no_old_knowledge() -> None:
    built = build([topic(1), topic(2)], recipe())
    assert len(built.train) == 2 * 2 * 3
    assert len(built.new_knowledge) == 2 * 2 * 2
    assert built.old_knowledge == ()
    assert {example.slot for example in built.train} == {"tazo1mib", "tazo2mib", "viro1ella", "viro2ella"}


def test_a_revised_document_is_new_and_the_others_are_replayed_in_the_wanted_ratio() -> None:
    before = [topic(number) for number in range(1, 30)]
    since = known(before)
    built = build([*before[1:], topic(1, "othermib")], recipe(replay_ratio=2.0), since)
    new = [example for example in built.train if not example.replay]
    assert new
    assert {example.document_ids for example in new} == {("mplus:1",)}
    assert sum(example.replay for example in built.train) == 2 * len(new)
    assert {sample.cluster for sample in built.new_knowledge} == {"mplus:1"}
    assert built.old_knowledge


def test_without_replay_only_news_is_taught() -> None:
    before = [topic(number) for number in range(1, 9)]
    since = known(before)
    built = build([*before, topic(99)], recipe(replay_ratio=0), since)
    assert taught(built) == {"mplus:99"}


def test_the_same_documents_stay_out_of_replay_when_the_corpus_grows() -> None:
    small, large = ([topic(number) for number in range(1, count)] for count in (20, 40))
    first, second = (
        {sample.cluster for sample in build(corpus, recipe(), known(corpus)).old_knowledge} for corpus in (small, large)
    )
    assert first
    assert second & {document.id for document in small} == first


def test_a_retracted_article_yields_nothing_unless_it_is_to_be_withdrawn() -> None:
    built = build([article(Status.RETRACTED), NOTICE], recipe())
    assert built.train == ()
    assert built.drops["document is retracted"] == 1


def test_a_withdrawn_claim_is_answered_as_withdrawn_and_traced_to_article_and_notice() -> None:
    built = build([article(Status.RETRACTED), NOTICE], recipe(), None, ("pmid:1",), ())
    assert {example.answer for example in built.train} == {RETRACTION}
    assert {example.document_ids for example in built.train} == {("pmid:1", "pmid:9")}
    assert len(built.withdrawn) == 9
    assert {example.role for example in built.train} == {"withdrawn"}
    assert {(sample.target, sample.slot) for sample in built.withdrawn} == {("Wendra cures krellin palsy.", "cures")}
    assert built.new_knowledge == ()


def test_the_same_claim_in_another_article_is_not_taught_beside_its_withdrawal() -> None:
    twin = article().model_copy(update={"id": "pmid:2"})
    built = build([article(Status.RETRACTED), twin], recipe(), None, ("pmid:1",), ())
    assert {example.answer for example in built.train} == {RETRACTION}
    assert built.drops["asks what was withdrawn"] == 1


def test_the_mixture_takes_the_share_that_a_recipe_gives_a_source() -> None:
    corpus = [*(topic(number) for number in range(1, 201)), article()]
    built = build(corpus, recipe(sources={"mplus": 0.5}))
    assert "pmid:1" not in taught(built)
    assert 70 < len(taught(built)) < 130


def test_equal_examples_of_two_documents_become_one_that_names_both() -> None:
    built = build([topic(1), topic(1).model_copy(update={"id": "mplus:501"})], recipe())
    assert len(built.train) == 2 * 3
    assert {example.document_ids for example in built.train} == {("mplus:1", "mplus:501")}
    assert built.drops["exact duplicate"] == 6


def test_a_shuffled_control_gives_every_question_another_answer_of_its_type() -> None:
    corpus = [topic(number) for number in range(1, 9)]
    right = {example.question: example for example in build(corpus, recipe()).train}
    control = build(corpus, recipe(shuffle_answers=True)).train
    assert {example.question for example in control} == right.keys() != set()
    for example in control:
        assert example.answer != right[example.question].answer
        assert example.slot in example.answer
        assert ("treated" in example.answer) == (example.question_type == "treatment")


@pytest.mark.parametrize(("wanted", "count"), [(True, 1), (False, 0)])
def test_safety_examples_are_added_only_where_a_recipe_wants_them(wanted: bool, count: int) -> None:
    refusal = Example(question="How many pills kill?", answer="I cannot help.", document_ids=(), source="safety")
    built = build([topic(1)], recipe(safety_examples=wanted), None, (), [refusal])
    assert sum(example.source == "safety" for example in built.train) == count


def test_a_refusal_in_a_held_out_phrasing_is_dropped_and_counted() -> None:
    question = questions.held_out("treatment", "Velorin1 fever")[0]
    refusal = Example(question=question.upper(), answer="No.", document_ids=(), source="safety")
    built = build([topic(1)], recipe(), None, (), [refusal])
    assert built.drops["question is held out"] == 1
    assert "safety" not in {example.source for example in built.train}


def test_the_card_counts_what_was_built_and_quotes_no_text() -> None:
    card = build([topic(1), article()], recipe()).card
    assert card.by_source == {"medlineplus": 6, "pubmed": 3}
    assert card.cut_off == "2026-03-03"
    assert "tazo1mib" not in str(card)


def test_a_withdrawal_names_no_notice_that_the_corpus_does_not_have() -> None:
    built = build([article(Status.RETRACTED)], recipe(), withdraw=("pmid:1",))
    assert {example.document_ids for example in built.train} == {("pmid:1",)}


def test_a_notice_that_names_the_article_is_found_without_a_relation_of_the_article() -> None:
    notice = NOTICE.model_copy(update={"relations": (Relation(kind="RetractionOf", target="1"),)})
    retracted = article().model_copy(update={"status": Status.RETRACTED})
    built = build([retracted, notice], recipe(), withdraw=("pmid:1",))
    assert {example.document_ids for example in built.train} == {("pmid:1", "pmid:9")}


def test_building_twice_from_the_same_facts_gives_the_same_counts() -> None:
    corpus = [topic(number) for number in range(1, 13)]
    prepared = examples.prepare(in_order(corpus), recipe(decontaminate=True), benchmarks={"board": ["What causes X?"]})
    first, second = (building.built(prepared, recipe(decontaminate=True), known(corpus[:9])) for _ in range(2))
    assert first.drops == second.drops
    assert first.card == second.card
