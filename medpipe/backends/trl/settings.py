"""A recipe's `trainer` block as TRL's configuration: SFTConfig, DPOConfig or KTOConfig.

Everything that can be wrong with the block is found here, before a base model is loaded.
"""

from __future__ import annotations

import copy
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medpipe.backends.trl import sharding
from medpipe.backends.trl.refused_options import refused
from medpipe.core.teaching import batches
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError
from medpipe.faults import in_words, nearest

LOSSES: Mapping[str, tuple[str, ...]] = {
    "sft": ("nll", "dft"),
    "dpo": (
        "sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot", "aot_unpaired",
        "apo_zero", "apo_down", "discopop", "sft", "sigmoid_norm",
    ),
    "kto": ("kto", "apo_zero_unpaired"),
}  # fmt: skip
"""Method → the values of `loss_type`, as TRL's configurations list them. TRL refuses others when a training
has begun."""

_EVALUATES = {"eval_strategy": "no", "do_eval": False, "load_best_model_at_end": False}
"""Settings that need a validation set, and their values without one."""


def settings_of(recipe: Recipe, from_base: bool) -> dict[str, Any]:
    """Return the recipe's settings of a run that starts from the base (`from_base`) or goes on from an adapter."""
    return recipe.trainer | (recipe.trainer_from_base if from_base else {})


def configuration(recipe: Recipe, from_base: bool, work: Path, processes: int = 1, sharded: bool = False) -> Any:
    """Return TRL's configuration of a run: the recipe's settings, and what the run decides.

    `work`: folder for checkpoints. `processes`: how many train together, each with its share of the rows of a step;
    `sharded`: and of the weights. Raises ConfigError that names every faulty setting, its value and the remedy.
    """
    import torch
    from trl import DPOConfig, KTOConfig, SFTConfig

    kind = {"sft": SFTConfig, "dpo": DPOConfig, "kto": KTOConfig}[recipe.method]
    settings = settings_of(recipe, from_base)
    added: dict[str, Any] = {"output_dir": str(work), "seed": recipe.seed, "report_to": "none", "disable_tqdm": True}
    if recipe.early_stopping_patience:
        added["restore_callback_states_from_checkpoint"] = True  # a killed run goes on counting
    if not torch.cuda.is_available():
        added["use_cpu"] = True
    if processes > 1:
        added["ddp_backend"] = "nccl" if torch.cuda.is_available() else "gloo"
    if sharded:
        sharding.refuse(recipe, processes)
        added |= copy.deepcopy(sharding.SETTINGS)  # transformers changes it
    # A diverged run is seen by its losses (`divergence`): the first one, and those that transformers logs as 0 because
    # they are no numbers.
    settings = {"logging_first_step": True, "logging_nan_inf_filter": False} | settings
    faults = [
        *_faults(recipe, settings, added, typing.get_type_hints(kind)),
        *refused(recipe.method, settings, torch.cuda.is_available()),
    ]
    if faults:
        raise ConfigError(f"recipe {recipe.name!r}, trainer: {'; '.join(faults)}")
    settings |= _share(recipe, settings, kind, processes)
    try:
        arguments = kind(**settings, **added)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"recipe {recipe.name!r}, trainer: {kind.__name__} refuses it: {error}") from error
    # One process uses one GPU: transformers would use all, and read the rows of the recipe on each (DataParallel).
    arguments._n_gpu = min(arguments.n_gpu, 1)
    if fault := _unfit_evaluations(recipe, arguments):
        raise ConfigError(f"recipe {recipe.name!r}, trainer: {fault}")
    return arguments


def _share(recipe: Recipe, settings: Mapping[str, Any], kind: Any, processes: int) -> dict[str, Any]:
    """Return the settings that give each process its share of a step. Raises ConfigError where there is none."""
    import torch

    if processes == 1:
        return {}
    if recipe.method == "kto":
        raise ConfigError(
            f"recipe {recipe.name!r} uses KTO, which compares the answers that are read together, and several "
            "processes would compare others: set MEDPIPE_PROCESSES to 1"
        )
    if settings.get("train_sampling_strategy") == "group_by_length":
        raise ConfigError(
            f"recipe {recipe.name!r}, trainer.train_sampling_strategy: group_by_length orders rows by the number of "
            "processes: remove it, or set MEDPIPE_PROCESSES to 1"
        )
    if torch.cuda.is_available() and processes > torch.cuda.device_count():
        raise ConfigError(
            f"MEDPIPE_PROCESSES is {processes}, and each process needs a GPU; there are {torch.cuda.device_count()}"
        )
    names = ("per_device_train_batch_size", "gradient_accumulation_steps")
    rows, times = (settings.get(name, kind.__dataclass_fields__[name].default) for name in names)
    if recipe.method == "dpo" and times % processes:
        raise ConfigError(
            f"recipe {recipe.name!r} uses DPO, some of whose losses are of rows that are read together (means over "
            f"tokens, an order), so only gradient_accumulation_steps can be shared, and {times} is not a "
            f"multiple of MEDPIPE_PROCESSES ({processes})"
        )
    return dict(zip(names, batches.shared(rows, times, processes), strict=True))


def _unfit_evaluations(recipe: Recipe, arguments: Any) -> str:
    """Return why a training could not use its validation set as the recipe says; "" where it can."""
    if recipe.data.validation_share and arguments.eval_strategy == "no":
        return "data.validation_share sets examples aside, and nothing measures them: give eval_strategy"
    if arguments.load_best_model_at_end and (
        arguments.save_strategy == "steps" and arguments.save_steps != arguments.eval_steps
    ):
        return (
            f"load_best_model_at_end needs a checkpoint at every evaluation: save_steps is {arguments.save_steps}, and "
            f"eval_steps is {arguments.eval_steps}"
        )
    if recipe.early_stopping_patience and not arguments.load_best_model_at_end:
        return (
            "early_stopping_patience needs load_best_model_at_end: true, or the last weights were kept and not the best"
        )
    return ""


def _faults(
    recipe: Recipe, settings: Mapping[str, Any], added: Mapping[str, Any], types: Mapping[str, Any]
) -> Iterator[str]:
    """Yield what is wrong with each setting. `types`: the fields of TRL's configuration."""
    for name, value in settings.items():
        if name in added:
            yield f"remove {name}; the recipe's own fields and the run decide it"
        elif name not in types:
            likely = nearest(name, list(types))
            yield f"{name} is no setting of TRL{f'; did you mean {likely!r}?' if likely else ''}"
        elif not recipe.data.validation_share and _EVALUATES.get(name, value) != value:
            yield f"remove {name}, or give data.validation_share: without one there is no evaluation set"
        elif fault := _wrong_type(value, types[name]):
            yield f"{name} {fault}"
        elif name == "learning_rate" and value < 0:
            yield f"learning_rate cannot be negative; it is {value:g}"
        elif name == "loss_type" and (unknown := _unknown_losses(recipe.method, value)):
            yield (
                f"loss_type: {recipe.method.upper()} has no {' and no '.join(map(repr, unknown))}; there are: "
                f"{', '.join(LOSSES[recipe.method])}"
            )
        elif recipe.method == "kto" and (fault := _breaks_batches(name, value)):
            yield fault


def _breaks_batches(name: str, value: Any) -> str:
    """Return why KTO cannot make its batches with a setting: it compares each answer with its neighbours' ones.

    TRL says so too, when the base is loaded. Its loss apo_zero_unpaired compares nothing, and is not worth a rule.
    """
    if name == "per_device_train_batch_size" and value < 2:
        return f"{name} must be 2 or more, because KTO compares the answers of a batch; it is {value}"
    if name == "train_sampling_strategy" and value != "sequential":
        return f"remove {name}: KTO compares the neighbours of a fixed order"
    return ""


def _unknown_losses(method: str, value: str | list[str]) -> list[str]:
    return [name for name in ([value] if isinstance(value, str) else value) if name not in LOSSES[method]]


def _wrong_type(value: Any, wanted: Any) -> str:
    """Return what a value of another type should be, and what it is; "" for a value of the wanted type."""
    from pydantic import TypeAdapter, ValidationError

    if wanted == list[str] and isinstance(value, str):  # TRL makes a list of one text
        return ""
    try:
        TypeAdapter(wanted).validate_python(value, strict=True)
    except ValidationError as error:
        return in_words(error, wanted)
    return ""
