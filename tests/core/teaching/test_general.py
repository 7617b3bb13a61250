"""General text against forgetting: which rows are taught, how many, and that none of them is a fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from medpipe.core.corpus.document import Document, Section, Status
from medpipe.core.safety.redaction import Redaction
from medpipe.core.teaching import examples, general
from medpipe.core.teaching.card import markdown
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.examples import BuiltExamples
from medpipe.core.teaching.facts import decompose
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.recipe import Recipe
from tests import building
from tests.core.teaching.test_knowledge import TOPICS


def row(number: int, question: str = "", answer: str = "", **fields: object) -> Document:
    section = Section(
        heading=question or f"What is {number} and {number}?", text=answer or f"It is {2 * number}.", context=""
    )
    return Document(
        **{
            "id": f"general:{number:03}",
            "revision": 1,
            "source": "general",
            "title": f"Row {number}",
            "published": date(2023, 4, 12),
            "licence": "CC BY-SA 3.0",
            "sections": (section,),
            **fields,
        }
    )


ROWS = [row(number) for number in range(30)]


def built(rows: Sequence[Document] = ROWS, hygiene: Hygiene = Hygiene(), **data: object) -> BuiltExamples:
    settings = Data(**{"phrasings": 1, "safety_examples": False, **data})
    recipe = Recipe(name="r", summary="", method="sft", base="tiny", trainer={}, data=settings)
    prepared = examples.prepare([*rows, *TOPICS], recipe, hygiene=hygiene)
    return building.built(prepared, recipe, None, hygiene)


def general_rows(of: BuiltExamples) -> list[str]:
    return [example.question for example in of.train if example.question_type == general.GENERAL]


def test_a_share_of_all_examples_is_general_and_each_is_traced_to_its_document_and_licence() -> None:
    mixed = built(general_share=0.2)
    chosen = [example for example in mixed.train if example.source == "general"]
    assert (len(mixed.train), len(chosen), mixed.card.general, mixed.card.general_lacking) == (25, 5, 5, 0)
    assert all(example.licence == "CC BY-SA 3.0" and example.document_revisions == (1,) for example in chosen)
    assert mixed.card.by_licence["CC BY-SA 3.0"] == 5
    assert general_rows(mixed) == general_rows(built(general_share=0.2)), "which are taught depends on seed and corpus"


def test_without_a_share_nothing_changes() -> None:
    assert built().train == built([]).train
    assert "general_share" not in Data().model_dump(mode="json")
    assert "general" not in markdown(built([]).card, "corpus/0", {})


def test_general_rows_are_no_facts_and_nothing_asks_them() -> None:
    mixed, without = built(general_share=0.5), built()
    assert mixed.card.facts == without.card.facts
    for benchmark in examples.SAMPLES:
        assert getattr(mixed, benchmark) == getattr(without, benchmark)
    assert decompose(ROWS[0], Data()) == ([], {})
    facts = [example for example in mixed.train if example.source != "general"]
    assert facts == list(without.train), "the facts are taught as before"


def test_what_a_share_lacks_is_on_the_card() -> None:
    few = built(ROWS[:3], general_share=0.5)
    assert (few.card.general, few.card.general_lacking) == (3, 17)
    text = markdown(few.card, "corpus/0", {})
    assert "| of them general text, which is no fact | 3 |" in text
    assert "| general text that the recipe's share lacks | 17 |" in text


def test_a_row_that_points_to_a_person_is_left_out_whatever_the_recipe_redacts() -> None:
    def redact(texts: Sequence[str], language: str) -> list[Redaction]:
        return [Redaction("<EMAIL>", {"EMAIL": 1}) if "@" in text else Redaction(text, {}) for text in texts]

    named = row(99, answer="Write to ada@example.org.")
    mixed = built([*ROWS[:3], named], Hygiene(redact=redact), general_share=0.5, redact=())
    assert named.sections[0].heading not in general_rows(mixed)
    assert mixed.drops["general row with an identifier of a person"] == 1


@pytest.mark.parametrize(
    ("left_out", "reason"),
    [
        (row(99, language="es"), "general row in another language"),
        (row(99, status=Status.DELETED), "general row that is not current"),
        (row(99, answer="word " * 200), "general row that is too long"),
        (row(99, question=f"What {'very ' * 200}long thing is it?"), "general row that is too long"),
        (
            row(99, sections=(Section(heading="Who is it about?", text="Ada.", context="A passage about Ada."),)),
            "general row about a passage, of which the recipe has none",
        ),
    ],
)
def test_a_row_that_does_not_suit_the_recipe_is_left_out_and_counted(left_out: Document, reason: str) -> None:
    mixed = built([*ROWS[:3], left_out], general_share=0.5)
    assert (mixed.card.general, mixed.drops[reason]) == (3, 1)


def test_a_row_that_repeats_a_benchmark_is_left_out() -> None:
    asked = "Which planet of the solar system has the most moons that anybody has counted so far?"
    repeats = row(99, question=asked, answer="Saturn.")
    data = Data(phrasings=1, safety_examples=False, general_share=0.5, decontaminate=True)
    recipe = Recipe(name="r", summary="", method="sft", base="tiny", trainer={}, data=data)
    prepared = examples.prepare([*ROWS[:3], repeats, *TOPICS], recipe, benchmarks={"general": [asked]})
    mixed = building.built(prepared, recipe, None, Hygiene())
    assert asked not in general_rows(mixed) and mixed.card.general == 3
    assert mixed.drops["general row that repeats a benchmark"] == 1


@pytest.mark.parametrize("data", [{"sources": {"general": 1.0}}, {"unseen": {"general": 0.5}}])
def test_general_text_is_refused_as_a_source_of_facts(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="general has no facts: leave it out of `sources`, and set general_share"):
        Data(**data)


@pytest.mark.parametrize(("others", "share", "wanted"), [(80, 0.2, 20), (9, 0.1, 1), (10, 0.0, 0), (0, 0.5, 0)])
def test_the_number_of_general_rows_makes_the_share_of_all(others: int, share: float, wanted: int) -> None:
    assert general.wanted(others, share) == wanted
