"""Every recipe is whole and names benchmarks that exist."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from medpipe.core.teaching.recipe import Recipe
from tests.places import ROOT

PACKAGE = ROOT / "medpipe"
RECIPES = sorted((PACKAGE / "recipes").glob("*.yaml"))
MADE_WITH_THE_EXAMPLES = {"new-knowledge", "old-knowledge", "withdrawn", "preferences"}


def _benchmarks() -> set[str]:
    return {path.stem for path in (PACKAGE / "benchmarks").glob("*.yaml")} - {"gates"}


def test_the_recipes_of_the_embedded_system_are_there() -> None:
    assert {"tiny-sft", "tiny-dpo"} <= {path.stem for path in RECIPES}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_valid_and_named_like_its_file(path: Path) -> None:
    recipe = Recipe.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert recipe.name == path.stem
    assert recipe.summary


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_benchmark_that_a_recipe_names_exists(path: Path) -> None:
    named = set(Recipe.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).benchmarks)
    assert named <= _benchmarks(), f"{path.name} names unknown benchmarks"
