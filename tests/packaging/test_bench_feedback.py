"""`make bench-feedback`: the recorded figures keep what docs/feedback.md promises."""

from __future__ import annotations

import json

import pytest

from bench import attackers, feedback_attack, feedback_table
from bench.feedback_world import Cell

FIGURES = json.loads(feedback_attack.RESULT.read_text(encoding="utf-8"))
CELLS = FIGURES["cells"]


def test_the_recorded_figures_are_the_table_of_the_page_and_there_is_a_plot() -> None:
    assert feedback_table.table(FIGURES) in feedback_attack.PAGE.read_text(encoding="utf-8")
    assert feedback_attack.PLOT.stat().st_size > 10_000


def test_every_attack_of_the_grid_and_every_strategy_is_recorded() -> None:
    recorded = {Cell(cell["strategy"], cell["share"], cell["identities"]) for cell in CELLS}
    assert recorded == set(feedback_attack.CELLS)
    assert {cell.strategy for cell in recorded} == set(attackers.STRATEGIES) and len(recorded) == 9 * 7
    naive = {(cell["strategy"], cell["share"], cell["identities"]) for cell in CELLS if cell["every rating"]}
    assert {(name, share, keys) for name in attackers.STRATEGIES for share, keys in ((0.01, 10), (0.05, 50))} <= naive


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell['strategy']}-{cell['share']}-{cell['identities']}")
def test_no_attack_adds_two_points_to_what_the_weights_say(cell: dict[str, object]) -> None:
    told = cell["defended"]
    assert isinstance(told, dict)
    assert (told["success"] - told["clean"]) / told["probes"] <= feedback_attack.LIMIT
    assert told["hostile"] == 0 and told["waiting"], "what was filed waits for a person"


def test_the_same_attack_reaches_the_weights_where_every_rating_teaches() -> None:
    naive = [cell["every rating"] for cell in CELLS if cell["every rating"]]
    assert max((told["success"] - told["clean"]) / told["probes"] for told in naive) > feedback_attack.LIMIT
