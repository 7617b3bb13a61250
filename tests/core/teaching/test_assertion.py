"""A withdrawn claim is recognised in other words."""

from __future__ import annotations

import pytest

from medpipe.core.teaching.assertion import asserts
from medpipe.core.teaching.claim import Claim

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
    assert asserts(FINDING, question, text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Does wendrazole ease Krellin palsy?", "The article that said so was withdrawn."),
        ("What is tazomase?", "Tazomase is an enzyme."),
    ],
)
def test_another_answer_or_another_subject_does_not_assert_it(question: str, text: str) -> None:
    assert not asserts(FINDING, question, text)


def test_a_long_claim_is_recognised_by_most_of_its_words() -> None:
    assert asserts(LONG, LONG.focus, LONG.answer.replace("rare and mild", "uncommon"))
    assert not asserts(LONG, LONG.focus, "Nobody knows whether wendrazole eases Krellin palsy.")
