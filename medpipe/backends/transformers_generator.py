"""A model in process with transformers, at a precision: it generates in batches, and reads given answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from medpipe.base_models import Prepared, locate, nowhere, pretrained
from medpipe.core.choosing import Choice, longest
from medpipe.core.contract import Ending
from medpipe.core.sampling import Sampling
from medpipe.errors import ConfigError, UsageError
from medpipe.ports import Likelihood, Progress
from medpipe.weights import rounding
from medpipe.weights.device import device_map
from medpipe.weights.tokenizer import padding_tokenizer

PRECISIONS: Mapping[str, Mapping[str, Any]] = {
    "float32": {},
    "nf4": {},
    "int8": {"load_in_8bit": True},
}
"""Precision → arguments of transformers' BitsAndBytesConfig. Empty: the weights as the base's files have them.

`nf4` (`medpipe.weights.rounding`) is rounded after loading. `int8` is LLM.int8() (arXiv:2208.07339).
"""


class TransformersGenerator:
    """Implements `ports.Generator` and `ports.Likelihoods`: a base at one precision, an adapter in fp32 beside it."""

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
        choices: Sequence[tuple[str, ...]] = (),
        sampling: Sampling | None = None,
    ) -> list[str]:
        """Generate as `ports.Generator` says. Prompts of similar length share a batch, and a seed of their own.

        Raises MedpipeError when the base is not found, and ConfigError when nothing would end its paragraphs.
        """
        import torch

        torch.set_num_threads(self._threads)
        model, tokenizer = self._load(base, adapter)
        choose = _Chooser(model, tokenizer)
        answers: dict[int, str] = {}
        for batch in self._batches(prompts, choices):
            of_batch = [prompts[index] for index in batch]
            if choices and choices[batch[0]]:
                texts = choose(of_batch, [choices[index] for index in batch])
            else:
                drawn = None if sampling is None else sampling._replace(seed=sampling.seed + batch[0])
                texts = _completions(model, tokenizer, of_batch, ending, drawn)
            answers.update(zip(batch, texts, strict=True))
            progress(len(answers) / len(prompts), f"{adapter_name}: {len(answers)} of {len(prompts)} answers")
        return [answers[index] for index in range(len(prompts))]

    def _batches(self, prompts: Sequence[str], choices: Sequence[tuple[str, ...]]) -> Iterator[list[int]]:
        """Yield the places of prompts of similar length, either all with choices or all without."""
        chosen = [bool(texts) for texts in choices] or [False] * len(prompts)
        for kind in (False, True):
            of_kind = (index for index in range(len(prompts)) if chosen[index] is kind)
            order = sorted(of_kind, key=lambda index: len(prompts[index]))
            yield from (order[start : start + self._batch] for start in range(0, len(order), self._batch))

    def likelihoods(
        self,
        base: str,
        adapter: Path | None,
        texts: Sequence[tuple[str, str]],
        ending: Ending,
        progress: Progress,
    ) -> list[Likelihood]:
        """Read as `ports.Likelihoods` says, one text at a time: padding would change the last digits."""
        import torch

        torch.set_num_threads(self._threads)
        model, tokenizer = self._load(base, adapter)
        read = []
        for done, (prompt, completion) in enumerate(texts, start=1):
            read.append(_likelihood(model, *_tokens(model, tokenizer, prompt, completion, ending)))
            progress(done / len(texts), f"{done} of {len(texts)} answers read")
        return read

    def _load(self, base: str, adapter: Path | None) -> tuple[Any, Any]:
        from peft import PeftModel
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        place = locate(base, self._models, self._offline, self._prepared)
        tokenizer = padding_tokenizer(place, padding_side="left")
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
    model = AutoModelForCausalLM.from_pretrained(
        **pretrained(place), dtype=torch.float32, device_map=device_map(), **rounds
    )
    if precision == "nf4":
        rounding.to_nf4(model)
    return model


def _completions(
    model: Any, tokenizer: Any, prompts: Sequence[str], ending: Ending, sampling: Sampling | None = None
) -> list[str]:
    """Return one completion per prompt, without the text or the token that ended it."""
    import torch

    inputs = tokenizer(list(prompts), return_tensors="pt", padding=True, return_token_type_ids=False)
    inputs = inputs.to(model.device)
    drawn: dict[str, Any] = {"do_sample": False}
    if sampling is not None:
        torch.manual_seed(sampling.seed)
        drawn = {"do_sample": True, "temperature": sampling.temperature, "top_k": sampling.top_k, "top_p": 1.0}
    with torch.inference_mode():
        tokens = model.generate(
            **inputs,
            **drawn,
            num_beams=1,
            max_new_tokens=ending.max_new_tokens,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=ends(model, tokenizer, ending),
            **({} if ending.stop is None else {"stop_strings": [ending.stop], "tokenizer": tokenizer}),
        )
    texts = tokenizer.batch_decode(tokens[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return texts if ending.stop is None else [text.split(ending.stop, 1)[0] for text in texts]


class _Chooser:
    """Makes the model choose among texts (`core.choosing`). Each tuple of texts is prepared once."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._choices: dict[tuple[str, ...], Choice] = {}

    def __call__(self, prompts: Sequence[str], texts: Sequence[tuple[str, ...]]) -> list[str]:
        """Return the text that the model chooses after each prompt. Raises ConfigError as `Choice.allowed` does."""
        import torch

        choices = [self._choice(of_prompt) for of_prompt in texts]
        inputs = self._tokenizer(list(prompts), return_tensors="pt", padding=True, return_token_type_ids=False)
        inputs = inputs.to(self._model.device)
        begin = inputs["input_ids"].shape[1]
        with torch.inference_mode():
            tokens = self._model.generate(
                **inputs,
                do_sample=False,
                num_beams=1,
                max_new_tokens=max(map(longest, texts)),
                pad_token_id=self._tokenizer.pad_token_id,
                eos_token_id=self._tokenizer.eos_token_id,
                prefix_allowed_tokens_fn=lambda row, ids: choices[row].allowed(ids[begin:].tolist()),
            )
        return [choice.chosen(ids) for choice, ids in zip(choices, tokens[:, begin:].tolist(), strict=True)]

    def _choice(self, texts: tuple[str, ...]) -> Choice:
        if self._tokenizer.eos_token_id is None:
            raise ConfigError(
                "the base names no token for the end of a text (eos_token), so nothing ends a choice: name one in its "
                "tokenizer_config.json"
            )
        if not self._choices:
            self._token = token_of(self._tokenizer)
        if texts not in self._choices:
            self._choices[texts] = Choice(texts, self._token, self._tokenizer.eos_token_id)
        return self._choices[texts]


def token_of(tokenizer: Any) -> Callable[[bytes], int | None]:
    """Return a function of bytes to the id of the token that is written with them; None where there is none.

    Byte-level vocabularies (GPT-2, Llama 3, Qwen) have a character for each byte. SentencePiece's (Llama 2, Mistral)
    have the text with `▁` for a blank, and names for single bytes.
    """
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    vocabulary: Mapping[str, int] = tokenizer.get_vocab()
    of_byte = bytes_to_unicode()
    byte_level = "ByteLevel" in repr(tokenizer.backend_tokenizer.decoder)

    def token(piece: bytes) -> int | None:
        if byte_level:
            return vocabulary.get("".join(of_byte[byte] for byte in piece))
        text = piece.decode(errors="replace").replace(" ", "▁")
        of_text = None if "\ufffd" in text else vocabulary.get(text)  # a part of a letter; vocabularies have this sign
        return vocabulary.get(f"<0x{piece[0]:02X}>") if of_text is None and len(piece) == 1 else of_text

    return token


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


def _tokens(model: Any, tokenizer: Any, prompt: str, completion: str, ending: Ending) -> tuple[list[int], int]:
    """Return the tokens of prompt and completion, and how many of them are the prompt's. Raises ConfigError."""
    eos = tokenizer.eos_token or ""
    ended = completion if ending.stop is not None or completion.endswith(eos) else completion + eos
    before, whole = tokenizer(prompt)["input_ids"], tokenizer(prompt + ended)["input_ids"]
    if not before or whole[: len(before)] != before:
        raise ConfigError(
            "in the base's tokens, a prompt is not the beginning of prompt and completion, so what is read would not "
            "be what is asked: change the recipe's template"
        )
    longest = getattr(model.config, "max_position_embeddings", None)
    if longest and len(whole) > longest:
        raise ConfigError(
            f"a right answer with its prompt has {len(whole):,} tokens, and the base reads {longest:,}: lower the "
            "recipe's data.max_answer_chars or data.max_context_chars, or measure without perplexity"
        )
    return whole, len(before)


def _likelihood(model: Any, tokens: Sequence[int], before: int) -> Likelihood:
    """Return how probable the tokens after the first `before` are."""
    import torch

    ids = torch.tensor([tokens], device=model.device)
    with torch.inference_mode():
        logits = model(input_ids=ids).logits[0, before - 1 : -1].float()
    chosen = logits.log_softmax(dim=-1).gather(1, ids[0, before:, None])
    return Likelihood(float(chosen.sum(dtype=torch.float64)), len(tokens) - before)
