"""Findings in French and Spanish are turned into their opposite, or left out where nothing contradicts them."""

from __future__ import annotations

import pytest

from medpipe.core.judging.evaluation import Sample
from medpipe.core.judging.evidence import turning
from medpipe.core.judging.evidence.edits import turned
from medpipe.core.teaching.evidence_twins import evidence_twins


@pytest.mark.parametrize(
    ("sentence", "label", "opposite"),
    [
        ("RÉSULTATS : Le repos a réduit le rhume.", "yes", "RÉSULTATS : Le repos n'a pas réduit le rhume."),
        ("Le repos n'a pas réduit le rhume.", "no", "Le repos a réduit le rhume."),
        ("Le repos ne réduit pas le rhume.", "no", "Le repos réduit le rhume."),
        ("Le vaccin prévient la grippe.", "yes", "Le vaccin ne prévient pas la grippe."),
        ("L’aspirine ne s’est pas avérée utile.", "no", "L’aspirine s’est avérée utile."),
        ("Le tabac s'est révélé nocif.", "yes", "Le tabac ne s'est pas révélé nocif."),
        ("Il n'y a pas de différence de survie.", "no", "Il y a une différence de survie."),
        ("Aucune différence n'a été observée.", "no", "Une différence a été observée."),
        ("L'étude n'a montré aucun effet du tabac.", "no", "L'étude a montré un effet du tabac."),
        ("Le repos augmente la survie.", "yes", "Le repos diminue la survie."),
        ("L'anxiété était plus élevée chez les femmes.", "yes", "L'anxiété était moins élevée chez les femmes."),
        ("Le repos n'a pas réduit le rhume.", "yes", ""),
        ("Quarante adultes de la ville.", "yes", ""),
        ("Les taux étaient semblables, sans différence.", "no", ""),
    ],
)
def test_a_french_finding_is_turned(sentence: str, label: str, opposite: str) -> None:
    assert turned(sentence, label, language="fr") == opposite


@pytest.mark.parametrize(
    ("sentence", "label", "opposite"),
    [
        ("RESULTADOS: El reposo redujo el resfriado.", "yes", "RESULTADOS: El reposo no redujo el resfriado."),
        ("El reposo no redujo el resfriado.", "no", "El reposo sí redujo el resfriado."),
        ("No hubo diferencias de mortalidad.", "no", "Sí hubo diferencias de mortalidad."),
        ("No se observó ninguna diferencia de edad.", "no", "Se observó diferencia de edad."),
        ("Se observó una asociación con la tos.", "yes", "No se observó una asociación con la tos."),
        ("El tabaco se asoció con la tos.", "yes", "El tabaco no se asoció con la tos."),
        ("La mortalidad fue más alta con reposo.", "yes", "La mortalidad fue menos alta con reposo."),
        ("El tratamiento es eficaz en adultos.", "yes", "El tratamiento es ineficaz en adultos."),
        ("El reposo no redujo el resfriado.", "yes", ""),
        ("No solo el reposo redujo el resfriado.", "no", ""),
        ("Cuarenta adultos de la ciudad.", "yes", ""),
    ],
)
def test_a_spanish_finding_is_turned(sentence: str, label: str, opposite: str) -> None:
    assert turned(sentence, label, language="es") == opposite


def test_a_question_for_any_relation_is_not_answered_by_its_direction() -> None:
    for language, question in (
        ("fr", "Le repos est-il associé à la survie ?"),
        ("es", "¿Se asocia el reposo con la supervivencia?"),
    ):
        assert not turning.directed(question, language)
    assert turned("Le repos augmente la survie.", "yes", False, "fr") == "Le repos n'augmente pas la survie."
    assert turning.directed("Verlängert Ruhe das Leben?", "de")


def test_a_finding_in_a_language_without_rules_is_left_out() -> None:
    assert turned("Die Ruhe hat die Erkältung verkürzt.", "yes", language="de") == ""


@pytest.mark.parametrize(
    ("language", "question", "finding", "opposite"),
    [
        ("fr", "Le repos réduit-il le rhume ?", "Le repos a réduit le rhume.", "Le repos n'a pas réduit le rhume."),
        (
            "es",
            "¿El reposo reduce el resfriado?",
            "El reposo redujo el resfriado.",
            "El reposo no redujo el resfriado.",
        ),
    ],
)
def test_a_twin_in_french_and_in_spanish_has_the_opposite_finding(
    language: str, question: str, finding: str, opposite: str
) -> None:
    heading = {"fr": "RÉSULTATS", "es": "RESULTADOS"}[language]
    sample = Sample(
        id="pmid:1#0000aaaa-1",
        question=question,
        target="yes",
        choices=("yes", "no", "maybe"),
        context=f"CONTEXTE: 80 adultes, 80 adultos. {heading}: {finding}",
        cluster="pmid:1",
        slices=(f"language {language}", "type decision"),
    )
    twins = {twin.condition: twin for twin in evidence_twins([sample])}
    assert twins["replaced"].context.endswith(f"{heading}: {opposite}")
    assert (twins["replaced"].target, twins["replaced"].rejected) == ("no", "yes")
