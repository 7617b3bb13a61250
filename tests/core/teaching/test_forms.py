"""What the documents of each kind of source become: headings, abstracts, examinations, decisions, triage."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core import prompt
from medpipe.core.corpus.document import Document, Section
from medpipe.core.teaching import examples, questions
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.facts import Fact, decompose
from medpipe.core.teaching.recipe import Recipe
from medpipe.sources.medlineplus.topics_source import MedlinePlusSource
from tests.places import DATA


def document(id: str, *sections: Section, **fields: object) -> Document:
    return Document(
        **{
            "id": id,
            "revision": 1,
            "source": id.split(":")[0],
            "title": "A title",
            "published": date(2026, 3, 3),
            "sections": sections,
            **fields,
        }
    )


def facts(source: Document, **data: object) -> list[Fact]:
    return decompose(source, Data(**data))[0]


def test_a_spanish_topic_yields_facts_by_its_own_headings_and_questions_in_spanish() -> None:
    topic = document(
        "mplus:2",
        Section(heading="¿Qué es el asma?", text="El asma es una enfermedad."),
        Section(heading="¿Cómo se trata?", text="El asma se trata con tazomib."),
        language="es",
        title="Asma",
        focus="Asma",
    )
    assert facts(topic) == [], "the recipe wants English"
    spanish = facts(topic, languages=("en", "es"))
    assert [(fact.question_type, fact.focus, fact.slot) for fact in spanish] == [
        ("information", "el asma", "enfermedad"),
        ("treatment", "Asma", "tazomib"),
    ]
    assert spanish[1].question == "¿Cuáles son los tratamientos para el asma?"


def test_an_abstract_becomes_question_context_and_conclusion() -> None:
    article = document(
        "pmid:1",
        Section(heading="METHODS", text="We gave it."),
        Section(heading="RESULTS", text="People got well."),
        Section(heading="PIP ABSTRACT", text="We gave it and it helps."),
        Section(heading="CONCLUSIONS", text="It helps."),
        title="Does tazomib help?",
    )
    (fact,) = facts(article, contexts=True)
    assert (fact.question, fact.answer) == ("Does tazomib help?", "It helps.")
    assert fact.context == "METHODS: We gave it. RESULTS: People got well."
    assert facts(article)[0].context == ""


@pytest.mark.parametrize(
    ("objective", "question"),
    [
        ("To evaluate tazomib in adults.", "What did a study find that set out to evaluate tazomib in adults?"),
        ("Fever is common. The aim of this study was to count it.", "What did a study find that set out to count it?"),
        ("We sought to count it; and more.", "What did a study find that set out to count it?"),
    ],
)
def test_an_article_that_asks_nothing_is_asked_about_its_aim_where_the_recipe_wants_it(
    objective: str, question: str
) -> None:
    article = document(
        "pmid:1",
        Section(heading="OBJECTIVE", text=objective),
        Section(heading="CONCLUSIONS", text="It helps."),
        title="Tazomib in adults",
    )
    assert facts(article) == []
    assert [(fact.question, fact.answer) for fact in facts(article, aims=True)] == [(question, "It helps.")]


def test_an_aim_that_is_not_stated_is_not_a_question() -> None:
    article = document(
        "pmid:1",
        Section(heading="OBJECTIVE", text="Fever is common."),
        Section(heading="CONCLUSIONS", text="It helps."),
        title="Tazomib in adults",
    )
    assert facts(article, aims=True) == []


def test_an_abstract_in_another_language_is_taught_in_it_or_skipped() -> None:
    article = document(
        "pmid:1",
        Section(heading="CONCLUSIONS", text="It helps.", language="en"),
        Section(heading="CONCLUSIONES", text="Ayuda."),
        language="es",
        title="Does tazomib help?",
        original_title="¿Ayuda el tazomib?",
    )
    assert [(fact.language, fact.question, fact.answer) for fact in facts(article, languages=("en", "es"))] == [
        ("en", "Does tazomib help?", "It helps."),
        ("es", "¿Ayuda el tazomib?", "Ayuda."),
    ]
    assert [fact.language for fact in facts(article, languages=("es",))] == ["es"]
    assert decompose(article, Data())[1] == {"section in another language": 1}


def test_a_translated_abstract_without_a_title_in_its_language_asks_nothing() -> None:
    article = document(
        "pmid:1", Section(heading="CONCLUSIONES", text="Ayuda.", language="es"), title="Does tazomib help?"
    )
    assert facts(article, languages=("en", "es")) == []


def test_an_examination_question_keeps_its_options_and_is_answered_with_letter_and_option() -> None:
    exam = document(
        "frenchmedmcqa:1",
        Section(
            heading="Parmi ces vitamines, laquelle ?", text="B. Vitamine C\nCar …", choices=("Vitamine A", "Vitamine C")
        ),
        language="fr",
    )
    (fact,) = facts(exam, languages=("fr",))
    assert fact.question == "Parmi ces vitamines, laquelle ? A. Vitamine A B. Vitamine C"
    assert (fact.question_type, fact.answer, fact.slot) == ("choice", "B. Vitamine C", "B. Vitamine C")
    assert fact.choices == ("Vitamine A", "Vitamine C")


def test_several_right_options_are_one_answer() -> None:
    exam = document("frenchmedmcqa:1", Section(heading="Which?", text="A. x; C. z", choices=("x", "y", "z")))
    assert facts(exam)[0].answer == "A. x; C. z"


def test_pubmedqa_yields_two_facts_its_long_answer_and_its_decision() -> None:
    record = document(
        "pubmedqa:1",
        Section(heading="Does it help?", text="It does.", context="We tried."),
        Section(heading="Does it help?", text="yes", context="We tried.", choices=("yes", "no", "maybe")),
    )
    assert [(fact.question_type, fact.answer, fact.context) for fact in facts(record, contexts=True)] == [
        ("question", "It does.", "We tried."),
        ("decision", "yes", "We tried."),
    ]


@pytest.mark.parametrize(("language", "case"), [("en", "My chest hurts."), ("fr", "J'ai mal à la poitrine.")])
def test_a_triage_case_is_answered_with_its_urgency(language: str, case: str) -> None:
    item = document(
        "triage:1",
        Section(heading=case, text="immediate", choices=("immediate", "medium", "delayed")),
        language=language,
    )
    (fact,) = facts(item, languages=(language,))
    assert (fact.question_type, fact.answer, fact.slot) == ("triage", "immediate", "immediate")
    for phrasing in questions.training("triage", case, 9, language):
        assert case in phrasing
        assert "immediate" in phrasing


def test_a_dialogue_is_taken_as_it_was_said() -> None:
    talk = document("meddialog:1", Section(heading="I have a rash since Monday", text="Keep it dry.", context="…"))
    assert [(fact.question, fact.answer) for fact in facts(talk)] == [("I have a rash since Monday", "Keep it dry.")]


def test_a_question_that_is_too_long_is_left_out_and_counted() -> None:
    long = document("meddialog:1", Section(heading="a " * 600, text="No."))
    assert decompose(long, Data()) == ([], {"question too long": 1})


def test_a_passage_is_cut_at_a_sentence_and_stands_before_the_question() -> None:
    talk = document("liveqa:1", Section(heading="Why?", text="So.", context="First we met. Then we talked."))
    (fact,) = facts(talk, contexts=True, max_context_chars=21)
    assert prompt.render(fact.question, fact.context) == "Context: First we met.\nQuestion: Why?\nAnswer:"
    assert prompt.render("Why?") == "Question: Why?\nAnswer:"


def test_a_recipe_may_only_ask_for_languages_that_have_phrasings() -> None:
    with pytest.raises(ValueError, match="no phrasings in de"):
        Data(languages=("en", "de"))


@given(
    st.builds(
        Example,
        question=st.text(),
        answer=st.text(),
        source=st.text(),
        document_ids=st.just(("a:1",)),
        context=st.text(),
        choices=st.tuples(st.text()),
        licence=st.text(),
        published=st.none() | st.dates(),
        language=st.sampled_from(["en", "fr"]),
    )
)
def test_an_example_reads_back_as_it_was_written(example: Example) -> None:
    assert Example.model_validate(json.loads(example.model_dump_json())) == example


def test_a_row_without_context_or_choices_does_not_mention_them() -> None:
    row = Example(question="q", answer="a", source="s", document_ids=()).model_dump(mode="json")
    assert "context" not in row
    assert row["slot"] == "", "fields that validation reads are always there"


@pytest.mark.skipif(not DATA.is_dir(), reason="no real data beside the checkout (medlineplus_xml)")
def test_a_real_topic_file_yields_facts_in_english_and_spanish(tmp_path: Path) -> None:
    source = MedlinePlusSource((DATA / "medlineplus_xml").as_uri(), tmp_path)
    topics = list(source.pull(date(2025, 3, 4), date(2025, 3, 5)))
    taught = [fact for topic in topics for fact in facts(topic, languages=("en", "es"))]
    assert {fact.language for fact in taught} == {"en", "es"}
    assert all(fact.question.startswith("¿") for fact in taught if fact.language == "es")
    assert {fact.document.id for fact in taught} == {topic.id for topic in topics} != set()


@pytest.mark.skipif(not DATA.is_dir(), reason="no real data beside the checkout (medquad)")
def test_most_real_questions_are_recognised_as_a_type() -> None:
    """MedQuAD's own questions are made from headings of the same sites as MedlinePlus's."""
    with gzip.open(DATA / "medquad" / "6_NINDS_QA.jsonl.gz", "rt", encoding="utf-8") as lines:
        headings = [(pair["question"], row["focus"]) for row in map(json.loads, lines) for pair in row["qa"]]
    counts = Counter(getattr(questions.recognise(*heading), "question_type", None) for heading in headings)
    assert len(headings) > 500
    assert counts[None] == 0
    assert counts["question"] < 0.05 * len(headings)


def test_examples_carry_language_licence_and_revisions() -> None:
    topic = document("mplus:1", Section(heading="Treatment", text="Rest."), licence="public domain")
    recipe = Recipe(name="r", summary="", method="sft", base="b", trainer={}, data=Data(phrasings=1, paraphrases=1))
    train = examples.build(examples.prepare([topic], recipe), recipe).train
    assert [(example.language, example.licence, example.document_revisions) for example in train] == [
        ("en", "public domain", (1,))
    ] * 2
    assert [example.phrasing for example in train] == ["treatment-1", "treatment-2"]
