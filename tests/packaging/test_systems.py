"""The table of what the five systems ask for counts right, and every recipe of a real base has its page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from medpipe import configuration
from medpipe.settings import Settings
from medpipe.wiring import Wiring
from tests.places import ROOT

SYSTEMS = ROOT / "docs" / "systems.md"
PAGE = SYSTEMS.read_text(encoding="utf-8")
RECIPES = ROOT / "docs" / "recipes"
SHIPPED = configuration.names(ROOT / "medpipe" / "recipes")


class Row(NamedTuple):
    """One thing that a system asks for."""

    number: int
    state: str
    room: str


def rows(page: str) -> list[Row]:
    cells = (line.strip("| ").split(" | ") for line in page.splitlines() if re.match(r"\| \d+ \|", line))
    return [Row(int(number), state, room) for number, _, _, state, room in cells]


def faults(given: Iterable[Row]) -> list[int]:
    """Return the numbers of rows whose state is unknown, or whose "no" gives no reason and other rows that do."""
    return [
        row.number
        for row in given
        if row.state not in ("yes", "partly", "no") or (row.state == "no") != row.room.startswith("no, since ")
    ]


def counted(page: str) -> dict[str, int]:
    numbers = re.search(r"(\d+) are there \(\*yes\*\),\s+(\d+) partly, and (\d+) are not", page)
    assert numbers
    return dict(zip(("yes", "partly", "no"), map(int, numbers.groups()), strict=True))


def test_each_of_the_117_things_has_a_row_that_says_whether_it_is_there() -> None:
    assert [row.number for row in rows(PAGE)] == list(range(1, 118))
    assert faults(rows(PAGE)) == []


def test_the_page_says_how_many_are_there() -> None:
    assert counted(PAGE) == Counter(row.state for row in rows(PAGE))


def test_a_state_without_its_reason_is_reported() -> None:
    page = """
| 1 | a | S0 | no | later |
| 2 | b | S1 | yes | no, since nobody needs it |
| 3 | c | S2 | soon | `core/` |
| 4 | d | S3 | yes | `core/` |
"""
    assert faults(rows(page)) == [1, 2, 3]


def unknown_recipes(text: str) -> set[str]:
    """Return the names after `--recipe`, and those in quotes after the word recipe, that no shipped recipe has."""
    named = re.findall(r"--recipe ([\w-]+)|[Rr]ecipes? `([\w-]+)`(?: and `([\w-]+)`)?", text)
    return {name for match in named for name in match if name} - set(SHIPPED)


@pytest.mark.parametrize("page", [SYSTEMS, *sorted(RECIPES.glob("*.md"))], ids=lambda page: page.name)
def test_every_recipe_that_a_page_names_is_shipped(page: Path) -> None:
    assert unknown_recipes(page.read_text(encoding="utf-8")) == set()


def test_a_recipe_that_is_not_shipped_is_reported() -> None:
    text = "medpipe train --recipe tiny; recipe `tiny-sft`; recipes `tiny-dpo` and `small`"
    assert unknown_recipes(text) == {"tiny", "small"}


def test_every_recipe_of_a_real_base_has_its_page() -> None:
    wiring = Wiring(Settings(recipes=ROOT / "medpipe" / "recipes"))
    real = {name for name in SHIPPED if not wiring.recipe(name).base.startswith("medpipe-sandbox/")}
    on_other_pages = {"qwen3-triage-dpo", "real-mixed", "demo-real", "demo-real-shuffled", "demo-real-dpo"}
    assert real - on_other_pages == {page.stem for page in RECIPES.glob("*.md")} - {"index"}
