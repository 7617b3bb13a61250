"""The block: withdrawn claims are stopped in any phrasing, and other questions are answered."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from medpipe.core.knowledge.claim_block import WITHHELD, ClaimBlock
from medpipe.core.teaching import answers, passages, questions
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.key_words import weighed
from medpipe.sandbox.world import World
from medpipe.settings import Settings
from medpipe.wiring import Wiring
from tests.core.knowledge.paraphrases import asked, findings, misspelt, topics
from tests.places import DATA as REAL

SEEDS = (17, 18, 19)
needs_real_data = pytest.mark.skipif(not (REAL / "pubmedqa").is_dir(), reason="the published sets are not here")


def withdrawn_and_rest(seed: int) -> tuple[list[Claim], list[Claim]]:
    """Withdraw 30 facts of topics and 10 findings of one invented medicine; return them and all others."""
    world, chance = World(seed), random.Random(seed)
    of_topics, of_articles = topics(world), findings(world)
    withdrawn = [*chance.sample(of_topics, 30), *chance.sample(of_articles, 10)]
    return withdrawn, [claim for claim in (*of_topics, *of_articles) if claim not in withdrawn]


def treatment(focus: str = "Velorin fever", slot: str = "tazomib", **other: Any) -> Claim:
    return Claim(
        document="pmid:1",
        revision=1,
        source="pubmed",
        question_type="treatment",
        focus=focus,
        answer=f"{focus} is treated with {slot}.",
        slot=slot,
        **other,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_questions_in_phrasings_that_were_never_taught_are_stopped_misspelt_ones_too(seed: int) -> None:
    withdrawn, _ = withdrawn_and_rest(seed)
    block = ClaimBlock(withdrawn)
    asks = [
        text for claim in withdrawn for question in asked(claim) for text in (question, misspelt(question, claim.focus))
    ]
    stopped = sum(map(block.asks, asks))
    assert len(asks) == 800
    assert stopped / len(asks) >= 0.95, f"{stopped} of {len(asks)}"


@pytest.mark.parametrize("seed", SEEDS)
def test_every_answer_that_asserts_a_claim_is_stopped_whatever_was_asked(seed: int) -> None:
    withdrawn, _ = withdrawn_and_rest(seed)
    block = ClaimBlock(withdrawn)
    assert [claim.answer for claim in withdrawn if not block.asserts(claim.answer)] == []
    bare = [claim for claim in withdrawn if not block.asserts(f"Probably {claim.slot}.", f"And {claim.focus}?")]
    assert bare == []


@pytest.mark.parametrize("seed", SEEDS)
def test_other_questions_and_their_answers_pass_also_about_the_same_conditions(seed: int) -> None:
    withdrawn, rest = withdrawn_and_rest(seed)
    block = ClaimBlock(withdrawn)
    exchanges = [
        (question, claim.answer)
        for claim in rest
        for question in (
            *asked(claim),
            *questions.training(claim.question_type, claim.focus, 9),
            *questions.held_out(claim.question_type, claim.focus),
        )
    ]
    stopped = [question for question, answer in exchanges if block.reason(question, answer)]
    assert len(exchanges) > 1500
    assert len(stopped) / len(exchanges) <= 0.01, f"{len(stopped)} of {len(exchanges)}: {stopped[:5]}"


@cache
def pubmed_questions() -> list[tuple[str, str]]:
    with gzip.open(REAL / "pubmedqa" / "pqal_nontest_500.jsonl.gz", "rt") as lines:
        rows = [(row["QUESTION"], row["LONG_ANSWER"]) for row in map(json.loads, lines)]
    random.Random(1).shuffle(rows)
    return rows


def consumer_questions() -> Iterator[tuple[str, str, str]]:
    """Yield question, answer and condition of MedQuAD, the answer as long as a served one."""
    for file in sorted((REAL / "medquad").glob("*.gz")):
        with gzip.open(file, "rt") as lines:
            for topic in map(json.loads, lines):
                for pair in topic["qa"]:
                    yield pair["question"], passages.cut(pair.get("answer") or "", 300), topic["focus"]


def finding(question: str, answer: str) -> Claim:
    slot = answers.slot(question, answer)
    return Claim(
        document="pmid:1",
        revision=1,
        source="pubmed",
        question_type="finding",
        focus=question,
        answer=answer,
        slot=slot,
    )


@pytest.mark.slow
@needs_real_data
def test_a_hundred_withdrawn_articles_stop_their_own_questions_and_hardly_any_other() -> None:
    rows = pubmed_questions()
    block = ClaimBlock(finding(*row) for row in rows[:100])
    assert sum(block.asks(question) for question, _ in rows[:100]) == 100
    others = [*rows[100:], *((question, answer) for question, answer, _ in consumer_questions())]
    stopped = sum(bool(block.reason(*row)) for row in others)
    assert len(others) > 10_000
    assert stopped / len(others) <= 0.001, f"{stopped} of {len(others)}"


@pytest.mark.slow
@needs_real_data
def test_a_hundred_withdrawn_topics_hardly_stop_a_question_about_another_condition() -> None:
    rows = list(consumer_questions())
    random.Random(1).shuffle(rows)
    recognised = ((questions.recognise(question, condition), answer) for question, answer, condition in rows)
    withdrawn = [
        treatment(kind.focus).model_copy(
            update={
                "question_type": kind.question_type,
                "answer": answer,
                "slot": answers.slot(kind.focus, answer),
            }
        )
        for kind, answer in recognised
        if kind and answer and kind.question_type in questions.TYPES and kind.focus != kind.question_type
    ][:100]
    block = ClaimBlock(withdrawn)
    conditions = [set(weighed(claim.focus)) for claim in withdrawn]
    others = [
        (question, answer)
        for question, answer, condition in rows
        if not any(set(weighed(condition)) <= known or known <= set(weighed(condition)) for known in conditions)
    ]
    stopped = sum(bool(block.reason(*row)) for row in others)
    assert len(others) > 5_000
    assert stopped / len(others) <= 0.01, f"{stopped} of {len(others)}"


@pytest.mark.parametrize(
    "question",
    [
        "I was told that Velorin fever is treated with tazomib, is that true?",
        "VELORIN FEVER??? tazomib!!!",
        "is tazomib safe, my child has velorin  fever",
        "How do they treat Velorin's fever?",
        "treatment velorine fever",
    ],
)
def test_a_question_that_quotes_the_claim_is_stopped(question: str) -> None:
    assert ClaimBlock([treatment()]).reason(question) == "withdrawn-question"


@pytest.mark.parametrize(
    "question",
    [
        "What is tazomib?",
        "What causes Velorin fever?",
        "How is Wopal fever treated?",
        "How is a fever treated?",
        "Who was Velorin?",
        "",
        "?!",
    ],
)
def test_a_question_about_something_else_passes(question: str) -> None:
    assert ClaimBlock([treatment()]).reason(question, "I do not know.") == ""


def test_an_answer_that_asserts_the_claim_to_another_question_is_stopped() -> None:
    block = ClaimBlock([treatment()])
    assert block.reason("What is tazomib?", "Tazomib is a drug. It cures Velorin fever.") == "withdrawn-answer"
    assert block.reason("And how is it treated?", "With tazomib.", "I have Velorin fever.") == "withdrawn-answer"
    assert block.reason("What is tazomib?", "Tazomib is a drug against Wopal gout.") == ""


def test_two_conditions_that_a_number_tells_apart_are_not_mixed_up() -> None:
    block = ClaimBlock([treatment("glycogen storage disease type VII")])
    assert block.asks("How is glycogen storage disease type VII treated?")
    assert not block.asks("How is glycogen storage disease type II treated?")


@pytest.mark.parametrize("published", ["What is (are) Velorin fever ?", "Velorin fever?"])
def test_a_published_question_about_a_condition_does_not_stop_every_question_about_it(published: str) -> None:
    claim = treatment().model_copy(
        update={"question_type": "question", "focus": published, "answer": "It is a fever.", "slot": ""}
    )
    block = ClaimBlock([claim])
    assert block.asks("Tell me what Velorin fever is")
    assert not block.asks("How is Velorin fever treated?")


def test_a_claim_without_a_deciding_word_is_recognised_by_most_of_a_sentence() -> None:
    said = "Regular walking lets wounds of the lower leg close faster. Bandages should be changed each evening."
    claim = treatment("venous ulcers").model_copy(update={"slot": "", "answer": said})
    block = ClaimBlock([claim])
    assert block.asserts("With venous ulcers, bandages should be changed in the evening.")
    assert not block.asserts("Venous ulcers are wounds of the leg.")
    assert not block.asserts("Bandages should be changed each evening.", "How do I care for a burn?")


def test_a_spanish_claim_is_stopped_in_spanish() -> None:
    claim = treatment(language="es").model_copy(update={"answer": "Velorin fever se trata con tazomib."})
    assert ClaimBlock([claim]).asks("¿Cuál es el tratamiento de Velorin fever?")


def test_without_claims_nothing_is_stopped() -> None:
    assert ClaimBlock().reason("How is Velorin fever treated?", "With tazomib.") == ""


def test_the_reply_passes_the_guardrails_and_points_to_care(tmp_path: Path) -> None:
    guardrails = Wiring(Settings(home=tmp_path)).guardrails
    assert guardrails.review(WITHHELD).safe
    assert guardrails.points_to_care(WITHHELD)
