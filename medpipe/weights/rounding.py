"""Rounding of a model's matrices, in memory: the one home of NF4, INT8 and INT4.

Every number is rounded to the nearest (Nagel et al., arXiv:2106.08295); no data calibrates the scales.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from medpipe.base_models import pretrained
from medpipe.core.teaching.weights import Rounding
from medpipe.errors import ConfigError
from medpipe.weights.layers import linear_layers

GROUP = 64
"""Weights that share a scale in INT4, as in NF4."""


def to_nf4(model: Any) -> float:
    """Replace each matrix of a model in full precision by its NF4 rounding; return the mean relative error.

    NF4 is defined in QLoRA (arXiv:2305.14314). Without double quantisation the rounding is idempotent: a block's
    largest weight is kept exactly, so rounding again finds the same scale and the same codes. bitsandbytes can load a
    model as NF4 and dequantise it. But on a CPU it repacks 4-bit weights at the first inference, and they dequantise
    wrongly then.
    """
    import bitsandbytes.functional as nf4
    from transformers.pytorch_utils import Conv1D

    def rounded(weight: Any) -> Any:
        return nf4.dequantize_4bit(*nf4.quantize_4bit(weight.contiguous(), quant_type="nf4")).to(weight.dtype)

    errors = []
    for _, layer in linear_layers(model):
        before = layer.weight.data
        # bitsandbytes makes its blocks along the inputs of a layer, and Conv1D has its matrix turned.
        after = rounded(before.T).T.contiguous() if isinstance(layer, Conv1D) else rounded(before)
        errors.append(_error(before, after))
        layer.weight.data = after
    return sum(errors) / len(errors)


def compress(model: Any, rounding: Rounding) -> tuple[float, Callable[[Path], None]]:
    """Store each matrix of a model in 8 or 4 bits, as compressed-tensors do.

    Returns the mean relative error, and a function that describes the form in the `config.json` of a saved model.

    `int8`: one scale for each output, and inputs are rounded when they come, by token (ZeroQuant, arXiv:2206.01861).
    `int4`: one scale for GROUP weights, and inputs as they are. Raises ConfigError for layers that cannot be stored so.
    """
    from compressed_tensors.compressors import ModelCompressor
    from compressed_tensors.quantization import (
        QuantizationConfig,
        QuantizationStatus,
        apply_quantization_config,
    )
    from compressed_tensors.quantization.lifecycle.forward import fake_quantize
    from compressed_tensors.quantization.utils import calculate_qparams

    layers = [layer for _, layer in linear_layers(model)]
    _refuse_unfit(layers, rounding)
    scheme, head = _scheme(rounding), model.get_output_embeddings()
    ignored = [name for name, module in model.named_modules() if module is head]
    apply_quantization_config(model, QuantizationConfig(config_groups={"linear": scheme}, ignore=ignored))
    errors = []
    for layer in layers:
        weight = layer.weight.data
        groups = weight.reshape(weight.shape[0], -1, GROUP if rounding == "int4" else weight.shape[1])
        scale, zero = calculate_qparams(groups.amin(-1), groups.amax(-1), scheme.weights)
        layer.weight_scale.data = scale.to(layer.weight_scale.dtype)
        layer.quantization_status = QuantizationStatus.FROZEN
        errors.append(_error(weight, fake_quantize(weight, layer.weight_scale, zero, scheme.weights)))
    compressor = ModelCompressor.from_pretrained_model(model)
    compressor.compress_model(model)
    return sum(errors) / len(errors), lambda folder: compressor.update_config(str(folder))


def in_few_bits(place: str) -> bool:
    """Return whether a model's files have its weights in few bits: they can be served, and not trained or rounded."""
    from transformers import AutoConfig

    return hasattr(AutoConfig.from_pretrained(**pretrained(place)), "quantization_config")


def _scheme(rounding: Rounding) -> Any:
    from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme

    if rounding == "int8":
        weights = QuantizationArgs(num_bits=8, strategy="channel", symmetric=True)
        inputs = QuantizationArgs(num_bits=8, strategy="token", symmetric=True, dynamic=True)
        return QuantizationScheme(targets=["Linear"], weights=weights, input_activations=inputs)
    return QuantizationScheme(
        targets=["Linear"], weights=QuantizationArgs(num_bits=4, strategy="group", group_size=GROUP, symmetric=True)
    )


def _refuse_unfit(layers: Sequence[Any], rounding: Rounding) -> None:
    """Raise ConfigError for layers that cannot be stored in few bits."""
    from torch import nn

    if others := sorted({type(layer).__name__ for layer in layers if not isinstance(layer, nn.Linear)}):
        raise ConfigError(
            f"a model with layers of the kind {', '.join(others)} (GPT-2) cannot be stored as {rounding}: "
            "no engine loads it; choose nf4, bfloat16 or float32"
        )
    if rounding == "int4" and (uneven := sorted({layer.in_features for layer in layers if layer.in_features % GROUP})):
        raise ConfigError(
            f"int4 has a scale for {GROUP} weights, and the model has layers of {', '.join(map(str, uneven))} inputs: "
            "choose int8, nf4, bfloat16 or float32"
        )


def _error(before: Any, after: Any) -> float:
    return float((after - before).norm() / before.norm())
