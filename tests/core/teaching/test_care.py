"""A recipe's care: what is told, what is added, and what is refused before any base is loaded."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from medpipe.core.contract import ServingContract
from medpipe.core.teaching.care import Care
from medpipe.core.teaching.recipe import Recipe
from tests.contracts import CONTRACT

RULES, UNSURE, NOTE = (
    "Send emergencies to 112.",
    "Say so when you are not sure.",
    "Written by a model. Ask a clinician.",
)


def recipe(template: str = "chat", **fields: Any) -> Recipe:
    return Recipe.model_validate(
        {"name": "r", "summary": "", "method": "sft", "base": "a/b", "trainer": {}, "template": template, **fields}
    )


def test_rules_and_wording_follow_the_system_prompt_and_the_disclaimer_is_no_part_of_it() -> None:
    made = recipe(system="You answer patients.", care={"rules": RULES, "uncertainty": UNSURE, "disclaimer": NOTE})
    assert made.told == f"You answer patients.\n\n{RULES}\n\n{UNSURE}"
    assert made.told_without({"rules"}) == f"You answer patients.\n\n{UNSURE}"
    assert made.told_without({"rules", "uncertainty", "disclaimer"}) == "You answer patients."
    assert made.disclaimer == NOTE


def test_a_recipe_without_care_is_written_as_before_there_was_any() -> None:
    assert "care" not in recipe().model_dump()
    assert (recipe(system="Be brief.").told, recipe().told, recipe().disclaimer) == ("Be brief.", "", "")
    assert recipe(care={"disclaimer": NOTE}).model_dump()["care"] == {"disclaimer": NOTE}
    assert "disclaimer" not in CONTRACT.model_dump()


@pytest.mark.parametrize(
    ("template", "care", "message"),
    [
        ("plain", {"rules": RULES}, "a plain prompt has no place for care.rules"),
        ("plain", {"uncertainty": UNSURE, "disclaimer": NOTE}, "a plain prompt has no place"),
        ("chat", {}, "is empty"),
        ("chat", {"rules": "  "}, "has only white space"),
        ("chat", {"disclaimer": "One.\nTwo."}, "has several lines"),
        ("chat", {"disclaimer": "x" * 401}, "at most 400 characters"),
        ("chat", {"disclamer": NOTE}, "disclamer"),
        ("chat", {"rules": 5}, "valid string"),
    ],
)
def test_care_that_cannot_be_told_or_shown_is_refused(template: str, care: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        recipe(template, care=care)


def test_a_plain_prompt_can_have_a_disclaimer() -> None:
    assert recipe("plain", care={"disclaimer": NOTE}).disclaimer == NOTE
    assert Care(disclaimer=NOTE).told() == ""


def test_a_disclaimer_stands_on_the_line_of_an_answer_or_below_its_paragraphs_and_never_alone() -> None:
    line = CONTRACT.model_copy(update={"disclaimer": NOTE})
    assert line.shown("Rest.") == f"Rest. {NOTE}"
    paragraphs = line.model_copy(update={"stop": None})
    assert paragraphs.shown("Rest.") == f"Rest.\n\n{NOTE}"
    assert paragraphs.shown("") == "" == CONTRACT.closing
    assert ServingContract.model_validate_json(line.model_dump_json()) == line != CONTRACT
