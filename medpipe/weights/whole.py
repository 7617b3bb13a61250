"""Whole models in folders, as transformers and vLLM read them: weights, configuration and tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CONFIG = "config.json"
"""What every whole model has. Its weights are in `model.safetensors`, or in several files with an index of them."""


def write(model: Any, tokenizer: Any, out: Path) -> None:
    """Write a model with its tokenizer. Equal models give equal bytes."""
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


def is_whole(folder: Path) -> bool:
    """Return whether a folder holds a whole model, and not an adapter."""
    return (folder / CONFIG).is_file()
