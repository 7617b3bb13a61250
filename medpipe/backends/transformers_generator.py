"""Generation in process with transformers: greedy, batched, with the base's weights at a precision."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medpipe.base_models import Prepared, locate, nowhere
from medpipe.core.contract import Ending
from medpipe.errors import ConfigError, UsageError
from medpipe.ports import Progress
from medpipe.weights import rounding

PRECISIONS: Mapping[str, Mapping[str, Any]] = {
    "float32": {},
    "nf4": {},
    "int8": {"load_in_8bit": True},
}
"""Precision → arguments of transformers' BitsAndBytesConfig. Empty: the weights as the base's files have them.

`nf4` (`medpipe.weights.rounding`) is rounded after loading. `int8` is LLM.int8() (arXiv:2208.07339).
"""


class TransformersGenerator:
    """Implements `ports.Generator`: the base at one precision, and the adapter in fp32 beside it, not merged."""

    name = "transformers"

    def __init__(
        self,
        models: Path,
        threads: int = 1,
        offline: bool = True,
        batch: int = 64,
        precision: str = "float32",
        prepared: Prepared = nowhere,
    ) -> None:
        """Prepare; nothing is loaded yet.

        `models`: folder of local bases. `threads`: torch's CPU threads. `offline`: never look a base up on a hub.
        `batch`: prompts generated together. `precision`: one of `PRECISIONS`; raises UsageError for any other.
        `prepared`: returns the folder of a prepared base.
        """
        if precision not in PRECISIONS:
            raise UsageError(
                f"no generator has the precision {precision!r}; there are: {', '.join(PRECISIONS)}, and that of the "
                "engine (MEDPIPE_ENGINE_PRECISION)"
            )
        self.precision = precision
        self._models, self._threads, self._offline, self._batch = models, threads, offline, batch
        self._prepared = prepared

    def generate(
        self,
        base: str,
        adapter: Path | None,
        adapter_name: str,
        prompts: Sequence[str],
        ending: Ending,
        progress: Progress,
    ) -> list[str]:
        """Generate as `ports.Generator` says. Prompts of similar length share a batch.

        Raises MedpipeError when the base is not found, and ConfigError when nothing would end its paragraphs.
        """
        import torch

        torch.set_num_threads(self._threads)
        model, tokenizer = self._load(base, adapter)
        order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
        answers = [""] * len(prompts)
        for start in range(0, len(order), self._batch):
            batch = order[start : start + self._batch]
            texts = _completions(model, tokenizer, [prompts[index] for index in batch], ending)
            for index, text in zip(batch, texts, strict=True):
                answers[index] = text
            done = start + len(batch)
            progress(done / len(prompts), f"{adapter_name}: {done} of {len(prompts)} answers")
        return answers

    def _load(self, base: str, adapter: Path | None) -> tuple[Any, Any]:
        from peft import PeftModel
        from transformers import AutoTokenizer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        place = locate(base, self._models, self._offline, self._prepared)
        tokenizer = AutoTokenizer.from_pretrained(place, padding_side="left")
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        model = weights_at(place, self.precision)
        if adapter is not None:
            model = PeftModel.from_pretrained(model, str(adapter))
        return model.eval(), tokenizer


def weights_at(place: str, precision: str) -> Any:
    """Return the base in `place` at a precision. NF4 computes in fp32, with the rounded weights."""
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    if precision != "float32" and rounding.in_few_bits(place):
        raise ConfigError(f"the weights in {place} are stored in few bits, so they cannot be asked at {precision}")
    # It says for each matrix and call that LLM.int8() computes in fp16, as published.
    logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)
    arguments = PRECISIONS[precision]
    # Even None would replace what a base in few bits says of itself, and its weights would be read as noise.
    rounds = {"quantization_config": BitsAndBytesConfig(**arguments)} if arguments else {}
    devices = {"": 0} if torch.cuda.is_available() else {"": "cpu"}
    model = AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32, device_map=devices, **rounds)
    if precision == "nf4":
        rounding.to_nf4(model)
    return model


def _completions(model: Any, tokenizer: Any, prompts: Sequence[str], ending: Ending) -> list[str]:
    """Return one greedy completion per prompt, without the text or the token that ended it."""
    import torch

    inputs = tokenizer(list(prompts), return_tensors="pt", padding=True, return_token_type_ids=False)
    inputs = inputs.to(model.device)
    with torch.inference_mode():
        tokens = model.generate(
            **inputs,
            do_sample=False,
            num_beams=1,
            max_new_tokens=ending.max_new_tokens,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=ends(model, tokenizer, ending),
            **({} if ending.stop is None else {"stop_strings": [ending.stop], "tokenizer": tokenizer}),
        )
    texts = tokenizer.batch_decode(tokens[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return texts if ending.stop is None else [text.split(ending.stop, 1)[0] for text in texts]


def ends(model: Any, tokenizer: Any, ending: Ending) -> list[int] | None:
    """Return the ids of the tokens that end a text: the tokenizer's, and those of the generation config, as in vLLM.

    Raises ConfigError when there are none and no text ends an answer either.
    """
    configured = model.generation_config.eos_token_id
    ids = {tokenizer.eos_token_id, *(configured if isinstance(configured, list) else [configured])} - {None}
    if not ids and ending.stop is None:
        raise ConfigError(
            "the base names no token for the end of a text (eos_token), so nothing ends answers of paragraphs: name "
            "one in its tokenizer_config.json, or set the recipe's data.answers to `one line`"
        )
    return sorted(ids) or None
