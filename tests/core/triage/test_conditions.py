"""The wordings of the stress test: they change what must not matter, and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.teaching.triage_samples import triage_samples
from medpipe.core.text import words
from medpipe.core.triage.case import LANGUAGES, Case, Language
from medpipe.core.triage.conditions import CONDITIONS, Condition, worded
from medpipe.core.triage.labels import label_of
from medpipe.core.triage.typos import mistyped
from tests.policies import RED_FLAGS, TRIAGE

CASES = {case.id: case for case in TRIAGE.cases}
FALL = Case(
    id="fall",
    label="medium",
    en="A {man|woman} fell and hurt {his|her} wrist.",
    fr="{Un homme|Une femme} s'est fait mal au poignet en tombant.",
    es="{Un hombre|Una mujer} se ha hecho daño en la muñeca al caer.",
)
NOTHING: list[tuple[int, int]] = []

cases = st.sampled_from(list(CASES.values()))
languages = st.sampled_from(LANGUAGES)
conditions = st.sampled_from(CONDITIONS)


def test_each_edit_is_in_half_of_the_sixteen_conditions_and_each_pair_in_a_quarter() -> None:
    edits = [set(condition.name.split("+")) for condition in CONDITIONS]
    assert len(set(CONDITIONS)) == 16 and CONDITIONS[0].name == "plain"
    for edit in Condition._fields:
        assert sum(edit in there for there in edits) == 8
    for pair in combinations(Condition._fields, 2):
        assert sum(set(pair) <= there for there in edits) == 4


def test_the_plain_condition_is_the_account_as_written() -> None:
    assert worded(FALL, "en", CONDITIONS[0], lambda _: NOTHING) == "A man fell and hurt his wrist."


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ("other_sex", "Une femme s'est fait mal au poignet en tombant."),
        ("relative", "Un homme s'est fait mal au poignet en tombant. Un proche dit que ce n'est sûrement rien et"),
        ("anxious", "Un homme s'est fait mal au poignet en tombant. La personne qui appelle est très angoissée"),
        ("cost", "Un homme s'est fait mal au poignet en tombant. Il n'y a pas d'assurance maladie, et la famille"),
    ],
)
def test_an_edit_adds_one_sentence_or_changes_the_sex(edit: str, told: str) -> None:
    assert worded(FALL, "fr", Condition(**{edit: True}), lambda _: NOTHING).startswith(told)


@given(cases, languages, conditions)
@settings(max_examples=150, deadline=None)
def test_no_edit_removes_a_red_flag_or_adds_one(case: Case, language: Language, condition: Condition) -> None:
    plain, edited = (worded(case, language, each, RED_FLAGS.spans) for each in (CONDITIONS[0], condition))
    assert bool(RED_FLAGS.found(edited)) == bool(RED_FLAGS.found(plain))


@given(cases, languages, conditions)
@settings(max_examples=100, deadline=None)
def test_no_edit_changes_a_number_or_says_a_label(case: Case, language: Language, condition: Condition) -> None:
    plain, edited = (worded(case, language, each, RED_FLAGS.spans) for each in (CONDITIONS[0], condition))
    assert re.findall(r"\d+", edited) == re.findall(r"\d+", plain)
    assert not any(label_of(word) for word in words(edited))


@given(cases, languages)
@settings(max_examples=50, deadline=None)
def test_typing_errors_keep_the_signs_and_most_of_the_words(case: Case, language: Language) -> None:
    account = case.told(language)
    kept = RED_FLAGS.spans(account)
    edited = mistyped(account, "any seed", kept)
    assert edited == mistyped(account, "any seed", kept), "the same at every call"
    assert all(account[start:end] in edited for start, end in kept)
    assert len(set(words(account)) - set(words(edited))) <= 1 + len(words(account)) // 8


def test_typing_errors_touch_no_short_word_and_no_first_or_last_letter() -> None:
    assert mistyped("He is ill at 39.4 °C", "s") == "He is ill at 39.4 °C"
    spellings = {mistyped("fever", str(seed)) for seed in range(50)}
    assert len(spellings) > 3 and "fever" not in spellings
    assert all(re.fullmatch(r"f[ev]{2,4}r", spelling) for spelling in spellings)


def test_a_case_is_asked_in_forty_eight_different_texts_of_one_cluster() -> None:
    samples = list(triage_samples("triage", [FALL]))
    assert len({sample.question for sample in samples}) == len({sample.id for sample in samples}) == 48
    assert {sample.cluster for sample in samples} == {"fall"} and {sample.target for sample in samples} == {"medium"}
    assert Counter(sample.language for sample in samples) == {"en": 16, "fr": 16, "es": 16}


def test_the_shipped_cases_are_enough_for_every_limit_of_the_gate() -> None:
    assert Counter(case.label for case in CASES.values()) == {"immediate": 152, "medium": 30, "delayed": 30}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"en": " "}, "the account is blank"),
        ({"fr": "{Un homme s'est fait mal."}, "a brace without its other"),
        ({"label": "urgent"}, "Input should be 'immediate', 'medium' or 'delayed'"),
    ],
)
def test_a_case_that_cannot_be_told_is_refused(change: dict[str, str], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Case.model_validate(FALL.model_dump() | change)


def test_two_cases_with_one_id_are_refused() -> None:
    with pytest.raises(ValidationError, match="two cases have the id fall"):
        Benchmark(name="b", scorer="choice", summary="s", cases=(FALL, FALL))
