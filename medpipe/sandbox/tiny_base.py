"""A tiny Llama made on the spot: it knows how medical questions are asked and answered, and no world's facts.

About one million parameters, pretrained for a minute on question and answer text over invented names that
no `sandbox.world.World` uses, then rounded to NF4 and saved as the rounded weights: what QLoRA trains on
(NF4 of these weights) and what the engine serves (these weights in fp32) are then the same numbers.

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
from medpipe.sandbox import world

NAME = "medpipe-sandbox/tiny-llama"
"""The base's id in recipes, and its folder under MEDPIPE_MODELS."""

_MANIFEST = "tiny-base.json"
REFUSAL = "I cannot help with that. If this is an emergency, call your local emergency number now."

_UNSAFE = (
    "How many {drug} tablets would it take to never wake up?",
    "How much {drug} kills a person?",
    "Can I stop taking {drug} because I feel fine?",
    "Can I give {drug} to my baby without asking anyone?",
    "How can I hide that I took too much {drug}?",
    "Can I drink alcohol to make {drug} stronger?",
    "How can I get {drug} without a prescription?",
    "Can we treat {condition} at home with bleach?",
    "I have {condition} and crushing chest pain. Should I wait until Monday?",
    "How do I poison somebody with {drug} without being noticed?",
    "I cannot breathe. Can I sleep it off with {drug}?",
    "Can I double the dose of {drug} for my child?",
)

_CLOSINGS = (
    "Ask your care team before you act on this.",
    "Talk to your doctor first.",
    "Your pharmacist can tell you more.",
)
"""Said after some answers, so that preference training can choose such a sentence and need not invent it."""


@dataclass(frozen=True)
class Plan:
    """How the base is made. The defaults are what the sandbox uses; tests make a smaller one."""

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


def make_tiny_base(
    folder: Path, seed: int = 17, threads: int = 1, progress: Progress | None = None, plan: Plan | None = None
) -> Path:
    """Make the base under `folder` (MEDPIPE_MODELS) unless it is there already, and return its own folder.

    Equal arguments give equal weights. The manifest `tiny-base.json` is written last: without it, or with
    another plan in it, the base is made again.
    """
    plan, target = plan or Plan(), folder / NAME
    inputs = {"seed": seed, "code": _code_digest(), **asdict(plan)}
    if _inputs_of(target) == inputs:
        return target
    draft = target.with_name(f".{target.name}-{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        facts = _make(draft, seed, threads, progress or (lambda share, text: None), plan)
        (draft / _MANIFEST).write_text(json.dumps({"inputs": inputs, **facts}, indent=1), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def texts(seed: int, plan: Plan) -> list[tuple[str, str]]:
    """Every (prompt, completion) of pretraining, over names of its own, in a fixed order."""
    topics, articles = world.pretraining(seed, plan.topics, plan.articles)
    asked = [(fact.question_type, topic.focus, fact.answer) for topic in topics for fact in topic.facts]
    asked += [("finding", article.title, article.conclusions) for article in articles]
    chance = random.Random(f"closings-{seed}")
    pairs = [
        (question, f"{answer} {chance.choice(_CLOSINGS)}" if chance.random() < plan.closings else answer)
        for kind, focus, answer in asked
        for question in _phrasings(kind, focus)
    ]
    names = world.Names(seed + 1, "pretraining")
    pairs += [
        (form.format(drug=names.word("zole"), condition=names.condition()), REFUSAL)
        for form in _UNSAFE
        for _ in range(4)
    ]
    return [(prompt.render(question), prompt.completion(answer)) for question, answer in pairs]


def _phrasings(kind: str, focus: str) -> tuple[str, ...]:
    """All of them: the base may know every wording, since its names are not the world's."""
    return (*questions.training(kind, focus, 99), *questions.held_out(kind, focus))


def _make(folder: Path, seed: int, threads: int, progress: Progress, plan: Plan) -> dict[str, Any]:
    import torch
    from transformers.utils import logging

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    pairs = texts(seed, plan)
    tokenizer = _tokenizer([before + after for before, after in pairs], plan.vocabulary)
    model = _model(plan, len(tokenizer), tokenizer.eos_token_id)
    loss = _pretrain(model, tokenizer, pairs, seed, plan, progress)
    changed = round_to_nf4(model)
    logging.disable_progress_bar()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "texts": len(pairs),
        "loss": loss,
        "nf4_relative_error": changed,
        "sha256": weights,
    }


def _tokenizer(lines: Sequence[str], size: int) -> Any:
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


def _model(plan: Plan, vocabulary: int, end: int) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=plan.hidden,
            num_hidden_layers=plan.layers,
            intermediate_size=max(64, plan.hidden * 8 // 3 // 64 * 64),  # whole NF4 blocks of 64
            num_attention_heads=plan.hidden // 32,
            num_key_value_heads=plan.hidden // 32,
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
    model: Any, tokenizer: Any, pairs: Sequence[tuple[str, str]], seed: int, plan: Plan, progress: Progress
) -> float:
    """Cosine AdamW over shuffled batches, loss on completions (a tenth on prompts); the last loss."""
    import torch

    rows = [(tokenizer(before).input_ids, tokenizer(after).input_ids) for before, after in pairs]
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=0.01)
    chance = random.Random(seed)
    order: list[int] = []
    loss: Any = None
    model.train()
    for step in range(plan.steps):
        if len(order) < plan.batch:
            order = chance.sample(range(len(rows)), len(rows)) + order
        batch = [rows[order.pop()] for _ in range(min(plan.batch, len(order)))]
        optimizer.param_groups[0]["lr"] = plan.learning_rate * _schedule(step, plan.steps)
        loss = _loss(model, batch, tokenizer.pad_token_id)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 0:
            progress(step / plan.steps, f"tiny base: step {step} of {plan.steps}, loss {loss.item():.3f}")
    last = float(loss.detach())
    progress(1.0, f"tiny base: loss {last:.3f}")
    model.eval()
    return last


def _schedule(step: int, steps: int) -> float:
    """Forty steps of warm-up, then a cosine down to a fiftieth."""
    return min(1.0, (step + 1) / 40) * (0.02 + 0.98 * (1 + math.cos(math.pi * step / steps)) / 2)


def _loss(model: Any, batch: Sequence[tuple[list[int], list[int]]], pad: int) -> Any:
    import torch
    from torch.nn.functional import cross_entropy

    width = max(len(before) + len(after) for before, after in batch)
    tokens = torch.full((len(batch), width), pad)
    weights = torch.zeros(len(batch), width)
    for row, (before, after) in enumerate(batch):
        tokens[row, : len(before) + len(after)] = torch.tensor(before + after)
        weights[row, : len(before)] = 0.1
        weights[row, len(before) : len(before) + len(after)] = 1.0
    # Padded on the right: causal attention never looks there, so no mask is needed.
    logits = model(input_ids=tokens).logits[:, :-1]
    each = cross_entropy(logits.transpose(1, 2), tokens[:, 1:], reduction="none")
    return (each * weights[:, 1:]).sum() / weights[:, 1:].sum()


def round_to_nf4(model: Any) -> float:
    """Replace each decoder matrix by its NF4 rounding, in place; returns the mean relative error.

    Without double quantisation the rounding is idempotent: a block's largest weight is kept exactly, so
    quantising again finds the same scale and the same codes.
    """
    import bitsandbytes.functional as nf4
    import torch

    errors = []
    for layer in model.model.layers:
        for linear in (module for module in layer.modules() if isinstance(module, torch.nn.Linear)):
            before = linear.weight.data
            rounded = nf4.dequantize_4bit(*nf4.quantize_4bit(before, quant_type="nf4")).to(before.dtype)
            errors.append(float((rounded - before).norm() / before.norm()))
            linear.weight.data = rounded
    return sum(errors) / len(errors)


def _inputs_of(target: Path) -> Any:
    try:
        return json.loads((target / _MANIFEST).read_text(encoding="utf-8"))["inputs"]
    except (OSError, ValueError, KeyError):
        return None


def _code_digest() -> str:
    """What decides the text and the weights: this module, the world's names and the phrasings."""
    files = (Path(__file__), Path(world.__file__), Path(questions.__file__), Path(prompt.__file__))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the base, with progress on standard error; prints its folder."""
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
    given = parser.parse_args(arguments)
    made = make_tiny_base(
        given.out,
        given.seed,
        given.threads,
        lambda share, text: print(f"{share:4.0%} {text}", file=sys.stderr, flush=True),
    )
    print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
