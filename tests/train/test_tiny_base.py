"""The sandbox's base: it is made once, is the same each time, and QLoRA trains on the weights that are served."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from medpipe.sandbox import tiny_base as sandbox_base
from medpipe.sandbox.tiny_base_texts import texts
from medpipe.sandbox.world import DAYS, Names, World
from medpipe.weights import rounding
from tests.train.conftest import SMALL

pytestmark = pytest.mark.slow

LITTLE = replace(SMALL, topics=6, articles=2, steps=3, hidden=64, vocabulary=300)


def weights(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def test_equal_seeds_give_equal_files_and_another_seed_other_weights(tmp_path: Path) -> None:
    first, same = (sandbox_base.make_tiny_base(tmp_path / name, seed=5, pretraining=LITTLE) for name in ("a", "b"))
    other = sandbox_base.make_tiny_base(tmp_path / "c", seed=6, pretraining=LITTLE)
    for file in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (first / file).read_bytes() == (same / file).read_bytes()
    assert weights(first) != weights(other)


def test_a_whole_base_is_not_made_again_but_a_torn_one_is(tmp_path: Path) -> None:
    folder = sandbox_base.make_tiny_base(tmp_path, seed=5, pretraining=LITTLE)
    manifest = folder / "tiny-base.json"
    before = manifest.stat().st_mtime_ns
    assert sandbox_base.make_tiny_base(tmp_path, seed=5, pretraining=LITTLE) == folder
    assert manifest.stat().st_mtime_ns == before
    expected = weights(folder)
    manifest.unlink()
    (folder / "model.safetensors").write_bytes(b"torn")
    assert weights(sandbox_base.make_tiny_base(tmp_path, seed=5, pretraining=LITTLE)) == expected


def test_another_plan_replaces_the_base_of_the_same_name(tmp_path: Path) -> None:
    first = weights(sandbox_base.make_tiny_base(tmp_path, seed=5, pretraining=LITTLE))
    assert weights(sandbox_base.make_tiny_base(tmp_path, seed=5, pretraining=replace(LITTLE, steps=4))) != first


def test_rounding_to_nf4_a_second_time_changes_nothing(tiny_base: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny_base / sandbox_base.NAME, dtype=torch.float32)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert rounding.to_nf4(model) == 0.0
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_what_qlora_trains_on_computes_what_is_served(tiny_base: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

    folder = tiny_base / sandbox_base.NAME
    four_bit = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=False,
        bnb_4bit_compute_dtype=torch.float32,
    )
    served = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    trained = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, quantization_config=four_bit, device_map={"": "cpu"}
    )
    tokens = AutoTokenizer.from_pretrained(folder)(
        "Question: How is Velorin fever treated?\nAnswer:", return_tensors="pt"
    ).input_ids
    # With gradients on, as in training: without them bitsandbytes takes a faster, coarser path on the CPU.
    assert torch.allclose(served(tokens).logits, trained(tokens).logits, atol=1e-4)


def test_no_name_of_the_pretraining_text_occurs_in_a_world() -> None:
    world = World(17)
    taught = " ".join(before + after for before, after in texts(17, topics=300, articles=90, closings=0.15)).casefold()
    names = [topic.focus.split()[0] for day in DAYS for topic in world.topics(day)]
    slots = [fact.slot for day in DAYS for topic in world.topics(day) for fact in topic.facts]
    slots += [article.slot for day in DAYS for article in world.articles(day) if article.slot]
    assert len(names) > 100 and len(slots) > 300
    assert [name for name in (*names, *slots) if f" {name.casefold()}" in taught] == []


@pytest.mark.parametrize("day", [2, 3])
def test_the_names_of_a_day_are_new(day: int) -> None:
    world = World(17)
    old = {topic.id for topic in world.topics(day - 1)}
    fresh = [topic for topic in world.topics(day) if topic.id not in old]
    assert len(fresh) >= 15
    known = {fact.slot for topic in world.topics(day - 1) for fact in topic.facts}
    assert not known & {fact.slot for topic in fresh for fact in topic.facts}


def test_names_of_the_two_parts_never_meet_whatever_the_seeds() -> None:
    pretraining = {Names(seed, "pretraining").word() for seed in range(300)}
    assert not pretraining & {Names(seed, "world").word() for seed in range(300)}


def test_day_2_revises_some_topics_and_withdraws_an_article_of_day_1() -> None:
    world = World(17)
    assert len(world.revised()) == 4
    again = next(article for article in world.articles(2) if article.pmid == world.retracted.pmid)
    notice = next(article for article in world.articles(2) if article.notice_of == again.pmid)
    assert again.retracted and again.notice_pmid == notice.pmid
    assert again.conclusions == world.retracted.conclusions and world.retracted in world.articles(1)


def test_the_manifest_says_what_the_base_is(tiny_base: Path) -> None:
    folder = tiny_base / sandbox_base.NAME
    manifest = json.loads((folder / "tiny-base.json").read_text(encoding="utf-8"))
    assert manifest["sha256"] == weights(folder)
    assert manifest["parameters"] < 700_000
