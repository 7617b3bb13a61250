"""A penalty holds a training near the adapter that it continues, the same in a run that was killed."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from safetensors.torch import load_file

from medpipe import records
from medpipe.backends.trl import penalties
from medpipe.backends.trl.adapter_files import WEIGHTS
from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.penalty import Penalty
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import DataError, UsageError
from tests.train.test_trl_trainer import FACTS, digest, examples, quiet, recipe, train  # noqa: F401 (fixtures)

pytestmark = pytest.mark.slow


def held(method: str = "l2", strength: float = 1.0, **penalty: Any) -> Recipe:
    """Return a recipe of a few steps with a penalty."""
    block = Penalty.model_validate({"method": method, "strength": strength} | penalty)
    return recipe(max_steps=8, save_steps=3, learning_rate=0.001).model_copy(update={"penalty": block})


@pytest.fixture
def news(tmp_path: Path) -> Path:
    """Return examples of two facts, one of them taught before."""
    (old, old_drug), (new, _) = list(FACTS.items())[:2]
    rows = [
        Example(question=f"How is {name} treated?", answer=f"{name}: {drug}.", document_ids=("d:1",), source="test")
        for name, drug in ((old, old_drug), (new, "another"))
    ]
    records.write(tmp_path / "news" / "train.jsonl", [rows[0].model_copy(update={"replay": True}), rows[1]])
    return tmp_path / "news"


@pytest.fixture
def start(tiny_base: Path, examples: Path, tmp_path: Path) -> Path:  # noqa: F811
    return train(tiny_base, recipe(max_steps=10), examples, tmp_path / "start")


def moved(start: Path, end: Path) -> float:
    before, after = load_file(start / WEIGHTS), load_file(end / WEIGHTS)
    return float(sum(((after[name] - before[name]) ** 2).sum() for name in before))


def test_a_stronger_penalty_moves_the_adapter_less_and_ewc_weighs_what_older_answers_depend_on(
    tiny_base: Path, start: Path, news: Path, tmp_path: Path
) -> None:
    distances = {
        name: moved(start, train(tiny_base, penalised, news, tmp_path / name, start))
        for name, penalised in {
            "nothing": held().model_copy(update={"penalty": None}),
            "weak": held(strength=1e-3),
            "strong": held(strength=10.0),
            "ewc": held("ewc", 10.0, rows=1, rehearse=False),
        }.items()
    }
    assert distances["strong"] < distances["weak"] <= distances["nothing"]
    assert distances["strong"] != distances["ewc"] < distances["nothing"]


@pytest.mark.parametrize("penalised", [held(), held("ewc", rows=2)], ids=["l2", "ewc"])
def test_a_run_that_goes_on_from_a_checkpoint_ends_in_the_same_bytes(
    tiny_base: Path, start: Path, news: Path, tmp_path: Path, penalised: Recipe
) -> None:
    whole = train(tiny_base, penalised, news, tmp_path / "whole", start)
    shutil.rmtree(tmp_path / "whole-work" / "checkpoint-8")
    (tmp_path / "whole-work").rename(tmp_path / "again-work")
    assert digest(train(tiny_base, penalised, news, tmp_path / "again", start)) == digest(whole)


def test_what_a_penalty_cannot_hold_is_refused(tiny_base: Path, examples: Path, start: Path, tmp_path: Path) -> None:  # noqa: F811
    with pytest.raises(UsageError, match=r"'small' has a penalty, which holds weights near those of an adapter"):
        TrlTrainer(tiny_base).train(held(), examples, None, tmp_path / "a", tmp_path / "aw", quiet)
    with pytest.raises(DataError, match=r"EWC needs replayed examples.*data\.replay_ratio"):
        train(tiny_base, held("ewc"), examples, tmp_path / "b", start)
    for block, words in (
        ({"method": "dpo", "penalty": {"method": "l2", "strength": 1}}, "its own reference: raise trainer.beta"),
        ({"penalty": {"method": "l2", "strength": 0}}, "greater than 0"),
        ({"penalty": {"method": "l2", "strength": 1, "rehearse": False}}, "only ewc uses examples"),
    ):
        with pytest.raises(ValueError, match=words):
            Recipe.model_validate(recipe().model_dump() | block)


def test_l2_measures_the_change_of_the_layers_weights_and_not_which_factors_make_it() -> None:
    import torch

    a, b, turn = torch.randn(2, 6), torch.randn(5, 2), torch.tensor([[0.0, 2.0], [-0.5, 0.0]])
    other = penalties._Factors(turn.inverse() @ a, b @ turn, a, b, 2.0)
    assert float(other.distance()) == pytest.approx(0, abs=1e-4), "other factors of the same product"
    ends = torch.randn(2, 6), torch.randn(5, 2)
    change = 2.0 * (ends[1] @ ends[0] - b @ a)
    assert float(penalties._Factors(*ends, a, b, 2.0).distance()) == pytest.approx(float((change**2).sum()), rel=1e-4)


def test_a_penalty_is_in_the_loss_of_a_training_and_not_in_that_of_a_validation() -> None:
    import torch

    model = torch.nn.Linear(2, 1)
    trainer = SimpleNamespace(model=model, processing_class=None, compute_loss=lambda *args, **options: torch.ones(()))
    penalties.add(trainer, Penalty(method="l2", strength=4.0), (), None)
    with torch.no_grad():
        model.bias += 1
    assert float(trainer.compute_loss(model, {}).detach()) == pytest.approx(3.0)
    model.eval()
    assert float(trainer.compute_loss(model, {}).detach()) == 1.0
