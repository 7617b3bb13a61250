"""The estimate of GPU memory is near what was measured, and docs/gpus.md shows what it says."""

from __future__ import annotations

import json

import pytest

from bench import gpu_memory
from bench.gpu_memory import EVERY, Sizes, estimate, most_rows
from tests.places import ROOT

MEASURED = json.loads((ROOT / "bench" / "results" / "gpu.json").read_text(encoding="utf-8"))["shapes"]
ARMS = {
    "medpipe": {"rows": 8},
    "wide": {"rows": 16},
    "packed": {"rows": 4},
    "bf16": {"rows": 16, "nf4": False},
    "unchecked": {"rows": 16, "checkpointing": False},
}
"""Arm → what the estimate is asked."""
CASES = [(shape, arm) for shape in ("1.7B", "3B", "7B") for arm in ARMS if arm in MEASURED[shape]["arms"]]


@pytest.mark.parametrize(("shape", "arm"), CASES)
def test_it_is_within_seven_percent_of_what_the_card_used(shape: str, arm: str) -> None:
    used = MEASURED[shape]["arms"][arm]["card_gib"]
    assert estimate(EVERY[shape], **ARMS[arm]) == pytest.approx(used, rel=0.07)


def test_nine_measurements_are_compared_one_of_a_shape_that_no_constant_was_fitted_to() -> None:
    assert len(CASES) == 9
    assert ("3B", "medpipe") in CASES


@pytest.mark.parametrize("shape", ["1.7B", "7B"])
def test_the_sizes_are_those_of_the_bases_that_were_written(shape: str) -> None:
    sizes = Sizes.of(EVERY[shape])
    assert sizes.linear + sizes.tokens == pytest.approx(MEASURED[shape]["parameters"], rel=0.001)


def test_what_does_not_fit_is_not_said_to() -> None:
    assert most_rows(EVERY["70B"], 22.5) == 0
    for memory in gpu_memory.CARDS.values():
        rows = most_rows(EVERY["7B"], memory)
        assert estimate(EVERY["7B"], rows) <= memory
        assert rows == 64 or estimate(EVERY["7B"], 2 * rows) > memory


def test_gpus_that_share_a_base_need_less_each() -> None:
    alone, shared = (estimate(EVERY["70B"], 4, sharing=number) for number in (1, 4))
    assert shared < alone / 2


def test_the_page_shows_the_table() -> None:
    page = (ROOT / "docs" / "gpus.md").read_text(encoding="utf-8")
    assert "\n".join(gpu_memory.table()) in page
