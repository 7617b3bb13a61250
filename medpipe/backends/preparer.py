"""Whole models for the engine: a base with what a training changed of it, at the rounding in which it is served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medpipe import base_models
from medpipe.base_models import Prepared
from medpipe.core.teaching.weights import Rounding
from medpipe.errors import ConfigError
from medpipe.ports import PreparedBase
from medpipe.weights import rounding as rounds
from medpipe.weights import whole
from medpipe.weights.tokenizer import own_tokenizer


class TransformersPreparer:
    """Implements `ports.Preparer`, in the memory of this machine: four bytes for each weight, and one matrix more."""

    def __init__(
        self,
        models: Path,
        threads: int = 1,
        offline: bool = True,
        prepared: Prepared = base_models.nowhere,
    ) -> None:
        """Prepare; nothing is loaded yet.

        `models`: folder of local bases. `threads`: torch's CPU threads. `offline`: never look a base up on a hub.
        `prepared`: returns the folder of a base that was prepared before.
        """
        self._models, self._threads, self._offline, self._prepared = models, threads, offline, prepared

    def prepare(self, base: str, trained: Path | None, rounding: Rounding, out: Path) -> PreparedBase:
        """Write the model as `ports.Preparer` says.

        Raises NotFound for a base that is nowhere, and ConfigError for one that is stored in few bits already.
        """
        import torch
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        torch.set_num_threads(self._threads)
        place = base_models.locate(base, self._models, self._offline, self._prepared)
        model = _merged(base, place, trained)
        parameters = sum(weights.numel() for weights in model.parameters())
        error, describe = 0.0, None
        if rounding in ("int8", "int4"):
            error, describe = rounds.compress(model, rounding)
        elif rounding == "nf4":
            error = rounds.to_nf4(model)
        elif rounding == "bfloat16":
            model.to(torch.bfloat16)
        whole.write(model, own_tokenizer(place), out)
        if describe:
            describe(out)
        return PreparedBase(base_models.digest_of(out), parameters, error)


def _merged(base: str, place: str, trained: Path | None) -> Any:
    """Return the base in full precision with what was trained, as one model without adapters."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    all_weights = trained is not None and whole.is_whole(trained)
    if rounds.in_few_bits(place):
        raise ConfigError(f"{base} is stored in few bits already: prepare the base that it was made of")
    model = AutoModelForCausalLM.from_pretrained(
        **base_models.pretrained(str(trained) if all_weights else place), dtype=torch.float32
    )
    if trained is None or all_weights:
        return model
    # On the CPU in float32: the sum is then the same, whatever machine serves it.
    return PeftModel.from_pretrained(model, str(trained)).merge_and_unload()
