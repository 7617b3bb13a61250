"""Generation in process with transformers, where no engine runs: greedy, batched, on the weights that are served."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medpipe.base_models import locate
from medpipe.core import prompt
from medpipe.ports import Progress


class TransformersGenerator:
    """Implements `ports.Generator`: the base in fp32, as the engine serves it, and the adapter, not merged."""

    name = "transformers"
    precision = "float32"

    def __init__(self, models: Path, threads: int = 1, offline: bool = True, batch: int = 64) -> None:
        """Prepare; nothing is loaded yet.

        `models`: folder of local bases. `threads`: torch's CPU threads. `offline`: never look a base up on a hub.
        `batch`: prompts generated together.
        """
        self._models, self._threads, self._offline, self._batch = models, threads, offline, batch

    def generate(
        self,
        base: str,
        adapter: Path | None,
        adapter_name: str,
        prompts: Sequence[str],
        max_new_tokens: int,
        progress: Progress,
    ) -> list[str]:
        """Generate as `ports.Generator` says. Prompts of similar length share a batch.

        Raises MedpipeError when the base is not found.
        """
        import torch

        torch.set_num_threads(self._threads)
        model, tokenizer = self._load(base, adapter)
        order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
        answers = [""] * len(prompts)
        for start in range(0, len(order), self._batch):
            batch = order[start : start + self._batch]
            texts = _completions(model, tokenizer, [prompts[index] for index in batch], max_new_tokens)
            for index, text in zip(batch, texts, strict=True):
                answers[index] = text
            done = start + len(batch)
            progress(done / len(prompts), f"{adapter_name}: {done} of {len(prompts)} answers")
        return answers

    def _load(self, base: str, adapter: Path | None) -> tuple[Any, Any]:
        import torch
        from peft import PeftModel
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        place = locate(base, self._models, self._offline)
        tokenizer = AutoTokenizer.from_pretrained(place, padding_side="left")
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model = AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32).to(device)
        if adapter is not None:
            model = PeftModel.from_pretrained(model, str(adapter))
        return model.eval(), tokenizer


def _completions(model: Any, tokenizer: Any, prompts: Sequence[str], max_new_tokens: int) -> list[str]:
    """Return one greedy completion per prompt, up to `core.prompt.STOP`."""
    import torch

    inputs = tokenizer(list(prompts), return_tensors="pt", padding=True, return_token_type_ids=False)
    inputs = inputs.to(model.device)
    with torch.inference_mode():
        tokens = model.generate(
            **inputs,
            do_sample=False,
            num_beams=1,
            max_new_tokens=max_new_tokens,
            pad_token_id=tokenizer.pad_token_id,
            stop_strings=[prompt.STOP],
            tokenizer=tokenizer,
        )
    texts = tokenizer.batch_decode(tokens[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return [text.split(prompt.STOP, 1)[0] for text in texts]
