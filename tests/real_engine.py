"""A real vLLM with a tiny, random Llama and random LoRA adapters, for the slow tests.

vLLM runs in an environment of its own: `.venv-engine`, or the one of the Python in MEDPIPE_ENGINE_PYTHON.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from medpipe.sandbox.servers import ENGINE_VARIABLES, engine_command
from tests.places import ROOT
from tests.processes import LOCAL, free_port, serving

PYTHON = Path(os.environ.get("MEDPIPE_ENGINE_PYTHON", ROOT / ".venv-engine" / "bin" / "python"))
START_SECONDS = 300
RANK = 8


def make_base(folder: Path) -> None:
    """Write a Llama of about 0.1 M parameters with random weights, and a byte-level tokenizer."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        ["Question: What causes Velorin fever?\nAnswer: A virus."],
        trainers.BpeTrainer(
            vocab_size=320,
            special_tokens=["<pad>", "<s>", "</s>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(fast),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=512,
            bos_token_id=1,
            eos_token_id=2,
            pad_token_id=0,
        )
    ).save_pretrained(folder)


def make_adapter(base: Path, folder: Path, seed: int) -> None:
    """Write a random adapter, strong enough to change every answer."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaForCausalLM

    torch.manual_seed(seed)
    config = LoraConfig(r=RANK, lora_alpha=64, target_modules=["q_proj", "v_proj", "down_proj"], task_type="CAUSAL_LM")
    model = get_peft_model(LlamaForCausalLM.from_pretrained(base), config)
    for name, weights in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weights, std=0.2)
    model.save_pretrained(folder)


class RealEngine(NamedTuple):
    """A vLLM that runs, its base, and two adapters on disk that it has not loaded."""

    url: str
    base: Path
    adapters: tuple[Path, Path]


@contextmanager
def on(base: Path, home: Path) -> Iterator[str]:
    """Run vLLM on a base, with its log in `home`, and yield its address. Skips where its environment is missing."""
    if not PYTHON.exists():
        pytest.skip("the engine's environment is not here: make env-engine")
    port = free_port()
    url = f"http://{LOCAL}:{port}"
    variables = {**ENGINE_VARIABLES, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with serving(engine_command(str(PYTHON), base, port), f"{url}/health", home / "vllm.log", variables, START_SECONDS):
        yield url


@contextmanager
def running(home: Path) -> Iterator[RealEngine]:
    """Run vLLM on a random base. Skips the test where the engine's environment is missing."""
    base, adapters = home / "tiny", (home / "one", home / "two")
    make_base(base)
    for seed, folder in enumerate(adapters, start=1):
        make_adapter(base, folder, seed)
    with on(base, home) as url:
        yield RealEngine(url, base, adapters)
