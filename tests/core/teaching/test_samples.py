"""Samples: what they are about, in whatever language they are asked."""

from __future__ import annotations

from datetime import date

from medpipe.core.corpus.document import Document, Section
from medpipe.core.judging.evaluation import Sample
from medpipe.core.teaching.examples import build, prepare
from medpipe.core.teaching.recipe import Data, Recipe

ASTHMA = Document(
    id="mplus:1",
    revision=20260303,
    source="medlineplus",
    title="Asthma",
    focus="asthma",
    published=date(2026, 3, 3),
    mesh=("Asthma",),
    groups=("Lungs and Breathing",),
    counterpart="mplus:2",
    sections=(Section(heading="What are the treatments for asthma?", text="Asthma is treated with tazomib."),),
)
ASMA = ASTHMA.model_copy(
    update={
        "id": "mplus:2",
        "title": "Asma",
        "focus": "asma",
        "language": "es",
        "mesh": (),
        "groups": ("Pulmones y respiración",),
        "counterpart": "mplus:1",
        "sections": (
            Section(heading="¿Cuáles son los tratamientos para el asma?", text="El asma se trata con tazomib."),
        ),
    }
)


def samples(*documents: Document) -> list[Sample]:
    data = Data(languages=("en", "es"), clusters=None, near_duplicates=None, check_languages=False, quality=False)
    recipe = Recipe(name="r", summary="", method="sft", base="tiny", trainer={}, data=data)
    return list(build(prepare(documents, recipe), recipe).new_knowledge)


def test_a_spanish_topic_is_about_what_its_english_one_is_about() -> None:
    asked = samples(ASTHMA, ASMA)
    assert {sample.slices[1] for sample in asked} == {"language en", "language es"}
    for sample in asked:
        assert sample.slices[3:] == ("topic Asthma", "group Lungs and Breathing", "type treatment")


def test_a_spanish_topic_whose_english_one_is_not_at_hand_keeps_its_own_group() -> None:
    assert samples(ASMA)[0].slices[3:] == ("group Pulmones y respiración", "type treatment")
