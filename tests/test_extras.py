"""A verb whose tool is not installed names the extra that brings it."""

from __future__ import annotations

import pytest

from medpipe.extras import lacking

LINES = [
    "numpy>=2",
    'great-expectations<2,>=1.24; extra == "orchestrate"',
    'torch>=2.9; extra == "train"',
    'obstore>=0.12; extra == "s3"',
    'ruff>=0.9; extra == "dev"',
]


@pytest.mark.parametrize(
    ("module", "extra"),
    [("great_expectations", "orchestrate"), ("torch.nn", "train"), ("torch", "train"), ("obstore", "s3")],
)
def test_a_missing_module_names_its_extra(module: str, extra: str) -> None:
    error = lacking(ModuleNotFoundError("no such module", name=module), LINES)
    assert error is not None
    assert f"medpipe-llm[{extra}]" in str(error)


@pytest.mark.parametrize("module", ["numpy", "medpipe.nowhere", "ruff", "tor", ""])
def test_a_module_that_no_extra_brings_is_a_bug_and_stays_one(module: str) -> None:
    assert lacking(ModuleNotFoundError("no such module", name=module), LINES) is None
