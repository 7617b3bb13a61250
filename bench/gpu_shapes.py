"""The bases and the rows of `bench.gpu_training`: published shapes with random weights, questions as long as MedQuAD's.

Speed and memory of a training depend on the shapes of the weights and the lengths of the rows, and not on their
values, so nothing has to be downloaded.
"""

from __future__ import annotations

import bisect
import json
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from medpipe import records
from medpipe.core.teaching.example import Example

SEED = 17
ROWS = 256
"""Sixteen steps of sixteen rows. `group_by_length` sorts all of them: it sorts fifty steps at a time."""
_WORDS = 4_000
_MAX_LENGTH, _FRAME = 1024, 3
"""Tokens of the longest row, and those around question and answer: two labels and the end."""
_CHARS_PER_TOKEN = 4.5
"""What tokenizers of this size reach on English text, about."""
_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_QUESTION_CHARS = (16, 31, 36, 40, 44, 48, 53, 58, 64, 74, 84, 110)
_ANSWER_CHARS = (6, 261, 383, 520, 676, 856, 1067, 1406, 1736, 2357, 3194, 7957)
"""Characters of MedQuAD's 9,934 answered pairs, white space collapsed, at `_SHARES` of them."""


class Shape(NamedTuple):
    """The architecture of a published model: the type and the values of transformers' configuration."""

    like: str
    kind: str
    values: Mapping[str, Any]


SHAPES: Mapping[str, Shape] = {
    "1.7B": Shape(
        "Qwen/Qwen3-1.7B-Base",
        "qwen3",
        {
            "hidden_size": 2048,
            "intermediate_size": 6144,
            "num_hidden_layers": 28,
            "num_attention_heads": 16,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "vocab_size": 151_936,
            "tie_word_embeddings": True,
        },
    ),
    "3B": Shape(
        "meta-llama/Llama-3.2-3B",
        "llama",
        {
            "hidden_size": 3072,
            "intermediate_size": 8192,
            "num_hidden_layers": 28,
            "num_attention_heads": 24,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "vocab_size": 128_256,
            "tie_word_embeddings": True,
        },
    ),
    "7B": Shape(
        "mistralai/Mistral-7B-v0.1",
        "mistral",
        {
            "hidden_size": 4096,
            "intermediate_size": 14_336,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "vocab_size": 32_000,
            "tie_word_embeddings": False,
            "sliding_window": None,
        },
    ),
    "tiny": Shape(
        "nothing published; for a quick run",
        "llama",
        {
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "vocab_size": 5_000,
            "tie_word_embeddings": True,
        },
    ),
}


def write_base(folder: Path, shape: Shape) -> dict[str, Any]:
    """Write a model with random bf16 weights and a tokenizer of `_WORDS` words; return its size and the seconds."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    began = time.monotonic()
    words = {"[UNK]": 0, "<|end|>": 1, "<|pad|>": 2, "Question:": 3, "Answer:": 4}
    words |= {f"w{number}": number + len(words) for number in range(_WORDS)}
    PreTrainedTokenizerFast(
        tokenizer_object=_word_tokenizer(words), eos_token="<|end|>", pad_token="<|pad|>", unk_token="[UNK]"
    ).save_pretrained(folder)
    torch.manual_seed(SEED)
    config = AutoConfig.for_model(
        shape.kind, **shape.values, max_position_embeddings=4096, bos_token_id=None, eos_token_id=1, pad_token_id=2
    )
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    parameters = sum(value.numel() for value in model.parameters())
    return {"parameters": parameters, "seconds_to_write": round(time.monotonic() - began, 1)}


def _word_tokenizer(words: Mapping[str, int]) -> Any:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit

    tokenizer = Tokenizer(WordLevel(dict(words), unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    return tokenizer


def examples(count: int = ROWS) -> Iterator[Example]:
    """Yield invented examples, one token a word, the words as frequent as in a language (Zipf)."""
    chance = random.Random(SEED)
    vocabulary = [f"w{number}" for number in range(_WORDS)]
    weights = [1 / (rank + 1) for rank in range(_WORDS)]
    for _ in range(count):
        asked = _tokens(chance.random(), _QUESTION_CHARS)
        question = chance.choices(vocabulary, weights, k=asked)
        answer = chance.choices(
            vocabulary, weights, k=min(_tokens(chance.random(), _ANSWER_CHARS), _MAX_LENGTH - asked - _FRAME)
        )
        yield Example(question=" ".join(question), answer=" ".join(answer), document_ids=("made:1",), source="made")


def _tokens(share: float, chars: Sequence[int]) -> int:
    """Return the tokens of the text that is longer than `share` of all, between the known shares in a line."""
    share = min(share, _SHARES[-1])
    above = max(1, bisect.bisect_left(_SHARES, share))
    low, high = _SHARES[above - 1], _SHARES[above]
    length = chars[above - 1] + (chars[above] - chars[above - 1]) * (share - low) / (high - low)
    return max(1, round(length / _CHARS_PER_TOKEN))


def main(name: str, home: str) -> None:
    """Write `home`/models/NAME and `home`/data/train.jsonl, and print the base's figures."""
    figures = write_base(Path(home) / "models" / name, SHAPES[name])
    records.write(Path(home) / "data" / "train.jsonl", examples())
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
