"""`make bench-gpu`: the recorded figures keep what docs/gpus.md says, and steps become figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench import gpu_arms, gpu_shapes, gpu_training, run

pytestmark = pytest.mark.integration

FIGURES: dict[str, Any] = json.loads((run.RESULTS / "gpu.json").read_text(encoding="utf-8"))
SHAPES = FIGURES["shapes"]
PAGE = (run.ROOT / "docs" / "gpus.md").read_text(encoding="utf-8")


def test_arms_with_the_same_batches_have_the_same_loss() -> None:
    for shape in SHAPES.values():
        losses = [
            shape["arms"][arm]["loss"] for arm in ("plain", "medpipe", "multiple", "wide") if arm in shape["arms"]
        ]
        assert max(losses) - min(losses) < 0.005


def test_one_batch_of_a_step_is_faster_than_trls_script_on_a_small_base() -> None:
    arms = SHAPES["1.7B"]["arms"]
    assert arms["wide"]["tokens_per_s"] > 1.5 * arms["plain"]["tokens_per_s"]


@pytest.mark.parametrize("name", SHAPES)
def test_the_page_has_the_recorded_speeds(name: str) -> None:
    for arm in ("plain", "medpipe"):
        assert f"{SHAPES[name]['arms'][arm]['tokens_per_s']:,.0f}" in PAGE


@pytest.mark.parametrize(
    ("name", "arm", "card"), [("7B", "medpipe", 16), ("7B", "wide", 24), ("1.7B", "unchecked", 80)]
)
def test_what_the_page_says_to_fit_does(name: str, arm: str, card: int) -> None:
    memory = SHAPES[name]["arms"][arm]["card_gib"]
    assert f"{memory:.1f} GiB" in PAGE
    assert memory < 0.9 * card * 1e9 / 2**30


def test_every_arm_trains_sixteen_rows_a_step_or_packs() -> None:
    for arm in gpu_arms.NAMES:
        settings = gpu_arms.recipe("any/base", arm).trainer
        rows = settings["per_device_train_batch_size"] * settings["gradient_accumulation_steps"]
        assert rows == 16 or settings["packing"]


def test_speed_leaves_the_warm_up_out_and_loss_does_not() -> None:
    steps = [(float(100 + number), {"loss": 1.0 if number else 5.0}) for number in range(8)]
    figures = gpu_arms.figures(steps, [10, *[20] * 7], began=90.0)
    assert (figures["tokens_per_s"], figures["start_up_s"], figures["loss"]) == (20.0, 10.0, round(190 / 150, 4))


def test_rows_have_the_lengths_of_medquad_and_none_is_cut() -> None:
    answers = sorted(len(example.answer.split()) for example in gpu_shapes.examples(2000))
    assert answers[1000] == pytest.approx(856 / 4.5, rel=0.05)
    assert answers == sorted(len(example.answer.split()) for example in gpu_shapes.examples(2000))
    assert max(len(f"{row.question} {row.answer}".split()) for row in gpu_shapes.examples(2000)) + 3 == 1024


def test_figures_of_another_card_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "RESULTS", tmp_path)
    first = {"card": {"name": "A"}, "shapes": {"1.7B": {"like": "x", "arms": {"plain": {"loss": 1}}}}}
    run.record("gpu", gpu_training.merged(first))
    second = {"card": {"name": "A"}, "shapes": {"1.7B": {"like": "x", "arms": {"wide": {"loss": 2}}}}}
    assert gpu_training.merged(second)["shapes"]["1.7B"]["arms"] == {"plain": {"loss": 1}, "wide": {"loss": 2}}
    other = {**second, "card": {"name": "B"}}
    assert gpu_training.merged(other)["shapes"]["1.7B"]["arms"] == {"wide": {"loss": 2}}
