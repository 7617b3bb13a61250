"""Questions about conditions are English: an article where the text has one, and a verb that agrees."""

from __future__ import annotations

import pytest

from medpipe.core.teaching import questions
from medpipe.core.teaching.phrasings.grammar import plural, with_article


@pytest.mark.parametrize(
    "name",
    ["Gallstones", "Urinary Tract Infections in Children", "Childhood Astrocytomas", "Hernias", "Thalassemias"],
)
def test_names_of_many_are_plurals(name: str) -> None:
    assert plural(name)


@pytest.mark.parametrize(
    "name",
    [
        *("Abscess", "Lupus", "Hepatitis", "Pancreas", "Diabetes", "Genital herpes", "Rabies", "AIDS", "Keratoconos"),
        *(
            "Acanthosis nigricans",
            "Genetics",
            "Addison's Disease",
            "Crohn's",
            "Cancer of the Bones",
            "",
            "Gas in babies",
        ),
    ],
)
def test_names_that_only_end_like_a_plural_are_not(name: str) -> None:
    assert not plural(name)


def test_the_verb_agrees_with_the_condition_in_every_phrasing() -> None:
    assert questions.training("information", "Gallstones", 1) == ("What are Gallstones?",)
    assert questions.training("exams and tests", "Gallstones", 1) == ("How are Gallstones diagnosed?",)
    assert questions.training("inheritance", "Astrocytomas", 3)[2] == "Do Astrocytomas run in families?"
    assert questions.training("information", "Abscess", 1) == ("What is Abscess?",)


def test_the_article_is_that_of_the_text() -> None:
    assert with_article("Abscess", "An abscess is a pocket of pus.") == "an abscess"
    assert with_article("Brain Tumor", "It is common. A brain tumor can grow.") == "Brain Tumor"
    assert with_article("Asthma", "Asthma is a disease.") == "Asthma"
