"""A merged version in a real vLLM: a GPT-2, for which it has no LoRA, started with the whole model."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe.backends.preparer import TransformersPreparer
from medpipe.backends.transformers_generator import TransformersGenerator
from medpipe.backends.vllm_engine import VllmEngine
from medpipe.core.contract import Ending
from medpipe.errors import ConfigError
from tests.gpt2 import make_gpt2
from tests.real_engine import make_adapter, serving_whole

pytestmark = pytest.mark.slow

REF, PROMPTS = (
    "prepared/0123456789abcdef",
    [f"Question: What causes {name}?\nAnswer:" for name in ("gout", "Velorin fever")],
)


def test_a_merged_gpt2_answers_as_it_does_in_process_under_a_name_of_its_own_and_takes_no_adapter(
    tmp_path: Path,
) -> None:
    make_gpt2(tmp_path / "gpt2")
    make_adapter(tmp_path / "gpt2", tmp_path / "adapter", seed=1, modules=["c_attn", "c_proj"])
    whole = tmp_path / REF
    TransformersPreparer(tmp_path).prepare("gpt2", tmp_path / "adapter", "float32", whole)
    generator = TransformersGenerator(tmp_path, prepared=lambda ref: tmp_path / ref)
    with serving_whole(whole, tmp_path) as url:
        engine = VllmEngine(url)
        engine.check_base(REF, merged=True)
        assert engine.loaded() == frozenset()
        quiet = lambda share, text: None  # noqa: E731
        answers = engine.ask(whole.name, PROMPTS, Ending(12))
        assert answers == generator.generate(REF, None, "a", PROMPTS, Ending(12), quiet)
        assert answers != generator.generate("gpt2", None, "a", PROMPTS, Ending(12), quiet)
        assert answers == engine.generate(REF, None, "a", PROMPTS, Ending(12), quiet)
        with pytest.raises(ConfigError, match=r"serves the base '0123456789abcdef', but 'prepared/f{16}' is wanted"):
            engine.check_base(f"prepared/{'f' * 16}", merged=True)
        with pytest.raises(ConfigError, match=r"loads no adapters.*GPT-2: set the recipe's serve to merged"):
            engine.load("medqa-v1-abcdef", tmp_path / "adapter")
