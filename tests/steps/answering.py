"""A generator that gives chosen answers, for tests of what evaluations make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class Answering:
    """Gives each question its answer, and dust to any other."""

    name, precision = "answering", "float32"

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._answers = answers

    def generate(self, base: str, adapter: Path | None, name: str, prompts: Sequence[str], *_: Any) -> list[str]:
        questions = [prompt.partition("Question: ")[2].partition("\n")[0] for prompt in prompts]
        return [f" {self._answers.get(question) or 'Dust.'}\n" for question in questions]
