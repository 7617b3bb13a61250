"""Every shipped recipe, benchmark and list of examples can be used, and names only what exists."""

from __future__ import annotations

import pytest

from medpipe import configuration
from medpipe.reviewed_files import GATES
from medpipe.settings import Settings
from medpipe.wiring import Wiring
from tests.places import ROOT

WIRING = Wiring(Settings(recipes=ROOT / "medpipe" / "recipes", benchmarks=ROOT / "medpipe" / "benchmarks"))
RECIPES = configuration.names(WIRING.settings.recipes)
BENCHMARKS = set(configuration.names(WIRING.settings.benchmarks)) - {GATES}


def test_the_recipes_of_the_embedded_system_are_there() -> None:
    assert {"tiny-sft", "tiny-dpo"} <= set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_valid_and_says_what_it_is_for(name: str) -> None:
    recipe = WIRING.recipe(name)
    assert recipe.name == name
    assert recipe.summary
    assert set(recipe.benchmarks) <= BENCHMARKS


def test_every_benchmark_is_valid() -> None:
    assert {benchmark.name for benchmark in WIRING.benchmarks()} == BENCHMARKS


def test_every_gate_judges_a_benchmark_that_exists() -> None:
    gates = [gate for plan in WIRING.plan().plans.values() for gate in plan]
    assert gates
    assert {gate.benchmark for gate in gates} <= BENCHMARKS


def test_the_refusals_are_valid() -> None:
    assert WIRING.safety()
