"""run_lm_eval: another tool's figures on the questions with choices that an evaluation asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from medpipe import errors, records, steps
from medpipe.backends.lm_eval_harness import _harnessed
from medpipe.core import prompt
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Sample
from medpipe.core.refs import ref
from medpipe.ports import Choosing, Harnessed
from medpipe.steps import harness as harness_step
from medpipe.steps.evaluation import scores_of
from tests import fakes
from tests.manifests import put


class FirstChoice:
    """A harness whose model always prefers the first choice."""

    version = "first 1.0"

    def __init__(self) -> None:
        self.tasks: Mapping[str, Sequence[Choosing]] = {}

    def run(self, base: str, adapter: Path | None, tasks: Mapping[str, Sequence[Choosing]], _: Any) -> Any:
        self.tasks = tasks
        return {name: Harnessed(0.5, 0.1, (0,) * len(asked)) for name, asked in tasks.items()}


def evaluated(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch, scorer: str = "choice") -> str:
    samples = [
        Sample(id="1", question="Does rest help?", target="no", choices=("yes", "no")),
        Sample(id="2", question="Is a cold grave?", target="yes", choices=("yes", "no")),
    ]
    data = put(ports.store, ref("examples", 3), lambda to: records.write(to / "benchmarks" / "b.jsonl", samples))
    recipe = ports.recipe("tiny-sft").model_copy(update={"benchmarks": ("b",)})
    monkeypatch.setattr(ports, "recipe", lambda name: recipe, raising=False)
    benchmark = Benchmark(name="b", scorer=scorer, summary="s")
    monkeypatch.setattr(ports, "benchmark", lambda name: benchmark, raising=False)
    monkeypatch.setattr(fakes, "_recall", lambda weights, text: " no" if "rest" in text else " yes")
    return steps.evaluate("base", "tiny-sft", data, ports=ports)


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> FirstChoice:
    first = FirstChoice()
    monkeypatch.setattr(fakes.FakePorts, "harness", first, raising=False)
    return first


def test_both_figures_stand_side_by_side_for_the_same_prompts(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch, harness: FirstChoice
) -> None:
    report = steps.run_lm_eval(evaluated(ports, monkeypatch), ports=ports)

    assert harness.tasks == {
        "b": [
            Choosing(prompt.render("Does rest help?"), (" yes", " no"), 1),
            Choosing(prompt.render("Is a cold grave?"), (" yes", " no"), 0),
        ]
    }
    (compared,) = report.benchmarks
    assert report.harness == "first 1.0"
    assert compared.model_dump() == {
        "benchmark": "b",
        "n": 2,
        "accuracy": 0.5,
        "stderr": 0.1,
        "evaluated": 1.0,
        "agreement": 0.5,
        "by_rule": 0,
    }


def test_what_a_rule_answered_is_not_compared_with_what_the_model_prefers(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch, harness: FirstChoice
) -> None:
    evaluation = evaluated(ports, monkeypatch)
    stored = scores_of(ports, evaluation)
    ruled = [
        score.model_copy(update={"by": "rule", "answer": "yes"}) if score.sample_id == "1" else score
        for score in stored.scores["b"]
    ]
    monkeypatch.setattr(harness_step, "scores_of", lambda *_: stored.model_copy(update={"scores": {"b": ruled}}))

    (compared,) = steps.run_lm_eval(evaluation, ports=ports).benchmarks

    assert (compared.n, compared.by_rule, compared.agreement) == (1, 1, 1.0)
    assert [asked.prompt for asked in harness.tasks["b"]] == [prompt.render("Is a cold grave?")]
    every = {"b": [score.model_copy(update={"by": "rule"}) for score in ruled]}
    monkeypatch.setattr(harness_step, "scores_of", lambda *_: stored.model_copy(update={"scores": every}))
    with pytest.raises(errors.UsageError, match="rules answered every question with choices"):
        steps.run_lm_eval(evaluation, ports=ports)


@pytest.mark.parametrize(("given", "read"), [(0.1, 0.1), ("N/A", None), (float("nan"), None)])
def test_a_standard_error_that_lm_eval_does_not_give_is_none_and_not_zero(given: Any, read: float | None) -> None:
    results = {
        "results": {"medpipe_b": {"acc,none": 1.0, "acc_stderr,none": given}},
        "samples": {"medpipe_b": [{"doc_id": 0, "filtered_resps": [(-1.0, False), (-2.0, False)]}]},
    }
    assert _harnessed(results, "medpipe_b") == Harnessed(1.0, read, (0,))


def test_what_cannot_be_compared_is_refused(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch, harness: FirstChoice
) -> None:
    free = evaluated(ports, monkeypatch, "exact")
    with pytest.raises(errors.UsageError, match="asked no question with choices"):
        steps.run_lm_eval(free, ports=ports)
    asked = evaluated(ports, monkeypatch)
    monkeypatch.setattr(fakes.FakePorts, "base_digest", lambda ports, base: "other")
    with pytest.raises(errors.UsageError, match="other files of medpipe-sandbox/tiny-llama"):
        steps.run_lm_eval(asked, ports=ports)
    monkeypatch.setattr(fakes.MemoryGenerator, "precision", "int8")
    with pytest.raises(errors.UsageError, match="run in float32, and the evaluation in int8"):
        steps.run_lm_eval(evaluated(ports, monkeypatch), ports=ports)
