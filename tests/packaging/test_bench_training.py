"""`make bench-training` and `make bench-evaluation`: what is measured is the same work, and figures become rows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bench import evaluation, training, training_script
from bench.training import Ran, nats, speed, timed_run
from medpipe.configuration import load_named
from medpipe.core.teaching.recipe import Recipe
from medpipe.settings import Settings

RECIPE = load_named(Settings.model_fields["recipes"].default, "demo-real", "recipe", Recipe)


def test_the_plain_scripts_take_as_many_rows_a_step_as_the_recipe() -> None:
    settings = RECIPE.trainer
    a_step = settings["per_device_train_batch_size"] * settings.get("gradient_accumulation_steps", 1)
    assert a_step == training_script.ROWS_A_STEP


def test_the_plain_scripts_keep_every_setting_of_the_recipe_that_decides_what_is_learned() -> None:
    ours = {"per_device_train_batch_size", "train_sampling_strategy", "packing"}
    where = {"bf16", "gradient_checkpointing", "logging_steps", "save_strategy", "save_steps", "save_total_limit"}
    assert {*RECIPE.trainer, "max_steps"} == {*training_script.KEPT, *ours, *where}


def test_the_start_up_is_what_comes_before_the_first_step() -> None:
    ran = Ran(seconds=40.0, processor_s=70.0, mib=900, steps={1: 22.0, 2: 24.0, 4: 28.0}, said="")
    figures = speed(ran, [10, 20, 30, 20])
    assert figures["start_up_s"] == 20.0
    assert (figures["s_per_step"], figures["tokens_per_s"]) == (2.0, 10.0)


def test_a_process_tells_its_steps_its_last_line_and_what_it_took() -> None:
    script = "import sys; [print(f'50% x: step {n} of 2', file=sys.stderr) for n in (1, 2)]; print('a'); print('b')"
    ran = timed_run(("-c", script), os.environ)
    assert (list(ran.steps), ran.said) == ([1, 2], "b")
    assert ran.mib > 1
    assert 0 < ran.processor_s < 60


def test_a_training_that_fails_gives_no_figure_but_its_last_words() -> None:
    with pytest.raises(RuntimeError, match="no such base"):
        timed_run(("-c", "raise SystemExit('no such base')"), os.environ)


def test_the_loss_is_of_all_tokens_together() -> None:
    import numpy as np

    assert nats(np.array([-30.0, 20.0])) == 1.5


def arm(seconds: float, loss: float) -> dict[str, Any]:
    return {"seconds": seconds, "processor_s": 2 * seconds, "tokens_per_s": 50, "mib": 900, "loss": {"value": loss}}


def test_only_medpipes_arms_are_compared_with_the_scripts() -> None:
    arms = {"plain": arm(300, 2.0), "careful": arm(130, 2.0), "medpipe": arm(100, 2.0)}
    plain, careful, ours = training.rows({"rows": 8, "threads": 2, "arms": arms})
    assert "3.00 × as fast as TRL's script" in ours
    assert "1.30 × as fast as that in float32" in ours
    assert "as fast" not in plain + careful


def documents(folder: Path, questions: list[str]) -> Path:
    folder.mkdir()
    pairs = [{"question": question, "answer": "An answer."} for question in questions]
    row = {"doc_id": "1", "focus": "Velorin fever", "url": "https://example.org", "qa": pairs}
    (folder / "6_NINDS_QA.jsonl").write_text(json.dumps(row) + "\n")
    return folder


def test_questions_are_asked_once_and_are_the_same_in_every_run(tmp_path: Path) -> None:
    folder = documents(tmp_path / "medquad", [f"What is fever {number} ?" for number in (1, 2, 3, 3)])
    assert sorted(evaluation.questions(folder, 3)) == [f"What is fever {number} ?" for number in (1, 2, 3)]
    assert evaluation.questions(folder, 2) == evaluation.questions(folder, 2)


def test_fewer_questions_than_are_to_be_asked_stop_the_bench(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="has 1 answered questions, and 2 are to be asked"):
        evaluation.questions(documents(tmp_path / "medquad", ["What is it ?"]), 2)


def test_the_engine_is_compared_with_transformers_that_has_the_same_weights() -> None:
    speeds = {"transformers": 1.0, "vllm": 1.5, "vllm-many": 2.0}
    speeds |= {"transformers-base": 2.0, "vllm-base": 4.0, "vllm-base-many": 8.0}
    arms = {
        name: {"samples_per_s": speed, "tokens_per_s": 9, "processor_s": 10 / speed, "equal": 7, "together": 8}
        for name, speed in speeds.items()
    }
    rows = evaluation.rows({"samples": 8, "adapter": "untrained", "max_new_tokens": 129, "arms": arms})
    assert len(rows) == len(evaluation.ARMS)
    assert "1.50 ×" in rows[1]
    assert "4.00 ×" in rows[5]
    assert "7 of 8 answers equal" in rows[5]
