"""A tiny GPT-2 with random weights: a base of the kind for which vLLM has no LoRA."""

from __future__ import annotations

from pathlib import Path

from tests.real_engine import save_tokenizer


def make_gpt2(folder: Path) -> None:
    """Write the base into a folder, with a byte-level tokenizer."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    vocabulary = save_tokenizer(folder)
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=vocabulary, n_embd=64, n_layer=2, n_head=2, n_positions=512, bos_token_id=1, eos_token_id=2
    )
    model = GPT2LMHeadModel(config)
    for name, weights in model.named_parameters():
        if weights.dim() == 2 and "wpe" not in name:
            torch.nn.init.normal_(weights, std=0.2)  # strong enough that answers differ
    model.save_pretrained(folder)
