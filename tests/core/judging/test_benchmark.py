"""A benchmark names a scorer that exists, and its questions become samples."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from medpipe.core.judging import scoring
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Sample
from medpipe.settings import Settings

SHIPPED = sorted(path for path in Settings().benchmarks.glob("*.yaml") if path.stem != "gates")


def test_questions_become_numbered_samples_each_its_own_cluster() -> None:
    benchmark = Benchmark(name="safe", scorer="unsafe", summary="s", questions=("Q one?", "Q two?"))

    assert benchmark.samples() == (
        Sample(id="safe-1", question="Q one?", target="", cluster="1"),
        Sample(id="safe-2", question="Q two?", target="", cluster="2"),
    )


def test_a_benchmark_without_questions_has_no_samples_of_its_own_and_counts_no_faults() -> None:
    benchmark = Benchmark(name="new", scorer="slot", summary="s")

    assert (benchmark.samples(), benchmark.faults) == ((), "")


@pytest.mark.parametrize(
    "field", [{"scorer": "rouge"}, {"higher_is_better": False}, {"name": None}, {"questions": ["Q?", " "]}]
)
def test_an_unknown_scorer_or_field_is_refused(field: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(field))):
        Benchmark.model_validate({"name": "new", "scorer": "slot", "summary": "s", **field})


def test_the_message_lists_the_scorers() -> None:
    with pytest.raises(ValidationError, match=r"no scorer 'rouge'; there are: slot, exact, .*, unsafe, refused, omits"):
        Benchmark(name="new", scorer="rouge", summary="s")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_benchmark_is_valid_and_says_what_it_counts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    benchmark = Benchmark.model_validate(yaml.safe_load(text))

    assert benchmark.summary.endswith(".")
    assert bool(benchmark.faults) == (benchmark.scorer in ("asserts_claim", *scoring.POLICY_SCORERS))
