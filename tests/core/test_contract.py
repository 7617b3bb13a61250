"""The contract: the form of answers is part of it, and contracts of one line are written as they always were."""

from __future__ import annotations

from medpipe.core.contract import Ending, ServingContract
from medpipe.core.prompt import completion
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.recipe import Recipe
from tests.contracts import CONTRACT

LIST = "Signs are:\n- fever\n- a rash\n\nSee a doctor."
PARAGRAPHS = CONTRACT.model_copy(update={"stop": None})


def test_a_contract_and_a_recipe_of_one_line_are_written_as_before_there_were_paragraphs() -> None:
    assert set(CONTRACT.model_dump()) == {
        *("base", "base_digest", "precision", "template", "context", "history", "decoding", "max_new_tokens", "stop"),
        "guardrails",
    }
    assert (CONTRACT.stop, CONTRACT.template) == ("\n", "plain")
    recipe = Recipe(name="r", summary="", method="sft", base="a/base", trainer={})
    assert not {"template", "system", "max_cut"} & recipe.model_dump().keys()
    assert "answers" not in recipe.data.model_dump()
    assert Data(answers="paragraphs").model_dump()["answers"] == "paragraphs"


def test_one_line_ends_an_answer_at_the_first_line_and_paragraphs_keep_all() -> None:
    assert CONTRACT.answer_of(f" {LIST}\n") == "Signs are:"
    assert PARAGRAPHS.answer_of(f" {LIST}\n") == LIST
    assert (CONTRACT.ending(), PARAGRAPHS.ending(9)) == (Ending(48, "\n"), Ending(9, None))
    assert (CONTRACT.answers, PARAGRAPHS.answers) == ("one line", "paragraphs")


def test_a_completion_of_paragraphs_has_its_lines_and_no_end_of_its_own() -> None:
    assert completion(LIST) == " Signs are: - fever - a rash See a doctor.\n"
    assert completion(f"{LIST}\n", "paragraphs") == f" {LIST}"


def test_a_stored_contract_of_paragraphs_is_read_as_it_was() -> None:
    assert ServingContract.model_validate_json(PARAGRAPHS.model_dump_json()) == PARAGRAPHS != CONTRACT
