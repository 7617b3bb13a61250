"""Questions about conditions are Spanish: articles, contractions, verbs and adjectives as a native speaker has them."""

from __future__ import annotations

import pytest

from medpipe.core.teaching import questions
from medpipe.core.teaching.phrasings.grammar_es import filled


@pytest.mark.parametrize(
    ("title", "named"),
    [
        ("Asma", "el asma"),
        ("Dolor abdominal", "el dolor abdominal"),
        ("Cáncer de seno", "el cáncer de seno"),
        ("Enfermedad de Alzheimer", "la enfermedad de Alzheimer"),
        ("Depresión", "la depresión"),
        ("Sarampión", "el sarampión"),
        ("Fiebre", "la fiebre"),
        ("Análisis de sangre", "el análisis de sangre"),
        ("Hepatitis B", "la hepatitis B"),
        ("Diabetes tipo 2", "la diabetes tipo 2"),
        ("Herpes genital", "el herpes genital"),
        ("Edema", "el edema"),
        ("Migraña", "la migraña"),
        ("la varicela", "la varicela"),
        ("Sida", "el sida"),
        ("Golpe de calor", "el golpe de calor"),
        ("Quiste", "el quiste"),
    ],
)
def test_a_condition_has_the_article_of_its_gender(title: str, named: str) -> None:
    assert filled("¿Qué es {focus}?", title) == f"¿Qué es {named}?"


@pytest.mark.parametrize(
    ("title", "named"),
    [
        ("Abscesos", "los abscesos"),
        ("Alergias alimentarias", "las alergias alimentarias"),
        ("Problemas de sueño", "los problemas de sueño"),
        ("Infecciones por hongos", "las infecciones por hongos"),
        ("Riñones", "los riñones"),
        ("Cicatrices", "las cicatrices"),
        ("Hemorroides", "las hemorroides"),
        ("Tumores cerebrales", "los tumores cerebrales"),
    ],
)
def test_many_have_a_plural_article_and_a_plural_verb(title: str, named: str) -> None:
    assert filled("¿Qué es {focus}?", title) == f"¿Qué son {named}?"


@pytest.mark.parametrize("title", ["VIH/SIDA", "A1C", "Tos y resfriado", "Parkinson", "Dejar de fumar", "Zoster", ""])
def test_a_name_whose_gender_is_not_plain_stands_in_quotes(title: str) -> None:
    assert filled("¿Cómo se trata {focus}?", title) == f"¿Cómo se trata «{title}»?"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("¿Cuáles son los síntomas de {focus}?", "¿Cuáles son los síntomas del asma?"),
        ("¿Qué señales apuntan a {focus}?", "¿Qué señales apuntan al asma?"),
        ("¿Qué nota una persona con {focus}?", "¿Qué nota una persona con asma?"),
        ("¿Qué se da a quien tiene {focus}?", "¿Qué se da a quien tiene asma?"),
        ("¿{focus} es hereditario?", "¿El asma es hereditaria?"),
        ("¿Qué tan raro es {focus}?", "¿Qué tan rara es el asma?"),
        ("¿Qué significa {focus}?", "¿Qué significa «asma»?"),
        ("¿Pasan los padres {focus} a sus hijos?", "¿Pasan los padres el asma a sus hijos?"),
    ],
)
def test_a_condition_fits_into_its_sentence(template: str, said: str) -> None:
    assert filled(template, "Asma") == said


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("¿Qué síntomas causa {focus}?", "¿Qué síntomas causan las alergias?"),
        ("¿Qué causa {focus}?", "¿Qué causa las alergias?"),
        ("¿Qué tratamiento tiene {focus}?", "¿Qué tratamiento tienen las alergias?"),
        ("¿Cuántas personas tienen {focus}?", "¿Cuántas personas tienen alergias?"),
        ("¿Se puede prevenir {focus}?", "¿Se pueden prevenir las alergias?"),
        ("¿{focus} es hereditario?", "¿Las alergias son hereditarias?"),
        ("¿Qué tan común es {focus}?", "¿Qué tan comunes son las alergias?"),
    ],
)
def test_only_a_verb_of_which_the_condition_is_the_subject_becomes_a_plural(template: str, said: str) -> None:
    assert filled(template, "Alergias") == said


def test_a_published_question_is_never_changed() -> None:
    asked = "¿Es abscesos lo mismo que Asma?"
    assert asked in questions.training("question", asked, 99, "es")[1]
    assert questions.training("finding", asked, 1, "es") == (asked,)


def test_what_is_asked_in_quotes_is_recognised_without_them() -> None:
    assert questions.recognise("¿Qué es «A1C»?", "", "es") == ("information", "A1C")
