"""Adapter names: readable, unique, safe."""

from __future__ import annotations

from itertools import islice

import pytest

from medpipe.core import naming


def test_a_version_is_named_after_its_number_and_its_weights() -> None:
    assert naming.version_name(17, "1f3c9aee01") == "medqa-v17-1f3c9a"
    assert naming.version_name(3, "adapter/0123456789abcdef", model="triage") == "triage-v3-012345"


@pytest.mark.parametrize(
    ("number", "digest", "model"),
    [(0, "1f3c9a", "medqa"), (1, "1f3", "medqa"), (1, "xyzxyz", "medqa"), (1, "1f3c9a", "Med QA/..")],
)
def test_a_name_that_would_not_be_safe_is_refused(number: int, digest: str, model: str) -> None:
    with pytest.raises(ValueError, match="cannot name version"):
        naming.version_name(number, digest, model)


def test_evaluation_names_differ_from_served_ones() -> None:
    assert naming.is_evaluation(naming.evaluation_name("adapter/0123456789abcdef"))
    assert naming.evaluation_name("adapter/01", "a") != naming.evaluation_name("adapter/01", "b")
    assert not naming.is_evaluation(naming.version_name(1, "1f3c9a"))


def test_a_name_that_was_used_before_gets_a_number() -> None:
    assert list(islice(naming.candidates("medqa-v1-1f3c9a"), 3)) == [
        "medqa-v1-1f3c9a",
        "medqa-v1-1f3c9a-2",
        "medqa-v1-1f3c9a-3",
    ]
