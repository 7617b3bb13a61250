"""How much GPU memory a training takes, computed from the shape of its base: for GPUs that nobody measured.

    python -m bench.gpu_memory          prints the table of docs/gpus.md

A training of LoRA adapters on all linear layers has, on each GPU:

- the weights: 0.516 bytes for each weight of a linear layer in NF4 with double quantisation (half a byte, a scale of 8
  bits for 64 weights, and a scale of 32 bits for 256 of those; arXiv:2305.14314, section 3), 2 bytes in bf16, which
  embeddings and head have in any case;
- the adapters: 16 bytes for each number (weight, gradient and the two moments of AdamW, in float32);
- the activations, for each token of a batch: with gradient checkpointing, 2 bytes × hidden for each layer
  (arXiv:1604.06174) and 80 bytes × hidden for the one that is computed anew; without it, 68 bytes × hidden for each
  layer;
- 0.2 GiB of parts of the loss; then 6 % for torch's cache, and 0.75 GiB for CUDA.

The constants 80, 68, 0.2, 6 % and 0.75 were fitted to the measurements of the 1.7B and 7B shapes in
bench/results/gpu.json; the 3B shape was measured too and is not among them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bench.gpu_shapes import SHAPES, Shape

LENGTH, RANK = 1024, 16
"""Tokens of a row, and the rank of the adapters, as in `bench.gpu_arms`."""
_GIB = 2**30
_NF4, _BF16, _TRAINED = 0.5 + (8 / 64 + 32 / (64 * 256)) / 8, 2.0, 16.0
_LAYER, _AGAIN, _KEPT = 2, 80, 68
_LOSS, _CACHE, _CUDA = 0.2, 1.06, 0.75

LARGER: Mapping[str, Shape] = {
    "8B": Shape(
        "meta-llama/Llama-3.1-8B", "llama", {**SHAPES["7B"].values, "vocab_size": 128_256, "sliding_window": None}
    ),
    "70B": Shape(
        "meta-llama/Llama-3.1-70B",
        "llama",
        {
            "hidden_size": 8192,
            "intermediate_size": 28_672,
            "num_hidden_layers": 80,
            "num_attention_heads": 64,
            "num_key_value_heads": 8,
            "vocab_size": 128_256,
            "tie_word_embeddings": False,
        },
    ),
}
"""Shapes that were not measured."""
EVERY = {**{name: shape for name, shape in SHAPES.items() if name != "tiny"}, **LARGER}
CARDS = {"16 GB": 15.0, "24 GB": 22.5, "80 GB": 79.0}
"""GPU → the memory that a training can have, GiB: what the card reports, less a reserve."""


class Sizes(NamedTuple):
    """The numbers of a base and its adapters."""

    hidden: int
    layers: int
    linear: int
    """Weights of the linear layers."""
    tokens: int
    """Weights of embeddings and head."""
    adapters: int

    @classmethod
    def of(cls, shape: Shape, rank: int = RANK) -> Sizes:
        """Return the sizes of a shape, with adapters of this rank on every linear layer."""
        values = shape.values
        hidden, inner, layers = (values[f] for f in ("hidden_size", "intermediate_size", "num_hidden_layers"))
        head = values.get("head_dim", hidden // values["num_attention_heads"])
        asked, kept = head * values["num_attention_heads"], head * values["num_key_value_heads"]
        matrices = [(hidden, asked), (hidden, kept), (hidden, kept), (asked, hidden), *[(hidden, inner)] * 3]
        return cls(
            hidden,
            layers,
            layers * sum(rows * columns for rows, columns in matrices),
            values["vocab_size"] * hidden * (1 if values["tie_word_embeddings"] else 2),
            layers * rank * sum(rows + columns for rows, columns in matrices),
        )


def estimate(shape: Shape, rows: int, nf4: bool = True, checkpointing: bool = True, sharing: int = 1) -> float:
    """Return the GiB of one GPU that a training takes with `rows` rows of `LENGTH` tokens at once.

    `sharing`: how many GPUs share weights and adapters (FSDP); each has one whole layer at a time, and the next one.
    """
    sizes = Sizes.of(shape)
    linear = sizes.linear * (_NF4 if nf4 else _BF16)
    held = linear + sizes.tokens * _BF16 + sizes.adapters * _TRAINED
    if sharing > 1:
        held = held / sharing + 2 * linear / sizes.layers + sizes.tokens * _BF16
    token = sizes.hidden * (_LAYER * sizes.layers + _AGAIN if checkpointing else _KEPT * sizes.layers)
    return _CACHE * ((held + rows * LENGTH * token) / _GIB + _LOSS) + _CUDA


def most_rows(shape: Shape, memory: float, checkpointing: bool = True, sharing: int = 1) -> int:
    """Return the largest power of two of rows at once that `memory` GiB suffice for; 0 for none."""
    powers = (2**power for power in range(7))
    return max((rows for rows in powers if estimate(shape, rows, True, checkpointing, sharing) <= memory), default=0)


def table() -> Iterator[str]:
    """Yield the lines of the table: the GiB that 8 and 16 rows at once take, and the most rows that fit each GPU."""
    yield "| base | 8 rows | 16 rows | 16 GB | 24 GB | 80 GB | 80 GB, no checkpointing | each of 4 × 80 GB, sharded |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, shape in EVERY.items():
        cells = [f"{estimate(shape, rows):.1f} GiB" for rows in (8, 16)]
        cells += [_rows(most_rows(shape, memory)) for memory in CARDS.values()]
        cells += [_rows(most_rows(shape, CARDS["80 GB"], checkpointing=False))]
        cells += [_rows(most_rows(shape, CARDS["80 GB"], sharing=4))]
        yield f"| {name} | {' | '.join(cells)} |"


def _rows(number: int) -> str:
    return "64 or more" if number == 64 else str(number or "none")


if __name__ == "__main__":
    sys.stdout.write("\n".join(table()) + "\n")
