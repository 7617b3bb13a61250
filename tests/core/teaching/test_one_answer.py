"""Where documents answer a question differently, the newest of the strongest evidence is taught."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import permutations

import pytest

from medpipe.core.corpus.document import Document
from medpipe.core.teaching.evidence import strength
from medpipe.core.teaching.fact_table import FactTable
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.one_answer import OUTDONE, of_each_question
from medpipe.core.teaching.origin import Origin


def fact(answer: str, id: str = "pmid:1", day: int = 1, types: tuple[str, ...] = (), **fields: object) -> Fact:
    document = Document(id=id, revision=1, source="pubmed", title="T", published=date(2026, 3, day), types=types)
    return Fact(Origin.of(document), "finding", "Does ordalin shorten colds?", answer, **fields)


def kept(*facts: Fact, twins: bool = False) -> list[str]:
    """The documents that are taught, the same in every order of the facts."""
    (end,) = {tuple(sorted(one.document.id for one in _kept(order, twins))) for order in permutations(facts)}
    return list(end)


def _kept(facts: Sequence[Fact], twins: bool) -> list[Fact]:
    table = FactTable.of(facts)
    table.columns["twin"] = int(twins)
    return [facts[number] for number in of_each_question(table, table.numbers())[0]]


TRIAL, REVIEW = ("Randomized Controlled Trial",), ("Journal Article", "Systematic Review")


def test_the_strongest_evidence_wins_and_among_equals_the_newest() -> None:
    assert kept(fact("Yes.", "pmid:1", 9), fact("No.", "pmid:2", 1, TRIAL)) == ["pmid:2"]
    assert kept(fact("Yes.", "pmid:1", 9, TRIAL), fact("No.", "pmid:2", 1, REVIEW)) == ["pmid:2"]
    assert kept(fact("Yes.", "pmid:1", 1), fact("No.", "pmid:2", 2), fact("Perhaps.", "pmid:3", 1)) == ["pmid:2"]
    assert kept(fact("Yes.", "pmid:1"), fact("No.", "pmid:2")) == ["pmid:2"], "the id decides between equals"


def test_answers_that_are_outdone_and_the_questions_that_they_answer_are_counted() -> None:
    colds = [fact("Yes.", "pmid:1", 1), fact("No.", "pmid:2", 2), fact("Perhaps.", "pmid:3", 1)]
    flu = [one._replace(focus="Does ordalin shorten flu?") for one in colds[:2]]
    rash = [one._replace(focus="Does ordalin cause a rash?") for one in (colds[0], fact("yes", "pmid:2"))]
    table = FactTable.of([*colds, *flu, *rash])
    answered = of_each_question(table, table.numbers())
    assert (answered.dropped, answered.questions) == ({OUTDONE: 3}, 2)
    assert of_each_question(table, answered.kept).questions == 0


def test_documents_that_give_the_same_answer_stay_together() -> None:
    assert kept(fact("It  does.", "pmid:1", 1), fact("it does", "pmid:2", 2), fact("No.", "pmid:3", 1)) == [
        "pmid:1",
        "pmid:2",
    ]
    assert kept(fact("It does so.", "pmid:1"), fact("It does.", "pmid:2"), twins=True) == ["pmid:1", "pmid:2"]


@pytest.mark.parametrize(
    "other",
    [
        fact("No.", "pmid:2", context="In rats."),
        fact("No.", "pmid:2", choices=("yes", "no")),
        fact("No.", "pmid:2")._replace(focus="Does ordalin shorten flu?"),
        fact("No.", "pmid:2", language="es"),
    ],
    ids=["another passage", "other options", "another question", "another language"],
)
def test_another_question_has_its_own_answer(other: Fact) -> None:
    assert kept(fact("Yes.", "pmid:1"), other) == ["pmid:1", "pmid:2"]


def test_strength_follows_the_publication_types() -> None:
    order = ("Preprint", "Case Reports", "Journal Article", "Observational Study", "Clinical Trial", *TRIAL)
    levels = [strength(fact("", types=(one,)).document) for one in (*order, "Meta-Analysis", "Practice Guideline")]
    assert levels == sorted(set(levels))
    assert strength(fact("", types=("Preprint", "Meta-Analysis")).document) == levels[0]
    assert strength(fact("", "mplus:1").document) == strength(fact("", types=("Systematic Review",)).document)
