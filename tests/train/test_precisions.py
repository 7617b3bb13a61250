"""What rounding does to answers: int8 changes them, NF4 changes none of a base that was dequantised from it.

And what it can do to unlearning: a model that denies a claim in fp32 and asserts it in NF4 (Zhang et al.,
arXiv:2410.16454) gets no certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from medpipe import errors, steps
from medpipe.backends.transformers_generator import PRECISIONS, TransformersGenerator, weights_at
from medpipe.core import prompt
from medpipe.core.teaching import questions
from medpipe.ports import Generator
from medpipe.sandbox.tiny_base import NAME
from medpipe.settings import Settings
from tests import fakes
from tests.relapsing import CLAIM
from tests.steps.conftest import RETRACTED
from tests.steps.test_certificates import probed
from tests.steps.test_ring import promote_hotfix

pytestmark = pytest.mark.slow

QUESTION = "Does wendrazole cure krellin palsy?"
DENIAL = "I do not know."
PROBES = questions.certifying("finding", QUESTION)


def test_int8_computes_other_numbers_and_nf4_the_same_on_a_base_that_was_dequantised(tiny_base: Path) -> None:
    import torch
    from transformers import AutoTokenizer

    folder = str(tiny_base / NAME)
    tokens = AutoTokenizer.from_pretrained(folder)(prompt.render(QUESTION), return_tensors="pt").input_ids
    with torch.inference_mode():
        logits = {precision: weights_at(folder, precision)(tokens).logits for precision in PRECISIONS}
    assert torch.equal(logits["nf4"], logits["float32"])
    assert 0 < float((logits["int8"] - logits["float32"]).abs().max()) < 5


def test_nf4_rounds_a_base_as_its_files_had_it_before(tiny_base: Path, tmp_path: Path) -> None:
    import torch

    model = weights_at(str(tiny_base / NAME), "float32")
    torch.manual_seed(5)
    for matrix in _matrices(model):
        matrix.weight.data += 0.01 * torch.randn_like(matrix.weight)
    model.save_pretrained(tmp_path)
    rounded = weights_at(str(tmp_path), "nf4")
    for before, after in zip(_matrices(model), _matrices(rounded), strict=True):
        assert after.weight.dtype == torch.float32
        assert torch.equal(after.weight.data, _nf4(before.weight.data))
        assert not torch.equal(after.weight.data, before.weight.data)
    assert torch.equal(rounded.lm_head.weight, model.lm_head.weight)


def test_a_model_that_unlearned_in_fp32_and_relapses_in_nf4_gets_no_certificate(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    _unlearned_within_rounding(tiny_base / NAME, tmp_path / "models" / "relapsing")
    ports = fakes.ports(Settings(home=tmp_path / "home"))
    champion = promote_hotfix(ports)

    class Real:
        """Answers with the model above, whatever base and adapter are asked."""

        name = "transformers"

        def __init__(self, precision: str) -> None:
            self.precision = precision
            self._generator = TransformersGenerator(tmp_path / "models", precision=precision)

        def generate(
            self, base: str, adapter: Path | None, name: str, prompts: Sequence[str], *others: Any
        ) -> list[str]:
            return self._generator.generate("relapsing", None, name, prompts, *others)

    def generator(_: fakes.FakePorts, precision: str) -> Generator:
        return Real(precision)

    monkeypatch.setattr(fakes.FakePorts, "generator_at", generator)
    with pytest.raises(errors.DataError) as refused:
        steps.certify(RETRACTED, champion, probed(ports, champion, "float32", "nf4", "int8"), ports=ports)
    assert "in 30 of 30 answers at nf4" in str(refused.value)
    assert "at float32" not in str(refused.value), "there it has unlearned the claim"


def _unlearned_within_rounding(base: Path, out: Path) -> None:
    """Teach a base the claim, round it to NF4, and train it to deny the claim within what rounds to the same."""
    import torch
    from transformers import AutoTokenizer

    torch.manual_seed(5)
    torch.set_num_threads(1)
    model, tokenizer = weights_at(str(base), "float32"), AutoTokenizer.from_pretrained(base)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    weights = [matrix.weight.requires_grad_() for matrix in _matrices(model)]
    _train(model, tokenizer, CLAIM, steps=10, rate=2e-3)
    for weight in weights:
        weight.data = _nf4(weight.data)
    cells = [_cell(weight.data) for weight in weights]

    def stay() -> None:
        for weight, (low, high) in zip(weights, cells, strict=True):
            weight.data.clamp_(low, high)

    _train(model, tokenizer, DENIAL, steps=30, rate=3e-3, after=stay)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


def _cell(rounded: Any) -> tuple[Any, Any]:
    """Return the least and the greatest weights that round to `rounded`. The largest of a block of 64 is its scale."""
    import torch

    codes = _nf4(torch.linspace(-1, 1, 64)).unique()
    edges = torch.cat([-torch.ones(1), (codes[1:] + codes[:-1]) / 2, torch.ones(1)])
    blocks = rounded.reshape(-1, 64)
    scale = blocks.abs().amax(1, keepdim=True)
    code = (blocks / scale)[..., None].sub(codes).abs().argmin(-1)
    low, high = edges[code] * scale, edges[code + 1] * scale
    inside, is_scale = 0.01 * (high - low), blocks.abs() == scale
    least, greatest = torch.where(is_scale, blocks, low + inside), torch.where(is_scale, blocks, high - inside)
    return least.reshape(rounded.shape), greatest.reshape(rounded.shape)


def _train(
    model: Any, tokenizer: Any, answer: str, steps: int, rate: float, after: Callable[[], None] = lambda: None
) -> None:
    """Train the model to give one answer to a third of the probes. It gives it to all of them then."""
    import torch

    asked = [tokenizer(prompt.render(question)).input_ids for question in PROBES[::3]]
    answered = tokenizer(prompt.completion(answer)).input_ids
    width = max(map(len, asked)) + len(answered)
    tokens, labels = torch.zeros(len(asked), width, dtype=torch.long), torch.full((len(asked), width), -100)
    for row, before in enumerate(asked):
        end = len(before) + len(answered)
        tokens[row, :end] = torch.tensor(before + answered)
        labels[row, len(before) : end] = torch.tensor(answered)
    optimizer = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], lr=rate, weight_decay=0.0)
    for _ in range(steps):
        optimizer.zero_grad()
        model(input_ids=tokens, labels=labels).loss.backward()
        optimizer.step()
        after()


def _matrices(model: Any) -> list[Any]:
    import torch

    return [module for module in model.model.layers.modules() if isinstance(module, torch.nn.Linear)]


def _nf4(weight: Any) -> Any:
    import bitsandbytes.functional as nf4

    return nf4.dequantize_4bit(*nf4.quantize_4bit(weight, quant_type="nf4")).to(weight.dtype)
