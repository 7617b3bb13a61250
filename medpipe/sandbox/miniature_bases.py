"""Miniatures of the bases that the shipped recipes name: their architecture, their style of tokenizer, random weights.

A miniature has about 0.2 M parameters and is made in a second, from nothing. It shows that a recipe runs on its kind of
base: which layers get adapters, which template asks, which token ends an answer. It knows nothing, and learns little.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from medpipe.core.base_name import parted
from medpipe.errors import NotFound
from medpipe.sandbox.tiny_base_texts import texts

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CHATML = """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}"""
"""SmolLM2's template."""
MISTRAL = (
    "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] + eos_token}}{% endif %}{% endfor %}"
)
"""The template of Mistral 7B and of what was tuned from it."""

_VOCABULARY = 800
_WIDTH = 64
_LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


class Family(NamedTuple):
    """What sets a family of bases apart."""

    architecture: Mapping[str, Any]
    """transformers' configuration beside the sizes that all miniatures share."""
    eos: str
    """The token that ends a text."""
    bos: str = ""
    """The token that begins a text; "" for none."""
    marks: tuple[str, ...] = ()
    """Other special tokens, of turns."""
    template: str = ""
    """The chat template: its text, or the name of the file in which TRL ships it; "" for none."""
    adds_bos: bool = False
    """Whether the tokenizer itself begins every text with `bos`."""
    pieces: bool = False
    """Whether words begin with `▁` and unknown letters are bytes, as in SentencePiece; else BPE over bytes (GPT-2)."""


_SMOLLM2 = Family(
    {"model_type": "llama", "num_key_value_heads": 2, "max_position_embeddings": 8192, "tie_word_embeddings": True},
    eos="<|im_end|>",
    bos="<|im_start|>",
    template=CHATML,
)
FAMILIES: Mapping[str, Family] = {
    "meta-llama/Llama-3.2-3B-Instruct": Family(
        {
            "model_type": "llama",
            "max_position_embeddings": 131072,
            "rope_parameters": _LLAMA3_ROPE,
            "tie_word_embeddings": True,
        },
        eos="<|eot_id|>",
        bos="<|begin_of_text|>",
        marks=("<|start_header_id|>", "<|end_header_id|>", "<|end_of_text|>"),
        template="llama3_2.jinja",
        adds_bos=True,
    ),
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": _SMOLLM2,
    "HuggingFaceTB/SmolLM2-135M-Instruct": _SMOLLM2,
    "distilbert/distilgpt2": Family(
        {"model_type": "gpt2", "n_positions": 1024}, eos="<|endoftext|>", bos="<|endoftext|>"
    ),
    "BioMistral/BioMistral-7B": Family(
        {"model_type": "mistral", "max_position_embeddings": 32768, "tie_word_embeddings": False},
        eos="</s>",
        bos="<s>",
        template=MISTRAL,
        adds_bos=True,
        pieces=True,
    ),
    # Its template ends a turn by another token than the one that ends a text.
    "Qwen/Qwen3-1.7B-Base": Family(
        {
            "model_type": "qwen3",
            "num_attention_heads": 4,
            "max_position_embeddings": 32768,
            "tie_word_embeddings": True,
        },
        eos="<|endoftext|>",
        marks=("<|im_start|>", "<|im_end|>"),
        template="qwen3.jinja",
    ),
}
"""The hub id of a recipe's base → its family."""


def miniature_name(base: str) -> str:
    """Return the id of a base's miniature, for recipes and as its folder under MEDPIPE_MODELS."""
    return f"medpipe-sandbox/mini-{parted(base)[0].rpartition('/')[2]}"


def make_miniature(base: str, folder: Path, seed: int = 17) -> Path:
    """Make the miniature of a base under `folder` (MEDPIPE_MODELS) unless it is there, and return its own folder.

    Equal arguments give equal weights. Raises NotFound for a base of no family.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast
    from transformers.utils.logging import disable_progress_bar

    name, _ = parted(base)  # a family is the same in every revision
    if name not in FAMILIES:
        raise NotFound(f"no miniature of {base!r}; there are miniatures of: {', '.join(FAMILIES)}")
    family, target = FAMILIES[name], folder / miniature_name(base)
    if (target / "config.json").is_file():
        return target
    disable_progress_bar()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(family, seed), bos_token=family.bos or None, eos_token=family.eos
    )
    tokenizer.chat_template = _template(family)
    tokenizer.save_pretrained(target)
    torch.manual_seed(seed)
    sizes = {
        "vocab_size": len(tokenizer),
        "hidden_size": _WIDTH,
        "intermediate_size": 2 * _WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 32,  # the smallest that vLLM has a kernel for
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    if family.architecture["model_type"] == "gpt2":  # its heads divide the width, and each has keys of its own
        del sizes["intermediate_size"], sizes["num_key_value_heads"], sizes["head_dim"]
    config = AutoConfig.for_model(**{**sizes, **family.architecture})
    AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(target)
    return target


def _template(family: Family) -> str | None:
    """Return the text of the chat template. TRL ships those of the published models (Apache-2.0)."""
    if not family.template.endswith(".jinja"):
        return family.template or None
    import trl

    return (Path(str(trl.__file__)).parent / "chat_templates" / family.template).read_text(encoding="utf-8")


def _tokenizer(family: Family, seed: int) -> Tokenizer:
    """Train a tokenizer of the family's style on the sandbox's texts, with its special tokens."""
    from tokenizers import AddedToken, processors

    lines = [before + after for before, after in texts(seed, topics=40, articles=10, closings=0.1)]
    trained = _pieces(lines) if family.pieces else _bytes(lines)
    special = dict.fromkeys(token for token in (family.bos, family.eos, *family.marks) if token)
    trained.add_special_tokens([AddedToken(token, special=True) for token in special])
    if family.adds_bos:
        trained.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A", special_tokens=[(family.bos, trained.token_to_id(family.bos))]
        )
    return trained


def _bytes(lines: list[str]) -> Tokenizer:
    """Train BPE over bytes, as GPT-2, Llama 3, SmolLM2 and Qwen have it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=_VOCABULARY, initial_alphabet=alphabet, show_progress=False)
    trained.train_from_iterator(lines, trainer)
    return trained


def _pieces(lines: list[str]) -> Tokenizer:
    """Train BPE over pieces of words, as transformers converts the SentencePiece models of Llama 2 and Mistral."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    learning = Tokenizer(models.BPE())
    learning.pre_tokenizer = pre_tokenizers.Metaspace()
    learning.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=_VOCABULARY, show_progress=False))
    learned = json.loads(learning.to_str())["model"]
    tokens = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), *learned["vocab"]]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    merges = [tuple(pair) for pair in learned["merges"]]
    trained = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    trained.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    trained.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return trained
