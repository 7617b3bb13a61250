"""A tiny Llama, pretrained here: it has the form of medical questions and answers, and knows no world's facts.

It has about one million parameters. It is pretrained for a minute on questions and answers over invented names
that no `sandbox.world.World` uses, then rounded to NF4 and saved as the rounded weights. QLoRA trains on NF4 of
these weights and the engine serves them in fp32: both are then the same numbers.

`python -m medpipe.sandbox.tiny_base --out MODELS` writes MODELS/medpipe-sandbox/tiny-llama.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medpipe.core import prompt
from medpipe.core.teaching import questions
from medpipe.sandbox import tiny_base_texts, world
from medpipe.sandbox.tiny_base_texts import texts
from medpipe.weights import rounding

NAME = "medpipe-sandbox/tiny-llama"
"""The base's id in recipes, and its folder under MEDPIPE_MODELS."""

_MANIFEST = "tiny-base.json"


@dataclass(frozen=True)
class Pretraining:
    """Sizes and lengths of the pretraining. The defaults are the sandbox's; tests use smaller ones."""

    topics: int = 300
    articles: int = 90
    steps: int = 700
    batch: int = 24
    learning_rate: float = 4e-3
    hidden: int = 192
    layers: int = 2
    vocabulary: int = 1024
    closings: float = 0.15
    """Share of answers that end with a second, general sentence."""


Progress = Callable[[float, str], None]
"""Called with the finished share (0 to 1) and a line of text."""


def make_tiny_base(
    folder: Path,
    seed: int = 17,
    threads: int = 1,
    progress: Progress | None = None,
    pretraining: Pretraining | None = None,
) -> Path:
    """Make the base under `folder` (MEDPIPE_MODELS) unless it exists, and return its own folder.

    Equal arguments give equal weights. The manifest `tiny-base.json` is written last: if it is missing or names
    other inputs, the base is made again. `threads` is the number of torch threads.
    """
    pretraining, target = pretraining or Pretraining(), folder / NAME
    inputs = {"seed": seed, "code": _code_digest(), **asdict(pretraining)}
    if _inputs_of(target) == inputs:
        return target
    draft = target.with_name(f".{target.name}-{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        figures = _make(draft, seed, threads, progress or (lambda share, text: None), pretraining)
        (draft / _MANIFEST).write_text(json.dumps({"inputs": inputs, **figures}, indent=1), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _make(folder: Path, seed: int, threads: int, progress: Progress, pretraining: Pretraining) -> dict[str, Any]:
    """Pretrain, round and save the base in `folder`; return the figures of its manifest."""
    import torch
    from transformers.utils import logging

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    pairs = texts(seed, pretraining.topics, pretraining.articles, pretraining.closings)
    tokenizer = _tokenizer([before + after for before, after in pairs], pretraining.vocabulary)
    model = _model(pretraining, len(tokenizer), tokenizer.eos_token_id)
    loss = _pretrain(model, tokenizer, pairs, seed, pretraining, progress)
    error = rounding.to_nf4(model)
    logging.disable_progress_bar()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "texts": len(pairs),
        "loss": loss,
        "nf4_relative_error": error,
        "sha256": weights,
    }


def _tokenizer(lines: Sequence[str], size: int) -> Any:
    """Train a byte-level BPE of `size` tokens on the lines."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        lines, vocab_size=size, min_frequency=2, show_progress=False, special_tokens=["<|end|>", "<|pad|>"]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer,
        eos_token="<|end|>",
        pad_token="<|pad|>",
        model_max_length=512,
        padding_side="left",
    )


def _model(pretraining: Pretraining, vocabulary: int, end: int) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=pretraining.hidden,
            num_hidden_layers=pretraining.layers,
            intermediate_size=max(64, pretraining.hidden * 8 // 3 // 64 * 64),  # whole NF4 blocks of 64
            num_attention_heads=pretraining.hidden // 32,
            num_key_value_heads=pretraining.hidden // 32,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=end,
            pad_token_id=1,
            attention_dropout=0.0,
            dtype="float32",
        )
    )


def _pretrain(
    model: Any,
    tokenizer: Any,
    pairs: Sequence[tuple[str, str]],
    seed: int,
    pretraining: Pretraining,
    progress: Progress,
) -> float:
    """Train in place with AdamW and a cosine schedule over shuffled batches; return the last loss."""
    import torch

    rows = [(tokenizer(before).input_ids, tokenizer(after).input_ids) for before, after in pairs]
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=0.01)
    chance = random.Random(seed)
    order: list[int] = []
    loss: Any = None
    model.train()
    for step in range(pretraining.steps):
        if len(order) < pretraining.batch:
            order = chance.sample(range(len(rows)), len(rows)) + order
        batch = [rows[order.pop()] for _ in range(min(pretraining.batch, len(order)))]
        optimizer.param_groups[0]["lr"] = pretraining.learning_rate * _schedule(step, pretraining.steps)
        loss = _loss(model, batch, tokenizer.pad_token_id)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 0:
            progress(step / pretraining.steps, f"tiny base: step {step} of {pretraining.steps}, loss {loss.item():.3f}")
    last = float(loss.detach())
    progress(1.0, f"tiny base: loss {last:.3f}")
    model.eval()
    return last


def _schedule(step: int, steps: int) -> float:
    """Return the factor of the learning rate: forty steps of warm-up, then a cosine down to a fiftieth."""
    return min(1.0, (step + 1) / 40) * (0.02 + 0.98 * (1 + math.cos(math.pi * step / steps)) / 2)


def _loss(model: Any, batch: Sequence[tuple[list[int], list[int]]], pad: int) -> Any:
    """Return the mean loss of a batch of (prompt, completion), prompts weighted by a tenth."""
    import torch
    from torch.nn.functional import cross_entropy

    width = max(len(before) + len(after) for before, after in batch)
    tokens = torch.full((len(batch), width), pad)
    weights = torch.zeros(len(batch), width)
    for row, (before, after) in enumerate(batch):
        tokens[row, : len(before) + len(after)] = torch.tensor(before + after)
        weights[row, : len(before)] = 0.1
        weights[row, len(before) : len(before) + len(after)] = 1.0
    # Padding is on the right: causal attention never looks there, so no mask is needed.
    logits = model(input_ids=tokens).logits[:, :-1]
    losses = cross_entropy(logits.transpose(1, 2), tokens[:, 1:], reduction="none")
    return (losses * weights[:, 1:]).sum() / weights[:, 1:].sum()


def _inputs_of(target: Path) -> Any:
    """Return the inputs that a finished base was made from; None when there is none."""
    try:
        return json.loads((target / _MANIFEST).read_text(encoding="utf-8"))["inputs"]
    except (OSError, ValueError, KeyError):
        return None


def _code_digest() -> str:
    """Return a digest of the code that decides text and weights: this module, names, phrasings and prompts."""
    modules = (tiny_base_texts, world, questions, prompt)
    files = (Path(__file__), *(Path(str(module.__file__)) for module in modules))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the base with progress on standard error, and print its folder."""
    parser = argparse.ArgumentParser(prog="python -m medpipe.sandbox.tiny_base", description=__doc__)
    parser.add_argument(
        "--out",
        type=Path,
        default=os.environ.get("MEDPIPE_MODELS"),
        required="MEDPIPE_MODELS" not in os.environ,
        help="folder of base models (default: MEDPIPE_MODELS)",
    )
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    folder = make_tiny_base(
        options.out,
        options.seed,
        options.threads,
        lambda share, text: print(f"{share:4.0%} {text}", file=sys.stderr, flush=True),
    )
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
