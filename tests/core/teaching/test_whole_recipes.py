"""Recipes of whole models: what cannot be trained or served is refused where it is written."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from medpipe.core.teaching.recipe import Recipe

WHOLE = {"lora": None, "quantization": None, "serve": "merged"}


def recipe(**changes: object) -> Recipe:
    return Recipe.model_validate(
        {"name": "r", "summary": "", "method": "sft", "base": "a/base", "trainer": {}} | changes
    )


def test_a_recipe_without_lora_makes_a_whole_model_and_one_of_an_adapter_is_written_as_ever() -> None:
    assert (recipe(**WHOLE).weights, recipe().weights) == ("whole", "lora")
    assert not {"serve", "serve_at"} & recipe().model_dump().keys()
    assert recipe(serve="merged", serve_at="int8").model_dump()["serve_at"] == "int8"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lora": None, "serve": "merged"}, "rounded weights cannot be: set quantization to null"),
        (WHOLE | {"serve": "adapter"}, "there is no adapter to serve: set serve to merged"),
        ({"serve_at": "nf4"}, "an adapter is served beside its base: set serve to merged"),
        (WHOLE | {"serve_at": "int3"}, "Input should be 'float32', 'bfloat16', 'nf4', 'int8' or 'int4'"),
        (WHOLE | {"serve": "whole"}, "Input should be 'adapter' or 'merged'"),
    ],
)
def test_what_cannot_work_is_refused_with_the_remedy(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        recipe(**changes)
