"""TRL's options that fit: each trains, makes an adapter of the same form, and ends in the same bytes after a kill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medpipe import records
from medpipe.backends.trl.adapter_files import CONFIG
from medpipe.backends.trl.checkpoints import last_whole_checkpoint
from medpipe.backends.trl.rows import rows_of
from medpipe.backends.trl.sets import sets_of
from medpipe.backends.trl.settings import configuration
from medpipe.backends.trl.tokens import tokenised
from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.core.teaching.curve import CURVE
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.recipe import Recipe
from medpipe.sandbox.miniature_bases import FAMILIES, make_miniature
from medpipe.sandbox.tiny_base import NAME
from medpipe.weights.tokenizer import padding_tokenizer
from tests.train.test_trl_trainer import FACTS, Killed, digest, quiet, recipe, train

pytestmark = pytest.mark.slow

FEW: dict[str, Any] = {"max_steps": 6, "save_steps": 2, "per_device_train_batch_size": 2, "max_length": 128}


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """Return a folder with rows of several lengths."""
    rows = [
        Example(question=f"How is {name} treated?", answer=" ".join(times * [drug]), document_ids=("d:1",), source="t")
        for times, (name, drug) in enumerate(2 * list(FACTS.items()), start=1)
    ]
    records.write(tmp_path / "data" / "train.jsonl", rows)
    return tmp_path / "data"


def with_option(**option: Any) -> Recipe:
    return recipe(**FEW).model_copy(
        update={key: value for key, value in option.items() if key in Recipe.model_fields}
        | {"trainer": recipe(**FEW).trainer | {k: v for k, v in option.items() if k not in Recipe.model_fields}}
    )


@pytest.mark.parametrize(
    ("option", "same"),
    [
        ({"packing": True}, False),
        ({"padding_free": True}, False),
        ({"train_sampling_strategy": "group_by_length"}, False),
        ({"gradient_checkpointing": True}, True),
        ({"attn_implementation": "eager"}, False),
    ],
    ids=["packing", "padding_free", "group_by_length", "gradient_checkpointing", "attention"],
)
def test_an_option_trains_and_ends_in_the_same_bytes_after_a_kill(
    tiny_base: Path, examples: Path, tmp_path: Path, option: dict[str, Any], same: bool
) -> None:
    plain = train(tiny_base, recipe(**FEW), examples, tmp_path / "plain")
    chosen = with_option(**option)
    whole = train(tiny_base, chosen, examples, tmp_path / "whole")
    assert sorted(file.name for file in whole.iterdir()) == sorted(file.name for file in plain.iterdir())
    config, usual = (json.loads((adapter / CONFIG).read_text(encoding="utf-8")) for adapter in (whole, plain))
    assert config == usual, "an adapter of the same form"
    assert (digest(whole) == digest(plain)) is same
    out, work = tmp_path / "killed", tmp_path / "killed-work"

    def progress(share: float, text: str) -> None:
        if share >= 0.5:
            raise Killed

    with pytest.raises(Killed):
        TrlTrainer(tiny_base, 1, True).train(chosen, examples, None, out, work, progress)
    assert last_whole_checkpoint(work) is not None
    TrlTrainer(tiny_base, 1, True).train(chosen, examples, None, out, work, quiet)
    assert digest(out) == digest(whole)
    assert (out / CURVE).is_file()


@pytest.mark.parametrize("option", [{}, {"completion_only_loss": False}, {"packing": True}, {"shuffle_dataset": True}])
def test_the_tokens_that_trl_gets_are_those_that_it_would_make(
    tiny_base: Path, examples: Path, tmp_path: Path, option: dict[str, Any]
) -> None:
    """Also of rows that are cut, and that are left out since their prompt fills the length."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl import SFTTrainer

    rows = list(records.read(examples / "train.jsonl", Example))
    long = rows[0].model_copy(update={"question": "Why " + "so very long " * 40 + "?"})
    records.write(examples / "train.jsonl", rows if "packing" in option else [*rows[:3], long, *rows[3:]])
    chosen = recipe(**{**FEW, "max_length": 40, **option})
    texts = rows_of(chosen, examples / "train.jsonl", "plain")
    place = str(tiny_base / NAME)
    model = AutoModelForCausalLM.from_pretrained(place)
    tokenizer = padding_tokenizer(place)

    def prepared(dataset: Any, arguments: Any) -> list[dict[str, list[int]]]:
        trainer = SFTTrainer(model, arguments, train_dataset=dataset, processing_class=tokenizer)
        return [{name: row[name] for name in ("input_ids", "labels")} for row in trainer.train_dataset]

    by_trl = prepared(Dataset.from_list(texts.taught), configuration(chosen, True, tmp_path / "a"))
    arguments = configuration(chosen, True, tmp_path / "b")
    ours = prepared(sets_of(chosen, arguments, texts, tokenised(chosen, texts, tokenizer)).taught, arguments)
    assert ours == by_trl
    assert any(len(row["input_ids"]) == 40 for row in ours), "at least one row is cut"


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_packed_rows_do_not_read_each_other_in_any_architecture_of_the_shipped_recipes(
    tmp_path: Path, attention: str
) -> None:
    """With packing and padding_free, rows lie in one text, and their positions alone keep them apart."""
    import torch
    from transformers import AutoModelForCausalLM
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    first, second = list(range(20, 31)), list(range(40, 57))
    batch = DataCollatorForLanguageModeling(0, padding_free=True)(
        [{"input_ids": first + second, "labels": first + second, "seq_lengths": [len(first), len(second)]}]
    )
    batch.pop("labels")
    for base in FAMILIES:
        place = make_miniature(base, tmp_path)
        model = AutoModelForCausalLM.from_pretrained(place, attn_implementation=attention, dtype=torch.float32).eval()
        with torch.no_grad():
            packed = model(**batch, use_cache=False).logits[0]
            alone = torch.cat([model(torch.tensor([row])).logits[0] for row in (first, second)])
            joined = model(torch.tensor([first + second])).logits[0]
        assert torch.allclose(packed, alone, atol=1e-5), base
        assert not torch.allclose(joined, alone, atol=1e-2), "without positions, the second row would read the first"
