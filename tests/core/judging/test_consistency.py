"""Consistency: answers to phrasings of one fact are compared with each other, and with nothing else."""

from __future__ import annotations

import pytest

from medpipe.core.judging.consistency import agreement, phrasings
from medpipe.core.judging.evaluation import Sample


def sample(id: str, target: str = "Rest.") -> Sample:
    return Sample(id=id, question="?", target=target)


def test_phrasings_of_one_fact_are_together_and_a_fact_that_is_asked_once_is_left_out() -> None:
    one, two, other, alone = sample("d#a-1"), sample("d#a-2"), sample("set-3", "Tea."), sample("d#b-1")
    assert phrasings([one, other, two, alone]) == [[one, two]]


def test_agreement_is_the_mean_over_every_two_answers() -> None:
    assert agreement(["Rest.", "rest"]) == 1.0
    assert agreement(["", ""]) == 1.0
    assert agreement(["rest", "tea"]) == 0.0
    assert agreement(["rest", "rest", "tea"]) == pytest.approx(1 / 3)
