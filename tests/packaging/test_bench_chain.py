"""`make bench-chain`: the recorded figures keep what docs/judging.md promises, and the rules differ in a short run."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench import chain
from medpipe.core.judging import statistics
from medpipe.core.judging.budget import MOST_LOOKS

FIGURES = json.loads(chain.RESULT.read_text(encoding="utf-8"))
OURS, FIXED, MEAN = chain.RULES


def test_the_recorded_figures_are_the_table_of_the_page_and_there_is_a_plot() -> None:
    assert chain.table(FIGURES) in chain.PAGE.read_text(encoding="utf-8")
    assert chain.PLOT.stat().st_size > 10_000


@pytest.mark.parametrize("adversary", chain.ADVERSARIES)
def test_of_forty_chains_of_losing_challengers_39_stay_within_the_margin(adversary: str) -> None:
    assert FIGURES["chains"] >= 200
    assert FIGURES["adversaries"][adversary][OURS]["within margin"] >= 0.975
    assert FIGURES["adversaries"][adversary][MEAN]["within margin"] == 0


def test_three_of_four_harmless_challengers_are_promoted() -> None:
    assert FIGURES["harmless"][OURS] >= 0.75
    assert FIGURES["harmless among harmful"][OURS] >= 0.75


@pytest.mark.parametrize("items", ["same", "fresh"])
def test_two_hundred_looks_promote_nothing_falsely_with_95_percent(items: str) -> None:
    ever = FIGURES[f"null, {items} items"]
    assert len(ever[OURS]) == 200
    assert ever[OURS][-1] <= 0.05 < ever[FIXED][-1]


@pytest.mark.parametrize("items", ["same", "fresh"])
def test_two_hundred_looks_of_a_person_who_keeps_what_raised_the_score_promote_nothing_falsely(items: str) -> None:
    ever = FIGURES[f"tuned, {items} items"]
    assert ever[OURS][-1] <= 0.05 < ever[FIXED][-1]


@pytest.mark.parametrize("items", ["same", "fresh"])
def test_a_person_who_tunes_hides_no_loss_beyond_the_margin(items: str) -> None:
    ever = FIGURES[f"hidden, {items} items"]
    assert ever[OURS][-1] <= 0.025 < ever[FIXED][-1]


@pytest.mark.parametrize("tuner", ["tuned", "hidden"])
def test_without_a_limit_of_looks_a_tuner_would_pass(tuner: str) -> None:
    limitless = FIGURES[f"{tuner}, same items, without a limit"]
    assert limitless[MOST_LOOKS - 1] <= 0.05 < limitless[-1]


@pytest.mark.parametrize(("look", "documents"), [("look 1", "300"), ("look 26", "600")])
def test_a_gain_of_five_points_is_found_with_80_percent_power(look: str, documents: str) -> None:
    assert FIGURES["power"][look][documents] >= 0.8


def test_losses_of_two_percent_are_stopped_at_the_margin_and_not_by_a_fixed_interval() -> None:
    loss = chain.ADVERSARIES["loses 2 % each time"]
    ours, fixed = (chain._losses(rule, loss, 2) for rule in (OURS, FIXED))
    assert ours["within margin"] == 1
    assert fixed["median"][-1] > 0.4


def test_a_retrained_model_has_the_mean_that_the_simulation_says() -> None:
    chance = np.random.default_rng(3)
    parent = chain.first(chance, 20_000)
    for loss in (0.0, 0.05, -0.05):
        assert chain.child(chance, parent, chain.KNOWN, loss).mean() == pytest.approx(chain.KNOWN - loss, abs=0.006)


def test_the_page_states_what_a_number_of_documents_can_rule_out() -> None:
    page = chain.PAGE.read_text(encoding="utf-8")
    for name, level in (("a level of 0.025", 0.025), ("the first look of a year (0.0048)", 0.0048)):
        shown = [1 - level ** (1 / documents) for documents in (10, 23, 50, 72, 100, 200, 400)]
        assert f"at {name} | {' | '.join(f'{share:.2f}' for share in shown)} |" in page
    same = [1.0] * 23
    assert statistics.paired_difference(same, same, [""] * 23, 0.0048).low == pytest.approx(-0.207, abs=1e-3)
