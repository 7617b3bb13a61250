"""The matrices of a model: what adapters are for, and what rounding rounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def linear_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and module of each linear layer (GPT-2's are Conv1D) but for the output embeddings."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    head = model.get_output_embeddings()
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | Conv1D) and module is not head:
            yield name, module
