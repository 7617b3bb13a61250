"""lm-eval on the questions of medpipe: where each label is one token and can be no other, both choose the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.ports import Choosing

pytestmark = pytest.mark.slow

BASE = "medpipe-sandbox/tiny-llama"
LETTERS = ("A", "B", "C", "D")


def test_lm_eval_prefers_the_letters_that_the_generator_chooses(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval", reason="the extra `lm-eval` is not installed")
    from medpipe.backends.lm_eval_harness import LmEvalHarness
    from medpipe.backends.transformers_generator import TransformersGenerator
    from medpipe.sandbox.tiny_base import make_tiny_base
    from tests.train.conftest import CACHE, SMALL

    models = CACHE / "models"
    make_tiny_base(models, seed=3, threads=1, pretraining=SMALL)
    asked = [f"How is illness {number} treated? A. {number} B. Rest C. Cold D. Salt" for number in range(20)]
    prompts = [prompt.render(question) for question in asked]
    questions = [Choosing(text, LETTERS, number % 4) for number, text in enumerate(prompts)]

    found = LmEvalHarness(models).run(BASE, None, {"of-20": questions}, lambda share, text: None)["of-20"]

    arguments = (BASE, None, "base", prompts, Ending(4), lambda share, text: None, [LETTERS] * 20)
    assert [LETTERS[place] for place in found.chosen] == TransformersGenerator(models).generate(*arguments)
    right = sum(place == question.right for place, question in zip(found.chosen, questions, strict=True))
    assert found.accuracy == pytest.approx(right / 20)
    assert found.stderr == pytest.approx((right / 20 * (1 - right / 20) / 19) ** 0.5)
