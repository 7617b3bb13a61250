"""What a base model's configuration says of its shape: the layers that adapters can have, and its longest input.

Nothing of the weights is read, so a recipe that cannot fit is refused before gigabytes are loaded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from medpipe import vllm_protocol
from medpipe.backends.trl import attention
from medpipe.base_models import pretrained
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError
from medpipe.weights.layers import linear_layers


class BaseShape(NamedTuple):
    """The shape of a base model."""

    layers: tuple[str, ...]
    """Full names of the linear layers, without the head that makes tokens: adapters can be at these."""
    positions: int | None
    """The longest input, in tokens; None where the configuration names none."""
    vocabulary: int
    """Number of tokens."""
    kind: str
    """The architecture, as the configuration's `model_type` names it."""
    few_bits: bool
    """Whether the weights are stored in few bits, so that they cannot be trained."""

    @property
    def guessing(self) -> float:
        """The loss, in nats a token, of a model that guesses among all tokens."""
        return math.log(self.vocabulary)


def shape_of(recipe: Recipe, place: str) -> BaseShape:
    """Return the shape of the recipe's base in `place`: a folder or a hub id.

    Raises ConfigError for a base without a readable configuration, or one that its hub does not give out.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        config = AutoConfig.from_pretrained(**pretrained(place))
        with torch.device("meta"):  # shapes without numbers
            model = AutoModelForCausalLM.from_config(config)
    except (OSError, ValueError) as error:
        raise unreadable(recipe, place, error) from error
    attention.refuse_unsupported(recipe, config)
    text = config.get_text_config()
    positions = getattr(text, "max_position_embeddings", None)
    return BaseShape(
        tuple(name for name, _ in linear_layers(model)),
        positions,
        text.vocab_size,
        config.model_type,
        hasattr(config, "quantization_config"),
    )


def unreadable(recipe: Recipe, place: str, error: Exception) -> ConfigError:
    """Return the error of a base that could not be loaded, with what to do about it."""
    from huggingface_hub.errors import GatedRepoError

    causes = (error, error.__cause__, error.__context__)
    remedy = (
        "; it is gated: accept its terms on its hub with your account, and set HF_TOKEN"
        if any(isinstance(cause, GatedRepoError) for cause in causes)
        else ""
    )
    return ConfigError(
        f"recipe {recipe.name!r}: the base model {recipe.base!r} in {place} could not be loaded{remedy}: {error}"
    )


def refuse_unfit(recipe: Recipe, max_length: int | None, shape: BaseShape) -> None:
    """Raise ConfigError for a recipe that asks for more than its base has.

    `max_length`: the recipe's longest example, in tokens; None: no limit.
    """
    if max_length is not None and shape.positions is not None and max_length > shape.positions:
        raise ConfigError(
            f"recipe {recipe.name!r}, trainer.max_length: {recipe.base} reads {shape.positions:,} tokens at most, and "
            f"the recipe asks for {max_length:,}: lower it"
        )
    if shape.few_bits:
        raise ConfigError(
            f"recipe {recipe.name!r}: the weights of {recipe.base} are stored in few bits, for an engine: name the "
            "base that it was made of, and set quantization to train on rounded weights"
        )
    if recipe.lora is None:
        return
    if recipe.serve == "adapter" and shape.kind in vllm_protocol.WITHOUT_LORA:
        raise ConfigError(
            f"recipe {recipe.name!r}: vLLM serves no adapter beside a base of the kind {shape.kind} ({recipe.base}): "
            "set serve to merged; `medpipe prepare-base` then writes the model that is served"
        )
    named = recipe.lora.target_modules
    if isinstance(named, str):  # "all-linear" or a pattern, which peft refuses where it fits nothing
        return
    if missing := [name for name in named if not any(_ends_with(layer, name) for layer in shape.layers)]:
        raise ConfigError(
            f"recipe {recipe.name!r}, lora.target_modules: {recipe.base} has no {' and no '.join(map(repr, missing))}; "
            f"it has: {', '.join(_last_names(shape.layers))}"
        )


def _ends_with(layer: str, name: str) -> bool:
    """Return whether peft takes the layer for `name`: they are equal, or the layer's last parts are."""
    return layer == name or layer.endswith(f".{name}")


def _last_names(layers: Sequence[str]) -> list[str]:
    return sorted({layer.rpartition(".")[2] for layer in layers})
