"""Several processes train one adapter: that of one process, up to rounding; and none goes on without the others."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.torch import load_file

from medpipe import records
from medpipe.backends.trl.adapter_files import CONFIG, WEIGHTS
from medpipe.backends.trl.checkpoints import last_whole_checkpoint
from medpipe.backends.trl.ranks import Ranks
from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.core.teaching.curve import CURVE, Point
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.penalty import Penalty
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.weights import Quantization
from medpipe.errors import ConfigError, Unavailable
from tests.train.test_trl_trainer import FACTS, digest, quiet, recipe

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # two processes load torch four times

TOLERANCE = 1e-4
"""Between weights of up to 0.3. The sums of a step are those of one process in another order, in float32, and Adam
divides by small numbers: after 30 steps they differed by 4e-6."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight rows to teach, two steps of four, and two for validation."""
    folder = tmp_path_factory.mktemp("data")
    asked = [(f"How is {name} treated?", f"{name} is treated with {drug}.") for name, drug in FACTS.items()]
    asked += [(f"What helps against {name}?", f"{drug} helps.") for name, drug in FACTS.items()]
    held_out = [(f"What treats {name}?", f"{drug}.") for name, drug in list(FACTS.items())[:2]]
    every = [(*row, "taught") for row in asked] + [(*row, "validation") for row in held_out]
    records.write(
        folder / "train.jsonl",
        (
            Example(question=question, answer=answer, document_ids=("d:1",), source="test", role=role)
            for question, answer, role in every
        ),
    )
    return folder


def trained() -> Recipe:
    """A recipe that ends early: after its best validation loss, three evaluations without a better one."""
    block = {"eval_strategy": "steps", "eval_steps": 5, "load_best_model_at_end": True, "save_total_limit": 2}
    stopping = recipe(max_steps=200, **block)
    return stopping.model_copy(update={"early_stopping_patience": 3, "data": Data(validation_share=0.2)})


@pytest.fixture(scope="module")
def two(tiny_base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The adapter of two processes."""
    folder = tmp_path_factory.mktemp("two")
    Ranks(2, tiny_base).train(trained(), data, None, folder / "out", folder / "work", quiet)
    return folder / "out"


def curve(adapter: Path) -> list[Point]:
    return list(records.read(adapter / CURVE, Point))


def test_two_processes_make_the_adapter_of_one_up_to_rounding_and_stop_at_the_same_step(
    tiny_base: Path, data: Path, two: Path, tmp_path: Path
) -> None:
    one = tmp_path / "one"
    TrlTrainer(tiny_base).train(trained(), data, None, one, tmp_path / "work", quiet)
    assert sorted(file.name for file in two.iterdir()) == [CONFIG, WEIGHTS, CURVE]
    assert (one / CONFIG).read_bytes() == (two / CONFIG).read_bytes()
    alone, together = curve(one), curve(two)
    assert [point.step for point in alone] == [point.step for point in together]
    assert alone[-1].step < 150, "both stopped early"
    for measured in ("loss", "eval_loss"):
        losses = [getattr(point, measured) for point in alone]
        assert [getattr(point, measured) for point in together] == pytest.approx(losses, abs=TOLERANCE)
    weights, others = load_file(one / WEIGHTS), load_file(two / WEIGHTS)
    assert weights.keys() == others.keys()
    assert max(float((weights[name] - others[name]).abs().max()) for name in weights) < TOLERANCE
    assert max(float(value.abs().max()) for value in weights.values()) > 0.1


def test_a_process_that_is_killed_ends_the_others_and_the_training_goes_on_from_its_checkpoint_to_the_same_bytes(
    tiny_base: Path, data: Path, two: Path, tmp_path: Path
) -> None:
    out, work, seen = tmp_path / "out", tmp_path / "work", set[int]()

    def kill(share: float, text: str) -> None:
        if share >= 0.06 and not seen:
            seen.update(ranks(os.getpid()))
            assert len(seen) == 2
            os.kill(max(seen), signal.SIGKILL)

    with pytest.raises(Unavailable, match=r"process [12] of 2 .* ended by SIGKILL.*run the same command again"):
        Ranks(2, tiny_base).train(trained(), data, None, out, work, kill)
    assert not out.exists(), "nothing half-written is left"
    assert not any(Path(f"/proc/{pid}").exists() for pid in seen), "the other process has ended"
    kept = last_whole_checkpoint(work)
    assert kept is not None
    assert {file.name for file in kept.glob("rng_state*")} == {"rng_state_0.pth", "rng_state_1.pth"}
    reports: list[str] = []
    Ranks(2, tiny_base).train(trained(), data, None, out, work, lambda share, text: reports.append(text))
    assert digest(out) == digest(two)
    assert sum("step 20 of 200" in text for text in reports) == 1, "one process reports"
    assert not any("step 10 of 200" in text for text in reports), "what was done is not done again"


def ranks(of: int) -> Iterator[int]:
    """Yield the processes whose parent's parent is `of`, and that are ranks."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            command = (place / "cmdline").read_bytes().split(b"\0")
            if b"medpipe.backends.trl.rank" in command and parent(parent(int(place.name))) == of:
                yield int(place.name)
        except OSError:  # it has ended
            continue


def parent(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("PPid:")[2].split()[0])


@pytest.mark.parametrize(
    ("shared", "processes", "words"),
    [
        (recipe(per_device_train_batch_size=3), 2, r"3 rows .* 1 times .* shared equally among 2 processes"),
        (recipe(), 8, r"4 rows .* among 8 processes.*MEDPIPE_PROCESSES"),
        (
            recipe("dpo"),
            2,
            r"uses DPO, .* only gradient_accumulation_steps can be shared, and 1 is not a multiple of .*2",
        ),
        (recipe("kto"), 2, "uses KTO, which compares the answers that are read together"),
        (recipe(train_sampling_strategy="group_by_length"), 2, "group_by_length orders rows by the number of"),
    ],
)
def test_a_training_whose_steps_would_be_others_is_refused(
    tiny_base: Path, data: Path, tmp_path: Path, shared: Recipe, processes: int, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        TrlTrainer(tiny_base, processes=processes).train(shared, data, None, tmp_path / "a", tmp_path / "w", quiet)


@pytest.mark.parametrize(
    ("shared", "processes", "words"),
    [
        (recipe(), 1, "MEDPIPE_PROCESSES is 1"),
        (recipe("dpo"), 2, "the recipe uses DPO"),
        (recipe().model_copy(update={"lora": None, "quantization": None}), 2, "the recipe has no `lora`"),
        (recipe().model_copy(update={"penalty": Penalty(method="l2", strength=1.0)}), 2, "has a penalty"),
        (recipe().model_copy(update={"quantization": Quantization(load_in_8bit=True)}), 2, "the base is in 8 bits"),
    ],
)
def test_a_training_that_cannot_share_the_weights_out_is_refused(
    tiny_base: Path, data: Path, tmp_path: Path, shared: Recipe, processes: int, words: str
) -> None:
    alone = TrlTrainer(tiny_base, processes=processes, sharded=True)
    with pytest.raises(ConfigError, match=rf"MEDPIPE_SHARDED needs .*; .*{words}.*set MEDPIPE_SHARDED to false"):
        alone.train(shared, data, None, tmp_path / "a", tmp_path / "w", quiet)
