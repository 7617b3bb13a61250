"""Entailment by a model in process: a sequence classifier that was trained on natural language inference.

Any such model of transformers fits, such as those trained on MNLI (Williams et al., arXiv:1704.05426), if its labels
are called entailment, contradiction and neutral. None was at hand where this was written: it was tried on one with
random weights only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from medpipe.base_models import locate, pretrained
from medpipe.core.judging.entailment import Verdict
from medpipe.errors import ConfigError
from medpipe.weights.tokenizer import own_tokenizer


class TransformersEntailment:
    """Implements `ports.Entailment`."""

    def __init__(self, model: str, digest: str, models: Path, threads: int = 1, offline: bool = True) -> None:
        """Prepare; nothing is loaded yet.

        `model`: a hub id, or a folder under `models`. `digest`: of its files. `threads`: torch's CPU threads.
        `offline`: never look the model up on a hub.
        """
        self.name = f"{model} {digest}"
        self._model, self._models, self._threads, self._offline = model, models, threads, offline

    def verdicts(self, pairs: Sequence[tuple[str, str]]) -> list[Verdict]:
        """Judge as `ports.Entailment` says, one pair at a time. Of a premise that is too long, the end is cut."""
        import torch

        torch.set_num_threads(self._threads)
        return [self._verdict(premise, claim) for premise, claim in pairs]

    def _verdict(self, premise: str, claim: str) -> Verdict:
        import torch

        classifier, tokenizer, labels = self._loaded
        longest = min(tokenizer.model_max_length, classifier.config.max_position_embeddings)
        inputs = tokenizer(premise, claim, truncation="only_first", max_length=longest, return_tensors="pt")
        with torch.inference_mode():
            scores = classifier(**inputs.to(classifier.device)).logits[0]
        return labels[int(scores.argmax())]

    @cached_property
    def _loaded(self) -> tuple[Any, Any, list[Verdict]]:
        from transformers import AutoModelForSequenceClassification
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        place = locate(self._model, self._models, self._offline)
        classifier = AutoModelForSequenceClassification.from_pretrained(**pretrained(place)).eval()
        named = [classifier.config.id2label[number] for number in range(classifier.config.num_labels)]
        return classifier, own_tokenizer(place), labels_of(self._model, named)


def labels_of(model: str, named: Sequence[str]) -> list[Verdict]:
    """Return the verdict that each label of a classifier means, such as ENTAILMENT or contradiction.

    Raises ConfigError unless one label means entailment and one contradiction.
    """
    labels: list[Verdict] = [_label(name) for name in named]
    if not {"entailed", "contradicted"} <= set(labels):
        raise ConfigError(
            f"MEDPIPE_ENTAILMENT_MODEL={model} has the labels {', '.join(named)}: name a model of natural language "
            "inference, whose labels are entailment, neutral and contradiction"
        )
    return labels


def _label(name: str) -> Verdict:
    small = name.casefold()
    if small.startswith("entail"):
        return "entailed"
    return "contradicted" if small.startswith("contradict") else "neutral"
