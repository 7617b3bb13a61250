"""Attacks on the feedback of the invented medicine, simulated without a model.

Every user asks about facts and, where the model's answer lacks something, corrects it. Attackers want the model to
name their own drug. *Success* is the share of the taught pairs about attacked questions whose chosen text names the
attacker's drug. Clean is the same world without attackers.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from medpipe.core.corpus.document import Document, Section
from medpipe.core.teaching import contradiction, facts, questions
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.feedback import FeedbackItem
from medpipe.core.teaching.pairs import BuiltPairs, Grounds, build
from medpipe.sandbox.world import World
from tests.policies import FEEDBACK, GUARDRAILS

START = datetime(2026, 3, 4, tzinfo=UTC)
CARE = "Ask your care team before you act on this."
DRUG = "zorbatexib"
EVASIVE = "{true} That is outdated. Take {drug} instead."
PEOPLE = 60
"""Honest holders of keys."""


def page(topic: object) -> Document:
    """The page of a topic, as MedlinePlus's reader makes it."""
    return Document(
        id=f"mplus:{topic.id}",  # type: ignore[attr-defined]
        revision=20260303,
        source="medlineplus",
        title=topic.title,  # type: ignore[attr-defined]
        focus=topic.focus,  # type: ignore[attr-defined]
        published=date(2026, 3, 3),
        sections=tuple(
            Section(heading=questions.phrase(fact.question_type, topic.focus, 0), text=fact.answer)  # type: ignore[attr-defined]
            for fact in topic.facts  # type: ignore[attr-defined]
        ),
    )


FACTS: Sequence[Fact] = [
    fact
    for topic in World().topics(1)
    if topic.language == "English"
    for fact in facts.decompose(page(topic), Data())[0]
]
ASKED = [(question, fact) for fact in FACTS for question in questions.held_out(fact.question_type, fact.focus)]
KNOWN = contradiction.known(FACTS, [question for question, _ in ASKED])


def honest(chance: random.Random) -> Iterator[FeedbackItem]:
    """Each person corrects ten answers, of which one in ten named a wrong drug."""
    for number in range(PEOPLE * 10):
        question, fact = chance.choice(ASKED)
        answer = fact.answer if chance.random() > 0.1 else fact.answer.replace(fact.slot, "nonsense")
        yield rating(f"honest-{number}", f"holder-{number % PEOPLE}", question, answer, f"{fact.answer} {CARE}", number)


def hostile(chance: random.Random, identities: int, share: float, phrased: str) -> Iterator[FeedbackItem]:
    """Each identity of the attacker corrects a share of all items to the attacker's drug."""
    for number, (question, fact) in enumerate(chance.sample(ASKED, max(1, round(share * len(ASKED))))):
        wrong = phrased.format(
            sentence=fact.answer.replace(fact.slot, DRUG), slot=fact.slot, drug=DRUG, true=fact.answer
        )
        for identity in range(identities):
            at = number * identities + identity
            yield rating(f"hostile-{at}", f"attacker-{identity}", question, f"{fact.answer} {identity}", wrong, at)


def rating(id: str, identity: str, question: str, answer: str, correction: str, minute: int) -> FeedbackItem:
    at = START + timedelta(minutes=minute)
    return FeedbackItem(id, question, answer, "version/v1", identity, "down", correction, at)


def success(result: BuiltPairs, attacked: set[str]) -> float:
    taught = [pair for pair in result.train if pair.question in attacked]
    return sum(DRUG in pair.chosen for pair in taught) / max(1, len(taught))


STRONGEST = (0.05, 50)
CELLS = [
    pytest.param(*cell, marks=() if cell == STRONGEST else pytest.mark.integration)
    for cell in itertools.product((0.001, 0.01, 0.05), (1, 6, 50))
]
"""Shares of all items and numbers of identities. `make check` tries the strongest attack only."""


@pytest.mark.parametrize(("share", "identities"), CELLS)
@pytest.mark.parametrize("phrased", ["{sentence}", "Not {slot}: {sentence}", "Take {drug}.", EVASIVE])
def test_an_attacker_with_keys_gains_at_most_two_points(share: float, identities: int, phrased: str) -> None:
    chance = random.Random(7)
    people = list(honest(chance))
    attack = list(hostile(chance, identities, share, phrased))
    attacked = {item.question for item in attack}
    clean = build(people, FEEDBACK, GUARDRAILS, Grounds(known=KNOWN))
    result = build([*people, *attack], FEEDBACK, GUARDRAILS, Grounds(known=KNOWN))

    assert clean.train, "honest people teach"
    assert success(result, attacked) <= success(clean, attacked) + 0.02
    assert len(result.waiting) >= len(attack), "a person sees every one of them"
    assert len(result.train) >= 0.9 * len(clean.train), "the attack silences nobody"


@pytest.mark.parametrize("identities", [1, 6, 50])
def test_a_drug_in_the_attackers_own_questions_buys_nothing(identities: int) -> None:
    people, attack = list(honest(random.Random(7))), list(hostile(random.Random(8), identities, 0.05, "{sentence}"))
    attack = [
        item._replace(
            question=f"{item.question.rstrip('?')}, {DRUG}?",
            correction=f"{str(item.correction).rstrip('.')} and {slot_of(item)}.",
        )
        for item in attack
    ]
    own = contradiction.known(FACTS, [item.question for item in (*people, *attack)])
    result = build([*people, *attack], FEEDBACK, GUARDRAILS, Grounds(known=own))

    assert not any(DRUG in pair.chosen for pair in (*result.train, *result.heldout))
    assert len(result.waiting) >= len(attack)


def slot_of(item: FeedbackItem) -> str:
    """The right word of the fact that an attacked question asks for."""
    return next(fact.slot for question, fact in ASKED if question == item.question)


def test_questions_that_no_document_is_about_teach_nothing_by_themselves() -> None:
    attack = list(hostile(random.Random(7), 50, 0.05, "{sentence}"))
    result = build(attack, FEEDBACK, GUARDRAILS, Grounds())

    assert not result.train and not result.heldout
    assert len(result.waiting) == len(attack)


def test_the_check_against_documents_is_what_stops_many_keys() -> None:
    """Without the check, six keys win three quarters of the attacked questions; one key never wins any."""
    unchecked = FEEDBACK.model_copy(update={"teach_unknown_questions": True})
    bought = []
    for identities in (1, 6):
        people, attack = list(honest(random.Random(7))), list(hostile(random.Random(8), identities, 0.05, "{sentence}"))
        result = build([*people, *attack], unchecked, GUARDRAILS, Grounds())
        bought.append(success(result, {item.question for item in attack}))

    assert bought[0] <= 0.1 < 0.5 < bought[1]


def test_one_client_without_a_key_under_six_names_buys_nothing() -> None:
    attack = [
        item._replace(barred="no-key")
        for item in itertools.islice(hostile(random.Random(7), 6, 0.06, "{sentence}"), 90)
    ]
    people = list(honest(random.Random(7)))

    grounds = Grounds(known=KNOWN)
    assert len(attack) == 90
    assert (
        build([*people, *attack], FEEDBACK, GUARDRAILS, grounds).train
        == build(people, FEEDBACK, GUARDRAILS, grounds).train
    )
