"""Training that diverged: its weights are worse than those that it began with, and are never registered."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError

_GROWN = 2.0
"""DPO and KTO: a loss that has grown this many times since the first step was not lowered by any step."""


def stop(name: str, step: int, logs: Mapping[str, Any], scaled: bool = False) -> None:
    """Raise ConfigError as soon as a loss or its gradient is no number: every later weight would be none either.

    `logs`: what transformers' Trainer logs at a step. `scaled`: losses are scaled (fp16). Gradients may then overflow;
    such steps are skipped and the scale is lowered.
    """
    for what in ("loss",) if scaled else ("loss", "grad_norm"):
        if not math.isfinite(float(logs.get(what, 0))):
            raise ConfigError(_sentence(name, f"at step {step} its {what} is {logs[what]}"))


def refuse(recipe: Recipe, history: Sequence[Mapping[str, Any]], guessing: float) -> None:
    """Raise ConfigError for a finished run whose weights are useless.

    `history`: the logs of transformers' `TrainerState.log_history`, the first step's among them. `guessing`: the loss
    of a model that guesses among all tokens, in nats: supervised training that ends above it predicts worse than one
    that knows nothing. The losses of DPO and KTO have no such bound, and are held against that of its first step.
    """
    losses = [float(logs["loss"]) for logs in history if "loss" in logs]
    if not losses:
        return
    limit = guessing if recipe.method == "sft" else _GROWN * losses[0]
    if losses[-1] > limit:
        raise ConfigError(
            _sentence(
                recipe.name, f"its loss ended at {losses[-1]:.3g}, above {limit:.3g}; it began at {losses[0]:.3g}"
            )
        )


def _sentence(name: str, what: str) -> str:
    return (
        f"recipe {name!r}: the training diverged: {what}. Nothing is kept of its weights; lower learning_rate, or give "
        "warmup_steps or max_grad_norm"
    )
