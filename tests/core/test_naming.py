"""Adapter names: readable, unique, safe."""

from __future__ import annotations

from itertools import islice

import pytest

from medpipe.core import naming
from medpipe.errors import UsageError


def test_a_version_is_named_after_its_number_and_its_weights() -> None:
    assert naming.version_name(17, "1f3c9aee01") == "medqa-v17-1f3c9a"
    assert naming.version_name(3, "adapter/0123456789abcdef", model="triage") == "triage-v3-012345"


@pytest.mark.parametrize(
    ("number", "digest", "model"),
    [(0, "1f3c9a", "medqa"), (1, "1f3", "medqa"), (1, "xyzxyz", "medqa"), (1, "1f3c9a", "Med QA/..")],
)
def test_a_name_that_would_not_be_safe_is_refused(number: int, digest: str, model: str) -> None:
    with pytest.raises(UsageError, match="cannot name version"):
        naming.version_name(number, digest, model)


def test_evaluation_names_differ_from_served_ones() -> None:
    assert naming.is_evaluation(naming.evaluation_name("adapter/0123456789abcdef"))
    assert naming.evaluation_name("adapter/01", "a") != naming.evaluation_name("adapter/01", "b")
    assert not naming.is_evaluation(naming.version_name(1, "1f3c9a"))


def test_the_name_of_an_evaluations_adapter_has_the_moment_of_its_loading() -> None:
    name = naming.timed(naming.evaluation_name("adapter/0123456789abcdef"), "abc", 1_772_000_000.9)
    assert naming.is_evaluation(name) and naming.loaded_at(name) == 1_772_000_000.0
    for other in ("eval-01", "medqa-v1-1f3c9a", "mine-t12", "eval-01-t12x", "eval-01-t"):
        assert naming.loaded_at(other) is None


def test_adapters_of_one_model_are_told_from_those_of_others() -> None:
    for name in ("medqa-v1-1f3c9a", "medqa-v12-aaaaaa-3"):
        assert naming.same_model(name, "medqa-v2-bbbbbb")
    for name in ("triage-v1-1f3c9a", "my-medqa-v1-1f3c9a", "medqa", "medqa-v1-1f3c9a-x", "eval-01", "medqa-v1-1f3c9"):
        assert not naming.same_model(name, "medqa-v2-bbbbbb")
    assert not naming.same_model("mine", "mine"), "a name of another kind belongs to no model"


def test_a_name_that_was_used_before_gets_a_number() -> None:
    assert list(islice(naming.candidates("medqa-v1-1f3c9a"), 3)) == [
        "medqa-v1-1f3c9a",
        "medqa-v1-1f3c9a-2",
        "medqa-v1-1f3c9a-3",
    ]
