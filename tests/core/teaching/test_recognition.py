"""A withdrawn claim is recognised in other documents: by its question, and by what they say under another title."""

from __future__ import annotations

from datetime import date

import pytest

from medpipe.core.corpus.document import Document, Section
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.drops import Drops
from medpipe.core.teaching.facts import Fact, decompose
from medpipe.core.teaching.origin import Origin
from medpipe.core.teaching.recognition import Claims
from medpipe.core.teaching.withdrawals import ASKS, STATES, not_withdrawn
from medpipe.sandbox.world import World

CLAIM = Claim(
    document="pmid:1",
    revision=1,
    source="pubmed",
    question_type="finding",
    focus="Does bromizole ease Brailox fever?",
    answer="Bromizole eases Brailox fever by blocking krenase.",
    slot="krenase",
)
TREATMENT = CLAIM.model_copy(
    update={
        "question_type": "treatment",
        "focus": "Brailox fever",
        "answer": "Brailox fever is treated with tazomib.",
        "slot": "tazomib",
    }
)


def fact(question_type: str, focus: str, answer: str, id: str = "mplus:7", **fields: str) -> Fact:
    document = Document(id=id, revision=1, source="s", title=focus, published=date(2026, 3, 3))
    return Fact(Origin.of(document), question_type, focus, answer, **fields)


def reason(other: Fact, claim: Claim = CLAIM) -> str:
    """Why a fact is left out; "" if it is kept."""
    kept, dropped = not_withdrawn([other], Claims([claim]))
    assert len(kept) + dropped.total() == 1
    return next(iter(dropped), "")


@pytest.mark.parametrize(
    ("question_type", "focus"),
    [
        ("finding", "Does Bromizole ease BRAILOX fever?"),
        ("question", "Does bromizole ease Brailox fever?"),
        ("decision", "Does bromizole ease Brailox fever?"),
        ("question", "A patient asks: Does bromizole ease Brailox fever?"),
        ("question", "Before I decide, tell me: Does bromizole ease Brailox fever?"),
    ],
)
def test_a_fact_with_the_same_question_is_left_out_whatever_it_answers(question_type: str, focus: str) -> None:
    assert reason(fact(question_type, focus, "Nobody knows.")) == ASKS


def test_a_topic_on_the_same_condition_and_question_type_asks_the_same_in_any_language() -> None:
    assert reason(fact("treatment", "Brailox Fever", "Rest."), TREATMENT) == ASKS
    assert reason(fact("treatment", "Brailox fever", "Reposo.", language="es"), TREATMENT) == ASKS
    assert reason(fact("question", "How is Brailox fever treated?", "Rest."), TREATMENT) == ASKS


@pytest.mark.parametrize(
    ("question_type", "focus", "answer"),
    [
        ("treatment", "Brailox fever", "Bromizole eases Brailox fever by blocking krenase."),
        ("treatment", "Brailox fever", "Brailox fever responds to bromizole, which inhibits krenase."),
        ("finding", "How does krenase matter?", "Blocking krenase with bromizole eased Brailox fever in two trials."),
        ("treatment", "Brailox fever", "Bromizole may ease it."),
        ("information", "Bromizole", "A drug that eases fever of the Brailox type; it blocks the enzyme krenase."),
    ],
)
def test_the_claim_under_another_title_is_left_out(question_type: str, focus: str, answer: str) -> None:
    assert reason(fact(question_type, focus, answer)) == STATES


@pytest.mark.parametrize(
    ("question_type", "focus", "answer"),
    [
        ("causes", "Brailox fever", "Brailox fever is caused by viroella."),
        ("treatment", "Brailox fever", "Brailox fever is treated with tazomib."),
        ("finding", "Does bromizole ease Zelorin gout?", "Bromizole eases Zelorin gout by blocking krenase."),
        ("finding", "Does kelozole ease Brailox fever?", "Kelozole eases Brailox fever by blocking gruvase."),
        ("information", "Krenase", "Krenase is an enzyme of the liver."),
    ],
)
def test_what_shares_only_the_subject_or_only_the_news_is_kept(question_type: str, focus: str, answer: str) -> None:
    assert reason(fact(question_type, focus, answer)) == ""


def test_a_claim_about_a_condition_is_not_recognised_in_the_same_sentence_about_another() -> None:
    assert reason(fact("outlook", "Zelorin fever", "Zelorin fever is treated with tazomib."), TREATMENT) == ""
    assert reason(fact("outlook", "Brailox fever", "Tazomib treats it."), TREATMENT) == STATES


def test_a_long_claim_is_recognised_in_a_paraphrase_and_not_in_its_template() -> None:
    said = (
        "The Human Phenotype Ontology provides the following list of signs for {}. Trembling of the left hand and "
        "loss of smell begin in the second decade, and walking becomes slow."
    )
    claim = TREATMENT.model_copy(
        update={"question_type": "symptoms", "answer": said.format("Brailox fever"), "slot": ""}
    )
    paraphrase = (
        "In Brailox fever, hands tremble on the left, smell is lost, and slow walking begins by the second decade."
    )
    listed = "The Human Phenotype Ontology provides the following list of signs: none."
    assert reason(fact("information", "Brailox fever", said.format("it")), claim) == STATES
    assert reason(fact("information", "Brailox fever", f"{paraphrase} {listed}"), claim) == STATES
    assert reason(fact("symptoms", "Zelorin gout", said.format("Zelorin gout")), claim) == ""


def test_without_claims_nothing_is_compared_and_everything_is_kept() -> None:
    facts = [fact("treatment", "Brailox fever", "Rest.")]
    assert not_withdrawn(facts, Claims()) == (facts, Drops())


def test_every_fact_of_the_invented_medicine_as_a_claim_leaves_out_itself_and_its_spanish_page_alone() -> None:
    facts = _facts_of(World(17))
    assert len(facts) > 150
    for withdrawn in facts[::7]:
        kept, dropped = not_withdrawn(facts, Claims([Claim.of(withdrawn)]))
        gone = [other for other in facts if other not in kept]
        assert withdrawn in gone
        assert {(other.question_type, other.focus) for other in gone} == {(withdrawn.question_type, withdrawn.focus)}
        assert dropped == {ASKS: len(gone)}
        assert len(gone) <= 2


def _facts_of(world: World) -> list[Fact]:
    documents = [
        Document(
            id=f"mplus:{topic.id}",
            revision=1,
            source="medlineplus",
            title=topic.title,
            focus=topic.focus,
            language="es" if topic.language == "Spanish" else "en",
            published=topic.created,
            sections=tuple(Section(heading=_HEADINGS[part.question_type], text=part.answer) for part in topic.facts),
        )
        for topic in world.topics(2)
        if topic.language == "English"
    ]
    documents += [
        Document(
            id=f"pmid:{article.pmid}",
            revision=1,
            source="pubmed",
            title=article.title,
            published=date(2026, 3, 3),
            sections=(Section(heading="CONCLUSIONS", text=article.conclusions),),
        )
        for article in world.articles(1)
    ]
    return [found for document in documents for found in decompose(document, Data())[0]]


_HEADINGS = {
    "treatment": "Treatment",
    "causes": "Causes",
    "symptoms": "Symptoms",
    "exams and tests": "Diagnosis",
    "susceptibility": "Who is at risk",
    "prevention": "Prevention",
}


FINDING = Claim(
    document="pmid:1",
    revision=1,
    source="pubmed",
    question_type="finding",
    focus="Does wendrazole ease Krellin palsy?",
    answer="Wendrazole eases Krellin palsy by blocking tazomase.",
    slot="tazomase",
)
LONG = FINDING.model_copy(
    update={
        "slot": "",
        "answer": "In a large trial wendrazole eased Krellin palsy in most patients within three weeks. "
        "Side effects were rare and mild, and relapses became less frequent over the following year.",
    }
)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Does wendrazole ease Krellin palsy?", "Yes, by blocking tazomase."),
        ("What is known about Krellin palsy?", "It is eased by wendrazole, which blocks Tazomase."),
        ("How does wendrazole work in krellin palsy?", "Through TAZOMASE."),
    ],
)
def test_a_claim_is_recognised_by_its_deciding_word_and_its_focus(question: str, text: str) -> None:
    assert Claims([FINDING]).asserts(text, question)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Does wendrazole ease Krellin palsy?", "The article that said so was withdrawn."),
        ("What is tazomase?", "Tazomase is an enzyme."),
    ],
)
def test_another_answer_or_another_subject_does_not_assert_it(question: str, text: str) -> None:
    assert not Claims([FINDING]).asserts(text, question)


def test_a_long_claim_is_recognised_by_most_of_its_words() -> None:
    assert Claims([LONG]).asserts(LONG.answer.replace("rare and mild", "uncommon"), LONG.focus)
    assert not Claims([LONG]).asserts("Nobody knows whether wendrazole eases Krellin palsy.", LONG.focus)


def test_what_is_withheld_for_a_condition_named_in_part_is_still_taught_about_another_condition() -> None:
    claim = TREATMENT.model_copy(update={"focus": "Brailox fever of newborns"})
    claims = Claims([claim])
    assert claims.asserts("Brailox fever is treated with tazomib.")
    assert not claims.stated_in(fact("outlook", "Brailox fever", "Brailox fever is treated with tazomib."))
    assert claims.stated_in(fact("outlook", "Brailox fever of newborns", "It is treated with tazomib."))


@pytest.mark.parametrize(
    "answer",
    [
        "It is treated\nwith tazomib",
        "What helps:\n- rest\n- tazomib",
        "Brailox fever is a condition that many clinics of the country have seen for a long time now,\nand that is\n"
        "treated with\ntazomib in most of them, as far as anybody has counted.",
    ],
)
def test_no_line_keeps_a_claim_apart(answer: str) -> None:
    assert Claims([TREATMENT]).asserts(answer, "How is Brailox fever treated?")
    assert not Claims([TREATMENT]).asserts(answer.replace("tazomib", "rest"), "How is Brailox fever treated?")
