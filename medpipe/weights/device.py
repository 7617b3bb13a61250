"""Where a model's weights go: the first GPU of this machine, or its CPU without one."""

from __future__ import annotations


def device_map() -> dict[str, int | str]:
    """Return the `device_map` of transformers' `from_pretrained` that puts all weights in one place."""
    import torch

    return {"": 0} if torch.cuda.is_available() else {"": "cpu"}
