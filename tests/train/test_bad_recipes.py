"""A recipe that cannot work is refused before any weight of its base is loaded, and a diverged run leaves nothing."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from trl import DPOConfig, KTOConfig, SFTConfig

from medpipe import configuration
from medpipe.backends.trl import attention, divergence, settings
from medpipe.backends.trl.adapter_files import WEIGHTS
from medpipe.backends.trl.refused_options import REFUSED, refused
from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.weights import Quantization
from medpipe.errors import ConfigError, MedpipeError
from tests.train.test_trl_trainer import examples, pairs, quiet, recipe, train  # noqa: F401 (fixtures)

pytestmark = pytest.mark.slow


@pytest.fixture
def no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make loading a base's weights an error that no test expects."""
    from transformers import AutoModelForCausalLM

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("the weights of the base were loaded")

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", refuse)


def lora(**block: object) -> Recipe:
    return recipe().model_copy(update={"lora": recipe().lora.model_copy(update=block)})


def validating(**block: object) -> Recipe:
    return recipe(**block).model_copy(update={"data": Data(validation_share=0.2)})


BAD = {
    "a text for a number": (recipe(learning_rate="5e-5 "), "learning_rate should be a valid number; it is '5e-5 '"),
    "a misspelt setting": (
        recipe(lerning_rate=1e-4),
        "lerning_rate is no setting of TRL; did you mean 'learning_rate'",
    ),
    "a setting of the run": (recipe(output_dir="x"), "remove output_dir"),
    "a negative rate": (recipe(learning_rate=-1e-4), "learning_rate cannot be negative"),
    "half a step": (recipe(max_steps=1.5), "max_steps should be a valid integer; it is 1.5"),
    "one wrong layer of two": (lora(target_modules=["q_proj", "vproj"]), r"has no 'vproj'; it has: .*v_proj"),
    "a part of a layer's name": (lora(target_modules=["proj"]), "has no 'proj'"),
    "more than the base reads": (recipe(max_length=4096), r"reads 512 tokens at most.*asks for 4,096"),
    "an unknown loss": (recipe(loss_type="nil"), "SFT has no 'nil'; there are: nll, dft"),
    "an unknown loss of DPO": (recipe("dpo", loss_type=["sigmoid", "sgmoid"]), "DPO has no 'sgmoid'"),
    "an unknown loss of KTO": (recipe("kto", loss_type="sigmoid"), "KTO has no 'sigmoid'; there are: kto, apo_zero"),
    "KTO one by one": (recipe("kto", per_device_train_batch_size=1), "must be 2 or more, because KTO compares"),
    "KTO out of order": (recipe("kto", train_sampling_strategy="random"), "remove train_sampling_strategy"),
    "KTO from the base": (recipe("kto"), "uses KTO, which goes on from an adapter"),
    "DPO from the base": (recipe("dpo"), "goes on from an adapter"),
    "an evaluation without a set": (
        recipe(eval_strategy="steps"),
        "remove eval_strategy, or give data.validation",
    ),
    "the best of nothing": (recipe(load_best_model_at_end=True), "remove load_best_model_at_end"),
    "a set that nothing measures": (validating(), "nothing measures them: give eval_strategy"),
    "a best that is not saved": (
        validating(eval_strategy="steps", eval_steps=5, save_steps=10, load_best_model_at_end=True),
        "checkpoint at every evaluation: save_steps is 10, and eval_steps is 5",
    ),
    "checkpoints between evaluations": (
        validating(eval_strategy="steps", eval_steps=10, load_best_model_at_end=True),
        "multiple of the evaluation steps",
    ),
    "the last for the best": (
        validating(eval_strategy="steps").model_copy(update={"early_stopping_patience": 2}),
        "early_stopping_patience needs load_best_model_at_end",
    ),
    "no row for validation": (validating(eval_strategy="steps"), "has no row for validation"),
    "flash attention on a CPU": (
        recipe().model_copy(update={"attn_implementation": "flash_attention_2"}),
        "this machine has no flash_attention_2, which needs an NVIDIA GPU and the package flash-attn",
    ),
    "flex attention on a CPU": (
        recipe().model_copy(update={"attn_implementation": "flex_attention"}),
        "this machine has no flex_attention, which needs a GPU",
    ),
    "assistant-only loss": (recipe(assistant_only_loss=True), "remove assistant_only_loss.*completion_only_loss: true"),
    "attention in TRL's words": (
        recipe(model_init_kwargs={"attn_implementation": "eager"}),
        "remove model_init_kwargs: the recipe's own fields say how",
    ),
    "code of a base": (recipe(trust_remote_code=True), "code that comes with a base is never run"),
    "a template of TRL's": (recipe(chat_template_path="x.jinja"), "remove chat_template_path"),
    "another end": (recipe(eos_token="."), "remove eos_token: rows are tokenised by medpipe"),
    "other padding": (recipe(pad_token="."), "remove pad_token"),
    "rows that TRL does not prepare": (recipe(dataset_kwargs={"skip_prepare_dataset": True}), "remove dataset_kwargs"),
    "prompts without a beginning": (recipe(truncation_mode="keep_end"), "keep_end cuts the beginning of a prompt"),
    "rows in pieces": (recipe(packing=True, packing_strategy="wrapped"), "wrapped cuts rows anywhere"),
    "half a checkpoint": (recipe(save_only_model=True), "remove save_only_model: a killed training"),
    "rows twice": (recipe(ignore_data_skip=True), "remove ignore_data_skip"),
    "a batch of the machine": (recipe(auto_find_batch_size=True), "set per_device_train_batch_size"),
    "weights in parts": (recipe(fsdp="full_shard"), "remove fsdp: MEDPIPE_PROCESSES and MEDPIPE_SHARDED say how many"),
    "how they are shared": (recipe(fsdp_config={"version": 2}), "remove fsdp_config: MEDPIPE_PROCESSES and"),
    "another way to share": (recipe(deepspeed="zero3.json"), "remove deepspeed: MEDPIPE_PROCESSES and"),
    "steps of other rows": (
        recipe(accelerator_config={"split_batches": True}),
        "remove accelerator_config.*which rows",
    ),
    "rows of other weight": (
        recipe(average_tokens_across_devices=False),
        "remove average_tokens_across_devices: without it a step of several processes",
    ),
    "weights for a hub": (recipe(push_to_hub=True), "remove push_to_hub"),
    "offloading without a GPU": (recipe(activation_offloading=True), "this machine has no GPU"),
    "DPO by length": (recipe("dpo", train_sampling_strategy="group_by_length"), "no one length to group by"),
    "a package that is not there": (recipe(use_liger_kernel=True), "the package liger-kernel is not installed"),
    "a base that is nowhere": (recipe(base="no-such/base"), r"no-such/base.*MEDPIPE_OFFLINE"),
}


def test_every_setting_that_is_refused_is_tried() -> None:
    tried = {name for bad, _ in BAD.values() for name in bad.trainer}
    assert set(REFUSED) - tried == set()


def test_what_changes_nothing_is_not_refused() -> None:
    harmless = {"assistant_only_loss": False, "truncation_mode": "keep_start", "packing_strategy": "bfd_split"}
    harmless |= {"fsdp": "", "average_tokens_across_devices": True}
    assert list(refused("sft", {**harmless, "train_sampling_strategy": "group_by_length"}, gpu=False)) == []
    assert list(refused("sft", {"activation_offloading": True}, gpu=True)) == []


def test_flash_attention_in_32_bits_is_refused_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "_missing", lambda name: "")
    flash = recipe().model_copy(update={"attn_implementation": "flash_attention_2"})
    attention.refuse_missing(flash, SimpleNamespace(bf16=True, fp16=False))
    with pytest.raises(ConfigError, match=r"computes in 16 bits only: set trainer\.bf16"):
        attention.refuse_missing(flash, SimpleNamespace(bf16=False, fp16=False))


def test_attention_that_the_architecture_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    monkeypatch.setattr(LlamaForCausalLM, "_supports_sdpa", False)
    sdpa = recipe().model_copy(update={"attn_implementation": "sdpa"})
    tiny = LlamaConfig(vocab_size=8, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1)
    with pytest.raises(ConfigError, match="attn_implementation: medpipe-sandbox/tiny-llama cannot use sdpa"):
        attention.refuse_unsupported(sdpa, tiny)


@pytest.mark.parametrize(("bad", "words"), BAD.values(), ids=BAD)
def test_it_is_refused_before_the_base_is_loaded(
    tiny_base: Path,
    examples: Path,  # noqa: F811
    pairs: Path,  # noqa: F811
    tmp_path: Path,
    no_weights: None,
    bad: Recipe,
    words: str,
) -> None:
    data = examples if bad.method == "sft" else pairs
    with pytest.raises(MedpipeError, match=words):
        train(tiny_base, bad, data, tmp_path / "a")


def test_one_process_uses_one_of_several_gpus_so_that_a_step_has_the_rows_of_the_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = SFTConfig.__post_init__

    def on_four_gpus(arguments: SFTConfig) -> None:
        begin(arguments)
        arguments._n_gpu = 4

    monkeypatch.setattr(SFTConfig, "__post_init__", on_four_gpus)
    assert settings.configuration(recipe(), True, tmp_path).train_batch_size == 4


def test_a_base_whose_configuration_cannot_be_read_is_named(
    examples: Path,  # noqa: F811
    tmp_path: Path,
    no_weights: None,
) -> None:
    (tmp_path / "models" / "broken").mkdir(parents=True)
    (tmp_path / "models" / "broken" / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"recipe 'small': the base model 'broken' .* could not be loaded"):
        train(tmp_path / "models", recipe(base="broken"), examples, tmp_path / "a")


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("r: 0", r"lora\.r: .*greater than or equal to 1; it is 0"),
        ("lora_dropout: 1.0", r"lora\.lora_dropout: .*less than 1"),
        ("target_modules: [q_proj, lm_head]", r"lora\.target_modules.*applies no adapter to lm_head"),
        ("target_modules: []", r"lora\.target_modules.*names no module"),
        ("use_dora: true", r"lora\.use_dora: unknown key"),
        ("modules_to_save: [lm_head]", r"lora\.modules_to_save: unknown key"),
        ("rank: 8", r"lora\.rank: unknown key .*known keys: .*r,"),
    ],
)
def test_a_lora_block_that_cannot_work_is_refused_with_its_recipe(tmp_path: Path, block: str, words: str) -> None:
    text = f"name: bad\nsummary: s\nmethod: sft\nbase: b\ntrainer: {{}}\nlora:\n  {block}\n"
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        configuration.load_named(tmp_path, "bad", "recipe", Recipe)


def test_eight_bits_beside_four_are_refused() -> None:
    eight = Quantization.model_validate({"load_in_8bit": True})
    assert not eight.load_in_4bit
    assert Quantization.model_validate(eight.model_dump()) == eight, "a stored recipe can be read again"
    with pytest.raises(ValueError, match="load_in_8bit and load_in_4bit are both true"):
        Quantization(load_in_8bit=True, load_in_4bit=True)


def test_the_losses_are_those_that_trl_lists() -> None:
    for method, kind in (("sft", SFTConfig), ("dpo", DPOConfig)):
        listed = re.findall(r"`'(\w+)'`", kind.__dataclass_fields__["loss_type"].metadata["help"])
        assert settings.LOSSES[method] == tuple(listed)
    assert settings.LOSSES["kto"] == tuple(KTOConfig.__dataclass_fields__["loss_type"].metadata["choices"])


@pytest.mark.parametrize("method", ["sft", "dpo"])
def test_a_learning_rate_of_1000_leaves_no_adapter(
    tiny_base: Path,
    examples: Path,  # noqa: F811
    pairs: Path,  # noqa: F811
    tmp_path: Path,
    method: str,
) -> None:
    start = train(tiny_base, recipe(max_steps=2), examples, tmp_path / "start") if method == "dpo" else None
    hot = recipe(method, learning_rate=1000.0, max_steps=12)
    with pytest.raises(ConfigError, match=r"diverged: at step \d+ its (loss|grad_norm) is nan.*lower learning_rate"):
        TrlTrainer(tiny_base, 1, True).train(
            hot, pairs if start else examples, start, tmp_path / "a", tmp_path / "work", quiet
        )
    assert not (tmp_path / "a" / WEIGHTS).exists()


def test_a_loss_that_is_no_number_stops_a_training_at_once() -> None:
    divergence.stop("small", 3, {"loss": 2.5, "grad_norm": 1.0})
    with pytest.raises(ConfigError, match="at step 3 its loss is nan"):
        divergence.stop("small", 3, {"loss": float("nan")})
    with pytest.raises(ConfigError, match="at step 3 its grad_norm is inf"):
        divergence.stop("small", 3, {"loss": 0.0, "grad_norm": float("inf")})
    divergence.stop("small", 3, {"loss": 0.1, "grad_norm": float("inf")}, scaled=True)


def test_a_run_that_ends_as_it_began_is_kept() -> None:
    divergence.refuse(recipe(), [{"loss": 2.0}, {"loss": 2.1}, {"train_loss": 9.0}], guessing=6.2)
    with pytest.raises(ConfigError, match=r"ended at 6\.3, above 6\.2"):
        divergence.refuse(recipe(), [{"loss": 2.0}, {"loss": 6.3}], guessing=6.2)
