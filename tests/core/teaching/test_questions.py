"""Question types: what headings ask, and that no held-out phrasing is ever a training phrasing."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe.core.teaching import phrasings, questions
from medpipe.core.teaching.phrasings import AS_PUBLISHED, PHRASINGS
from medpipe.core.text import normalise


@pytest.mark.parametrize(
    ("heading", "title", "expected"),
    [
        ("What are the treatments for Velorin fever?", "Velorin fever", ("treatment", "Velorin fever")),
        ("Who is more likely to get velorin fever?", "Velorin fever", ("susceptibility", "velorin fever")),
        ("How can velorin fever be prevented?", "x", ("prevention", "velorin fever")),
        ("What are the symptoms of a stroke?", "Stroke", ("symptoms", "a stroke")),
        ("What is (are) Velorin fever ?", "x", ("information", "Velorin fever")),  # as MedQuAD writes them
        ("Who is at risk for Leukemia? ?", "x", ("susceptibility", "Leukemia")),
        ("How to diagnose Velorin fever ?", "x", ("exams and tests", "Velorin fever")),
        ("Do you have information about A1C", "A1C", ("information", "A1C")),
        ("Treatment", "Velorin fever", ("treatment", "Velorin fever")),
        ("CONCLUSIONS", "Does tazomib help?", ("finding", "Does tazomib help?")),
        ("Authors' conclusions", "Does tazomib help? A trial.", ("finding", "Does tazomib help?")),
        ("Should I fast before the test?", "A1C", ("question", "Should I fast before the test?")),
    ],
)
def test_published_headings_are_recognised(heading: str, title: str, expected: tuple[str, str]) -> None:
    assert questions.recognise(heading, title) == expected


@pytest.mark.parametrize(
    ("heading", "title"),
    [("METHODS", "Does tazomib help?"), ("CONCLUSIONS", "Tazomib in adults"), ("", "Velorin fever")],
)
def test_a_heading_that_asks_nothing_is_not_recognised(heading: str, title: str) -> None:
    assert questions.recognise(heading, title) is None


KINDS = [(language, kind.key) for language, said in PHRASINGS.items() for kind in said.types]


@pytest.mark.parametrize(("language", "kind"), KINDS)
def test_every_type_has_enough_phrasings_and_none_is_both_taught_and_held_out(language: str, kind: str) -> None:
    focus = "Velorin fever"
    taught = {normalise(phrasing) for phrasing in questions.training(kind, focus, 99, language, paraphrases=9)}
    held_out = {normalise(phrasing) for phrasing in questions.held_out(kind, focus, language)}
    assert len(taught) >= 3
    assert len(held_out) >= 2
    assert not taught & held_out


def test_no_held_out_phrasing_of_one_type_is_taught_by_another() -> None:
    taught = {
        normalise(one) for language, kind in KINDS for one in questions.training(kind, "X", 99, language, paraphrases=9)
    }
    held_out = {normalise(phrasing) for language, kind in KINDS for phrasing in questions.held_out(kind, "X", language)}
    assert len(taught) > 100
    assert len(held_out) > 50
    assert not taught & held_out


@pytest.mark.parametrize(("language", "kind"), KINDS)
def test_a_withdrawn_claim_is_asked_in_the_held_out_phrasings_and_in_more_that_nothing_teaches(
    language: str, kind: str
) -> None:
    taught = {
        normalise(one) for code, other in KINDS for one in questions.training(other, "X", 99, code, paraphrases=9)
    }
    probes = questions.probes(kind, "X", language)
    held_out = questions.held_out(kind, "X", language)
    assert probes[: len(held_out)] == held_out
    assert len(probes) >= 9, "what one claim must be asked to rule out three assertions in ten"
    assert not taught & {normalise(probe) for probe in probes}
    assert questions.training(kind, "X", 1, language)[0] in probes[-1]


@pytest.mark.parametrize(("language", "kind"), KINDS)
def test_a_certificate_asks_a_claim_in_thirty_phrasings_that_nothing_teaches(language: str, kind: str) -> None:
    taught = {
        normalise(one) for code, other in KINDS for one in questions.training(other, "X", 99, code, paraphrases=9)
    }
    asked = questions.certifying(kind, "X", language)
    assert asked[: len(questions.probes(kind, "X", language))] == questions.probes(kind, "X", language)
    different = {normalise(phrasing) for phrasing in asked}
    assert len(different) == len(asked) == 30, "what rules out one assertion in ten"
    assert not taught & different


def test_every_module_of_phrasings_is_a_language_that_recipes_can_name() -> None:
    modules = {path.stem for path in Path(phrasings.__file__).parent.glob("??.py")}
    assert modules == set(PHRASINGS) == questions.LANGUAGES
    assert len(modules) >= 3


def test_every_template_has_its_place_for_the_focus_or_the_question() -> None:
    for said in PHRASINGS.values():
        for kind in said.types:
            assert all("{focus}" in template for template in (*kind.training, *kind.held_out, *kind.others))
        assert all("{question}" in template for template in (*said.paraphrases, *said.probes, *said.certifying))


@pytest.mark.parametrize(("language", "kind"), [pair for pair in KINDS if pair[1] not in AS_PUBLISHED])
def test_every_phrasing_is_recognised_as_its_own_type(language: str, kind: str) -> None:
    taught, held_out = questions.training(kind, "Velorin", 99, language), questions.held_out(kind, "Velorin", language)
    for phrasing in (*taught, *held_out):
        assert questions.recognise(phrasing, "", language) == (kind, "Velorin")


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("¿Cómo se trata el asma?", ("treatment", "el asma")),
        ("¿Cuáles son los síntomas del asma?", ("symptoms", "asma")),
        ("¿Cuáles son las causas de la anemia?", ("causes", "la anemia")),
        ("¿Qué son los abscesos?", ("information", "los abscesos")),
        ("¿Quién corre el riesgo de tener asma?", ("susceptibility", "asma")),
        ("¿Se puede prevenir el asma?", ("prevention", "el asma")),
        ("¿Cómo se diagnostica?", ("exams and tests", "Asma")),
        ("Tratamiento", ("treatment", "Asma")),
        (
            "¿Podría un aborto aumentar el riesgo de problemas?",
            ("question", "¿Podría un aborto aumentar el riesgo de problemas?"),
        ),
    ],
)
def test_spanish_headings_are_recognised(heading: str, expected: tuple[str, str]) -> None:
    assert questions.recognise(heading, "Asma", "es") == expected


def test_a_paraphrase_is_the_published_question_inside_another_sentence() -> None:
    plain, more = (questions.training("causes", "asma", 2, "es", paraphrases=count) for count in (0, 2))
    assert more[:2] == plain
    assert len(more) == 4
    assert all("¿Qué causa el asma?" in phrasing for phrasing in more[2:])


def test_phrasings_start_over_after_the_last() -> None:
    count = len(questions.TYPES["causes"].training)
    assert questions.phrase("causes", "X", count) == questions.phrase("causes", "X", 0) == "What causes X?"


def test_a_translated_title_loses_its_brackets() -> None:
    assert questions.question_in("[Does tazomib help?].") == "Does tazomib help?"
