"""The files of a trained adapter, in the same bytes for equal runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medpipe.core.base_name import parted
from medpipe.core.teaching.recipe import Recipe

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"


def save(model: Any, recipe: Recipe, out: Path, trained: Mapping[str, Any] | None = None) -> None:
    """Write the trained adapter without the frozen reference of DPO and KTO, in the same bytes for equal runs.

    `trained`: the tensors by name; None: those of `model`, which may be in parts where processes share it.
    """
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(str(out), selected_adapters=["default"], state_dict=trained)
    for extra in out.iterdir():
        if extra.name not in (WEIGHTS, CONFIG):
            shutil.rmtree(extra) if extra.is_dir() else extra.unlink()
    config = json.loads((out / CONFIG).read_text(encoding="utf-8"))
    config["base_model_name_or_path"], config["revision"] = parted(recipe.base)
    # peft writes sets as lists, in no fixed order.
    ordered = {key: sorted(value) if isinstance(value, list) else value for key, value in config.items()}
    (out / CONFIG).write_text(json.dumps(ordered, indent=1, sort_keys=True) + "\n", encoding="utf-8")
