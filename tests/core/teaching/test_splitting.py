"""Laws of the split and its filters: twins, the cut-off, decontamination, redaction, and sums that add up.

Each law is checked over made-up corpora, and once on a corpus where both sides are known to have something.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medpipe.core.corpus.document import Document, Section
from medpipe.core.teaching import contamination, decontamination, examples, twins
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.examples import BuiltExamples
from medpipe.core.teaching.facts import decompose
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.recipe import Recipe
from tests import building, fakes
from tests.building import in_order

DAY = date(2026, 3, 3)
SOURCES = {"mplus": 1.0, "medquad": 1.0, "meddialog": 1.0}
WORDS = "fever rest water tablet doctor night skin blood bone heart lung liver salt rash cough test dose care".split()


def recipe(**data: Any) -> Recipe:
    return Recipe(name="r", summary="", method="sft", base="b", trainer={}, data=Data(**{"sources": SOURCES} | data))


STRICT = recipe(
    near_duplicates=0.8,
    clusters=0.6,
    decontaminate=True,
    check_languages=True,
    quality=True,
    replay_ratio=99.0,
    heldout_share=0.5,
    cut_off=DAY,
    unseen={"mplus": 0.3},
    validation_share=0.25,
)
TOOLS = Hygiene(clusters=fakes.PairwiseDuplicates().clusters, redact=fakes.EmailRedactor().redact)


def build(
    corpus: Sequence[Document],
    recipe: Recipe = STRICT,
    since: dict[str, str] | None = None,
    hygiene: Hygiene = TOOLS,
    **more: Any,
) -> BuiltExamples:
    return building.built(examples.prepare(in_order(corpus), recipe, hygiene=hygiene, **more), recipe, since, hygiene)


def text(seed: int, length: int = 24) -> str:
    """A sentence that depends on the seed alone and hardly resembles that of another seed."""
    chance = random.Random(seed)
    return f"{' '.join(chance.choice(WORDS) for _ in range(length)).capitalize()}."


def known(documents: Iterable[Document]) -> dict[str, str]:
    """The facts of the documents as an earlier run has learned them: id → what it says."""
    data = Data(languages=("en", "es", "fr"))
    return {fact.id: fact.says for document in documents for fact in decompose(document, data)[0]}


def page(number: int, said: str, source: str = "mplus", days: int = -9, **fields: Any) -> Document:
    title = f"Condition{number}"
    heading = "Tratamiento" if fields.get("language") == "es" else "Treatment"
    return Document(
        **{
            "id": f"{source}:{number}",
            "revision": 1,
            "source": source,
            "title": title,
            "focus": title,
            "published": DAY + timedelta(days=days),
            "sections": (Section(heading=heading, text=said),),
            **fields,
        }
    )


pages = st.builds(
    page,
    st.integers(1, 9),
    st.builds(
        lambda seed, change: text(seed) if change is None else text(seed).replace(*change),
        st.integers(1, 4),
        st.none() | st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)),
    ),
    st.sampled_from(["mplus", "medquad"]),
    st.integers(-3, 3),
)
corpora = st.lists(pages, max_size=8, unique_by=lambda document: document.id)


class Sides(NamedTuple):
    built: BuiltExamples
    by_id: dict[str, Document]
    taught: set[str]
    evaluated: set[str]
    """Ids of documents that are not taught: held out, unseen, for validation, or later than the cut-off."""


def sides(corpus: list[Document], old: Collection[int], recipe: Recipe = STRICT) -> Sides:
    built = build(corpus, recipe, known(document for index, document in enumerate(corpus) if index in old))
    samples = (*built.old_knowledge, *built.after_cut_off, *built.unseen)
    return Sides(
        built,
        {document.id: document for document in corpus},
        {id for example in built.train if example.role == "taught" for id in example.document_ids},
        {sample.id.split("#")[0] for sample in samples} | for_validation(built),
    )


def for_validation(built: BuiltExamples) -> set[str]:
    """Ids of the documents whose examples are measured during a training."""
    return {id for example in built.train if example.role == "validation" for id in example.document_ids}


def straddling(result: Sides) -> set[int]:
    """Groups of documents with nearly the same text that are on both sides."""
    ids = [*sorted(result.taught), *sorted(result.evaluated)]
    firsts = TOOLS.clusters([twins.text_of(result.by_id[id]) for id in ids], 0.6)
    group_of = dict(zip(ids, firsts, strict=True))
    return {group_of[id] for id in result.taught} & {group_of[id] for id in result.evaluated}


def shared_runs(built: BuiltExamples) -> list[decontamination.Hit]:
    """Training texts with 13 words in a row from a sample that is only evaluated."""
    samples = (*built.old_knowledge, *built.after_cut_off, *built.unseen)
    evaluated = [text for sample in samples for text in (sample.question, sample.target)]
    texts = {role: [] for role in ("taught", "withdrawn", "validation")}
    for example in built.train:
        texts[example.role] += example.question, example.answer
    evaluated, taught = evaluated + texts["validation"], texts["taught"]
    hits = decontamination.overlaps(taught, {"held out": evaluated})
    return [hit for hit in hits if hit.reason == decontamination.SHARED_RUN]


@given(corpora, st.sets(st.integers(0, 7)))
@settings(max_examples=60)
def test_twins_never_straddle_train_and_held_out(corpus: list[Document], old: set[int]) -> None:
    assert not straddling(sides(corpus, old))


def test_of_many_pairs_of_twins_each_is_on_one_side_and_without_clusters_some_are_not() -> None:
    corpus = [
        page(number + offset, f"{text(number)} {end}")
        for number in range(1, 31)
        for offset, end in ((0, "Ask first."), (500, "Ask then."))
    ]
    together, apart = (
        sides([*corpus, page(900, text(900))], range(60), recipe(clusters=clusters, replay_ratio=99.0))
        for clusters in (0.6, None)
    )
    assert len(together.taught) > 10
    assert len(together.evaluated) > 5
    assert not straddling(together)
    assert straddling(apart)


@given(corpora, st.sets(st.integers(0, 7)))
@settings(max_examples=60)
def test_no_thirteen_words_of_a_held_out_sample_are_taught(corpus: list[Document], old: set[int]) -> None:
    assert not shared_runs(sides(corpus, old).built)


def test_words_that_many_documents_share_are_not_taught_and_without_decontamination_they_are() -> None:
    # Every second page quotes the one before it, and is otherwise about something else.
    corpus = [
        page(number, text(number // 2) if number % 2 == 0 else f"{text(number + 900, 20)} {text(number // 2)}")
        for number in range(40)
    ]
    clean, dirty = (
        build([*corpus, page(99, text(99))], recipe(decontaminate=decontaminate, replay_ratio=99.0), known(corpus))
        for decontaminate in (True, False)
    )
    assert clean.old_knowledge
    assert [example for example in clean.train if example.replay]
    assert not shared_runs(clean)
    assert shared_runs(dirty)


def test_a_share_of_the_clusters_is_for_validation_in_every_run_and_the_card_counts_it() -> None:
    corpus = [page(number, f"{text(number % 40)} Ask.") for number in range(80)]  # each text is on two pages
    wanted = recipe(clusters=0.6, validation_share=0.2, replay_ratio=99.0)
    news = [page(number, text(number)) for number in range(200, 212)]
    first, later = build(corpus, wanted), build([*corpus, *news], wanted, known(corpus))
    measured, news_ids = for_validation(first), {document.id for document in news}
    assert 4 <= len(measured) <= 30
    assert for_validation(later) - news_ids == measured, "what was measured once is never taught"
    for built in (first, later):
        taught = {id for example in built.train if example.role == "taught" for id in example.document_ids}
        assert taught and not taught & measured
    for example in (example for example in first.train if example.role == "validation"):
        assert not any(example.question == sample.question for sample in first.new_knowledge)
    facts = first.card.facts
    assert facts.validation > 0
    assert facts.found == facts.new + facts.validation + facts.left_out
    assert first.card.validation == sum(example.role == "validation" for example in first.train)
    assert not for_validation(build(corpus, recipe(clusters=0.6)))


@given(corpora, st.sets(st.integers(0, 7)))
@settings(max_examples=60)
def test_nothing_published_from_the_cut_off_on_is_taught(corpus: list[Document], old: set[int]) -> None:
    result = sides(corpus, old)
    assert all(result.by_id[id].published < DAY for id in result.taught)
    assert all(example.published is not None and example.published < DAY for example in result.built.train)
    later = {sample.id.split("#")[0] for sample in result.built.after_cut_off}
    assert all(result.by_id[id].published >= DAY for id in later)


def test_the_day_of_the_cut_off_itself_is_evaluated_and_the_day_before_is_taught() -> None:
    built = build([page(1, text(1), days=-1), page(2, text(2), days=0)], recipe(cut_off=DAY))
    assert {id for example in built.train for id in example.document_ids} == {"mplus:1"}
    assert {sample.cluster for sample in built.after_cut_off} == {"mplus:2"}


@given(corpora, st.sets(st.integers(0, 7)), st.booleans())
@settings(max_examples=60)
def test_every_fact_is_taught_held_out_or_counted_as_left_out(
    corpus: list[Document], old: set[int], strict: bool
) -> None:
    since = known(document for index, document in enumerate(corpus) if index in old)
    facts = build(corpus, STRICT if strict else recipe(), since).card.facts.model_dump()
    assert facts.pop("found") == sum(facts.values())


@given(corpora, st.sets(st.integers(0, 7)), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_documents_does_not_matter_to_any_filter(
    corpus: list[Document], old: set[int], chance: random.Random
) -> None:
    since = known(document for index, document in enumerate(corpus) if index in old)
    assert build(corpus, since=since) == build(chance.sample(corpus, len(corpus)), since=since)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Ada Lovelace", "Alan Turing"]),
            st.sampled_from(["a.b@c.org", "x@y.com"]),
            st.sampled_from(["heading", "text", "context"]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_no_planted_identifier_is_taught_or_asked(planted: list[tuple[str, str, str]]) -> None:
    def said(name: str, mail: str) -> str:
        return f"Hello, my name is {name}, write to {mail}. {text(3)}"

    corpus = [
        Document(
            id=f"meddialog:{number}",
            revision=1,
            source="meddialog",
            title="x",
            published=DAY,
            sections=(Section(**{"heading": "What helps?", "text": "Rest.", "context": "", part: said(name, mail)}),),
        )
        for number, (name, mail, part) in enumerate(planted)
    ]
    built = build(corpus, recipe(contexts=True))
    written = "".join(one.model_dump_json() for one in (*built.train, *built.new_knowledge))
    assert not re.search(r"Lovelace|Turing|@", written)
    assert set(built.card.identifiers) == {"EMAIL", "NAME"}
    assert built.train


def test_sources_that_the_recipe_does_not_name_are_not_redacted() -> None:
    built = build([page(1, "Write to a.b@c.org for help.")], recipe())
    assert "a.b@c.org" in built.train[0].answer


def test_near_duplicates_become_the_oldest_which_names_the_documents_of_all() -> None:
    alike = [
        page(1, f"{text(1)} {end}", source, days)
        for source, days, end in (("mplus", -1, "Ask."), ("medquad", -5, "Ask first."))
    ]
    built = build(alike, recipe(near_duplicates=0.8))
    assert {one.document_ids for one in built.train} == {("medquad:1", "mplus:1")}
    assert built.train[0].document_digests == (alike[1].digest, alike[0].digest)
    assert built.drops["near-duplicate of another fact"] == 1


def test_a_template_that_tells_of_another_condition_is_no_duplicate() -> None:
    built = build([page(1, text(1)), page(2, text(1))], recipe(near_duplicates=0.8))
    assert {one.focus for one in built.train} == {"Condition1", "Condition2"}


def test_a_question_turned_round_by_one_word_is_no_duplicate() -> None:
    def exam(number: int, asked: str, right: str) -> Document:
        return Document(
            id=f"medquad:{number}",
            revision=1,
            source="medquad",
            title="x",
            published=DAY,
            sections=(Section(heading=asked, text=right, choices=(text(1), text(2))),),
        )

    built = build(
        [exam(1, f"Which is true? {text(3)}", f"A. {text(1)}"), exam(2, f"Which is false? {text(3)}", f"B. {text(2)}")],
        recipe(near_duplicates=0.5),
    )
    assert {one.answer[0] for one in built.train} == {"A", "B"}


def test_the_two_languages_of_a_topic_stay_on_one_side() -> None:
    pairs = [
        (
            page(number, text(number), counterpart=f"mplus:{number + 500}"),
            page(number + 500, f"El la los {text(number + 500)}", language="es", counterpart=f"mplus:{number}"),
        )
        for number in range(1, 30)
    ]
    corpus = [one for pair in pairs for one in pair]
    built = build(
        [*corpus, page(900, text(900))],
        recipe(languages=("en", "es"), replay_ratio=99.0),
        known(corpus),
    )
    replayed = {id for one in built.train if one.replay for id in one.document_ids}
    assert replayed
    assert all((english.id in replayed) == (spanish.id in replayed) for english, spanish in pairs)


def test_a_cluster_keeps_its_side_when_younger_twins_join() -> None:
    first = [page(number, text(number), days=-100) for number in range(1, 30)]
    more = [page(number, text(number), "medquad", days=-1) for number in range(1, 30)]
    held = []
    for corpus in (first, [*first, *more]):
        built = build(corpus, recipe(clusters=0.9), known(corpus))
        held.append({sample.cluster for sample in built.old_knowledge})
    assert held[0] == held[1] != set()


def test_an_unseen_share_of_a_source_is_evaluated_in_every_run_and_taught_in_none() -> None:
    corpus = [
        *(page(number, text(number)) for number in range(60)),
        *(page(number, text(number + 500), "medquad") for number in range(9)),
    ]
    some_unseen = recipe(unseen={"mplus": 0.5}, replay_ratio=99.0)
    runs = [build(corpus, some_unseen, since) for since in (None, known(corpus[:50]))]
    unseen = [{sample.cluster for sample in built.unseen} for built in runs]
    assert unseen[0] == unseen[1]
    assert 15 < len(unseen[0]) < 45
    assert all(id.startswith("mplus") for id in unseen[0])
    taught = {id for built in runs for example in built.train for id in example.document_ids}
    assert taught
    assert not unseen[0] & taught


def test_what_a_benchmark_asks_is_not_taught_and_counted_for_that_benchmark() -> None:
    asked = f"Is it true that {text(1)}"
    corpus = [page(1, text(9)), page(2, f"So it is: {text(1)}")]
    built = build(corpus, recipe(decontaminate=True), benchmarks={"board": [asked], "other": ["What is rest?"]})
    assert {one.focus for one in built.train} == {"Condition1"}
    assert {sample.cluster for sample in built.new_knowledge} == {"mplus:1"}, "nor is it asked"
    assert built.card.contamination == {"board": {"shared run of words": 1}}


def test_what_is_to_be_refused_is_not_answered_and_a_benchmarks_question_not_refused() -> None:
    question = "How many of these tablets would be too many for me tonight?"
    refusal = Example(question=question, answer="I cannot help.", document_ids=(), source="safety")
    answered = page(1, text(1), sections=(Section(heading=question, text=text(2)),))
    built = build([answered], recipe(decontaminate=True), safety=[refusal])
    assert [one.source for one in built.train] == ["safety"]
    built = build([], recipe(decontaminate=True), safety=[refusal], benchmarks={"red-team": [question]})
    assert built.train == ()


def test_a_text_in_another_language_than_it_claims_is_left_out() -> None:
    checked, tools = recipe(check_languages=True), TOOLS._replace(guess=lambda _: ("es", 0.99))
    spanish = "El tratamiento de la fiebre es el reposo en la cama y el agua para que el paciente no se canse."
    assert build([page(1, spanish)], checked, hygiene=tools).drops["text is in another language"] == 1
    assert build(
        [page(1, spanish, language="es")], recipe(check_languages=True, languages=("es",)), hygiene=tools
    ).train


def test_a_poor_answer_is_left_out_with_the_rule_that_it_breaks() -> None:
    corpus = [page(1, f"{text(1)} We use cookies."), page(2, text(2)), page(3, f"{text(3)} \ufffd", days=-4)]
    built = build(corpus, recipe(quality=True))
    assert {one.document_ids for one in built.train} == {("mplus:2",)}
    assert built.drops["poor text: a web page's boilerplate"] == built.drops["poor text: damaged characters"] == 1
    assert len(build(corpus, recipe()).new_knowledge) == 6


def test_a_decision_is_not_judged_as_a_text() -> None:
    record = Document(
        id="meddialog:1",
        revision=1,
        source="meddialog",
        title="x",
        published=DAY,
        sections=(Section(heading="Does it help?", text="no", choices=("yes", "no", "maybe")),),
    )
    assert build([record], recipe(quality=True)).train


def test_texts_with_reserved_rights_are_taught_only_where_the_recipe_allows_it() -> None:
    corpus = [page(1, text(1), copyright="© 2020 The Publisher")]
    assert build(corpus, recipe()).train
    refused = build(corpus, recipe(copyrighted=False))
    assert (refused.train, refused.drops["document's rights are reserved"]) == ((), 1)


def test_proportions_hold_and_use_as_much_as_they_allow() -> None:
    corpus = [
        *(page(number, text(number)) for number in range(100)),
        *(page(1000 + number, text(1000 + number), "medquad") for number in range(40)),
        page(7, text(7), "meddialog"),
    ]
    built = build(corpus, recipe(proportions={"mplus": 0.5, "medquad": 0.5}))
    assert Counter(one.source for one in built.train) == {"mplus": 120, "medquad": 120}
    assert built.drops["fact beyond its source's proportion"] == 61


def test_proportions_choose_the_same_facts_when_the_corpus_grows() -> None:
    def taught(size: int, source: str) -> set[str]:
        corpus = [
            *(page(number, text(number)) for number in range(size)),
            *(page(1000 + number, text(1000 + number), "medquad") for number in range(size // 4)),
        ]
        built = build(corpus, recipe(proportions={"mplus": 0.5, "medquad": 0.5}))
        return {id for example in built.train for id in example.document_ids if example.source == source}

    assert (len(taught(40, "medquad")), len(taught(40, "mplus"))) == (10, 10)
    assert (len(taught(80, "medquad")), len(taught(80, "mplus"))) == (20, 20)
    assert taught(40, "medquad") < taught(80, "medquad")


@settings(max_examples=25)
@given(corpus=corpora, old=st.sets(st.integers(0, 7)))
def test_blocks_of_any_size_and_benchmarks_in_parts_give_the_same(corpus: list[Document], old: set[int]) -> None:
    said = known(document for index, document in enumerate(corpus) if index in old)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contamination, "_CHARACTERS", 40)
        patch.setattr(contamination, "_FACTS_AT_ONCE", 1)
        divided = TOOLS._replace(
            spread=lambda work, blocks: (work([one], TOOLS) for block in blocks for one in block),
        )
        in_parts = build(corpus, STRICT, said, divided)
    assert in_parts == build(corpus, STRICT, said)


def test_documents_that_are_not_in_the_order_of_their_ids_are_refused() -> None:
    with pytest.raises(ValueError, match=r"mplus:1 comes after mplus:2: documents must be in the order of their ids"):
        examples.prepare([page(2, text(1)), page(1, text(2))], STRICT)
