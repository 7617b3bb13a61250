"""Where a model's weights go: the GPU of this process, the first one unless it is told, or the CPU without one."""

from __future__ import annotations


def device_map() -> dict[str, int | str]:
    """Return the `device_map` of transformers' `from_pretrained` that puts all weights in one place."""
    import torch

    return {"": torch.cuda.current_device()} if torch.cuda.is_available() else {"": "cpu"}
