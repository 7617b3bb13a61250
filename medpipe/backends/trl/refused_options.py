"""Settings of TRL that a recipe cannot have: what they would do here, and what to write instead.

Each would be ignored, would fail when the base is loaded, or would break what medpipe promises of every training: the
form of its prompts, the rows that it learns from, and equal bytes after a kill. `docs/models.md` has the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple


class _Refusal(NamedTuple):
    """When a setting is refused, and why."""

    fits: Callable[[Any], bool]
    """Whether a value changes nothing, or is harmless."""
    reason: str


def _unset(value: Any) -> bool:
    return not value


_LOADS = "the recipe's own fields say how the base is loaded: base, quantization, attn_implementation"
_TOKENS = "rows are tokenised by medpipe, as the base's own tokenizer and the recipe's `template` say"
_PROCESSES = "MEDPIPE_PROCESSES and MEDPIPE_SHARDED say how many processes train, and whether they share the weights"

REFUSED: Mapping[str, _Refusal] = {
    "assistant_only_loss": _Refusal(
        _unset,
        "it is for whole conversations, and a row here is a prompt with its answer: completion_only_loss: true learns "
        "the assistant's turn alone, with the token that ends it",
    ),
    "model_init_kwargs": _Refusal(_unset, _LOADS),
    "trust_remote_code": _Refusal(_unset, "code that comes with a base is never run"),
    "chat_template_path": _Refusal(_unset, _TOKENS),
    "eos_token": _Refusal(_unset, _TOKENS),
    "pad_token": _Refusal(_unset, _TOKENS),
    "dataset_kwargs": _Refusal(_unset, _TOKENS),
    "truncation_mode": _Refusal(
        lambda value: value == "keep_start",
        "keep_end cuts the beginning of a prompt, and no prompt is cut when it is asked",
    ),
    "packing_strategy": _Refusal(
        lambda value: value in ("bfd", "bfd_split"),
        "wrapped cuts rows anywhere, and lets a row read those before it: leave bfd",
    ),
    "save_only_model": _Refusal(_unset, "a killed training could not go on from such a checkpoint to the same bytes"),
    "ignore_data_skip": _Refusal(_unset, "a killed training would learn its first rows twice when it goes on"),
    "auto_find_batch_size": _Refusal(
        _unset, "the memory of the machine would decide what is learned: set per_device_train_batch_size"
    ),
    "fsdp": _Refusal(_unset, _PROCESSES),
    "fsdp_config": _Refusal(_unset, _PROCESSES),
    "deepspeed": _Refusal(_unset, _PROCESSES),
    "accelerator_config": _Refusal(_unset, "it would change which rows a step has"),
    "average_tokens_across_devices": _Refusal(
        bool, "without it a step of several processes would weigh its rows otherwise than one process does"
    ),
    "push_to_hub": _Refusal(_unset, "weights leave medpipe by `register` and `deploy` only"),
}
"""Name of a setting → its refusal."""


def refused(method: str, settings: Mapping[str, Any], gpu: bool) -> Iterator[str]:
    """Yield a sentence for each setting that cannot work. `gpu`: whether this machine has one."""
    for name, (fits, reason) in REFUSED.items():
        if name in settings and not fits(settings[name]):
            yield f"remove {name}: {reason}"
    if settings.get("activation_offloading") and not gpu:
        yield "remove activation_offloading: it moves numbers from a GPU to the memory, and this machine has no GPU"
    if method == "dpo" and settings.get("train_sampling_strategy") == "group_by_length":
        yield "remove train_sampling_strategy: the rows of DPO have two answers, and so no one length to group by"
    if settings.get("use_liger_kernel") and not _liger():
        yield "remove use_liger_kernel: the package liger-kernel is not installed, and TRL will remove the setting"


def _liger() -> bool:
    from transformers.utils import is_liger_kernel_available

    return bool(is_liger_kernel_available())
