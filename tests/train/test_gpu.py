"""What a GPU trains and answers. Skipped without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from medpipe.backends.transformers_generator import TransformersGenerator
from medpipe.backends.trl.checkpoints import last_whole_checkpoint
from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.core.teaching.recipe import Recipe
from tests.places import ROOT
from tests.train.test_trl_trainer import FACTS, digest, examples, quiet, recipe, train  # noqa: F401 (fixtures)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]

BF16 = {"bf16": True, "gradient_checkpointing": True}


class Stopped(Exception):
    """Ends a training on the way."""


def stop_half_way(share: float, text: str) -> None:
    if share >= 0.5:
        raise Stopped


@pytest.mark.parametrize("trained", [recipe(), recipe(**BF16)], ids=["fp32", "bf16"])
def test_a_repeated_and_an_interrupted_training_end_in_the_same_bytes(
    tiny_base: Path,
    examples: Path,  # noqa: F811
    tmp_path: Path,
    trained: Recipe,
) -> None:
    whole, again = (train(tiny_base, trained, examples, tmp_path / name) for name in ("a", "b"))
    with pytest.raises(Stopped):
        TrlTrainer(tiny_base, 1, True).train(
            trained, examples, None, tmp_path / "c", tmp_path / "c-work", stop_half_way
        )
    assert last_whole_checkpoint(tmp_path / "c-work") is not None
    resumed = train(tiny_base, trained, examples, tmp_path / "c")
    assert digest(again) == digest(resumed) == digest(whole)


def test_the_gpu_answers_what_the_cpu_answers(tiny_base: Path, examples: Path, tmp_path: Path) -> None:  # noqa: F811
    adapter = train(tiny_base, recipe(max_steps=80), examples, tmp_path / "a")
    answers = _answers(tiny_base, adapter)
    code = f"from tests.train.test_gpu import _print; _print({str(tiny_base)!r}, {str(adapter)!r})"
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    on_cpu = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=hidden)
    assert json.loads(on_cpu.stdout) == answers
    assert [drug in text for drug, text in zip(FACTS.values(), answers, strict=True)] == [True] * 4


def _answers(models: Path, adapter: Path) -> list[str]:
    generator = TransformersGenerator(models, 1, True)
    asked = [prompt.render(f"How is {name} treated?") for name in FACTS]
    return generator.generate("medpipe-sandbox/tiny-llama", adapter, "a", asked, Ending(40), quiet)


def _print(models: str, adapter: str) -> None:
    print(json.dumps(_answers(Path(models), Path(adapter))))
