"""measure: what two evaluations say by published measures, and what they cannot say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medpipe import remarks, steps
from medpipe.core.judging.evaluation import Sample
from medpipe.core.judging.measures import Measure
from medpipe.core.manifests import EvaluationManifest, MeasurementManifest
from medpipe.errors import UsageError
from medpipe.steps import measuring
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import scores_of
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, publish, topic


@pytest.fixture
def examples(ports: fakes.FakePorts) -> str:
    publish(ports, [topic(number, DAY_1) for number in range(20)])
    documents = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    built = steps.build_examples(steps.build_corpus((documents,), ports=ports), "tiny-sft", ports=ports)
    return steps.validate(built, "examples", ports=ports)


@pytest.fixture
def evaluations(ports: fakes.FakePorts, examples: str) -> tuple[str, str]:
    """Those of a model that was taught, and of its base."""
    adapter = steps.train("tiny-sft", examples, ports=ports)
    return tuple(steps.evaluate(model, "tiny-sft", examples, ports=ports) for model in (adapter, "base"))


def measured(ports: fakes.FakePorts, ref: str) -> dict[str, Measure]:
    outcome = manifest(ports, ref, MeasurementManifest).outcome
    return {one.name: one for one in outcome.measures if one.benchmark == "new-knowledge"}


def test_what_was_learned_shows_in_every_measure(ports: fakes.FakePorts, evaluations: tuple[str, str]) -> None:
    ref = steps.measure(*evaluations, ports=ports)
    found = measured(ports, ref)
    assert sorted(found) == [
        *("bleu", "chrf", "claim_recall", "consistency", "contradiction", "perplexity"),
        *("rouge1", "rouge2", "rouge_l", "token_f1"),
    ]
    for name in found.keys() - {"consistency", "contradiction"}:
        measure = found[name]
        low, high = measure.change.low, measure.change.high
        assert high < 0 if measure.better == "lower" else low > 0, name
        assert measure.n > measure.clusters >= 10
    assert found["perplexity"].better == found["contradiction"].better == "lower"
    assert found["consistency"].n * 2 == found["token_f1"].n, "two held-out phrasings of each fact"
    assert steps.measure(*evaluations, ports=ports) == ref
    said = remarks.of_result("measure", {}, ref, ports)
    assert any(line.startswith("new-knowledge rouge_l: 0.") for line in said)


def test_an_evaluation_has_the_mean_of_each_slice(ports: fakes.FakePorts, evaluations: tuple[str, str]) -> None:
    found = scores_of(ports, evaluations[0])
    by_slice, whole = found.slices["new-knowledge"], found.metrics["new-knowledge"]
    assert sorted(by_slice) == ["type causes", "type treatment"], "one source, one language and one year"
    assert sum(metric.n for metric in by_slice.values()) == whole.n
    assert all(metric.clusters == whole.clusters == 20 for metric in by_slice.values())


def test_a_model_against_itself_has_not_changed(ports: fakes.FakePorts, evaluations: tuple[str, str]) -> None:
    after, _ = evaluations
    found = measured(ports, steps.measure(after, after, ports=ports))
    assert {measure.change.value for measure in found.values()} == {0.0}


def test_what_has_no_right_answer_is_left_out_with_its_reason(
    ports: fakes.FakePorts, evaluations: tuple[str, str]
) -> None:
    outcome = manifest(ports, steps.measure(*evaluations, False, ports=ports), MeasurementManifest).outcome
    assert outcome.left_out["red-team-model"] == "its answers are judged by policies, not by a right answer"
    assert outcome.samples == sum(one.n for one in outcome.measures if one.name == "token_f1")


def test_questions_with_choices_are_counted_among_what_is_left_out(
    ports: fakes.FakePorts, evaluations: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    every = measuring.samples_asked

    def with_a_choice(*asked: Any) -> list[Sample]:
        samples = every(*asked)
        chosen = [sample.model_copy(update={"choices": (sample.target, "another")}) for sample in samples[:1]]
        return [*chosen, *samples[1:]]

    monkeypatch.setattr(measuring, "samples_asked", with_a_choice)
    outcome = manifest(ports, steps.measure(*evaluations, False, ports=ports), MeasurementManifest).outcome
    reason = outcome.left_out["new-knowledge"]
    measured = next(one.n for one in outcome.measures if (one.benchmark, one.name) == ("new-knowledge", "token_f1"))
    assert reason == f"1 of {measured + 1} questions have choices: give --confidence"


def test_no_perplexity_reads_no_model(
    ports: fakes.FakePorts, evaluations: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fakes.FakePorts, "likelihoods_at", None)
    assert "perplexity" not in measured(ports, steps.measure(*evaluations, False, ports=ports))


def test_perplexities_of_two_bases_are_not_compared(
    ports: fakes.FakePorts, evaluations: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    after, before = evaluations
    monkeypatch.setattr(fakes.FakePorts, "base_digest", lambda ports, base: "other")
    with pytest.raises(UsageError, match="was asked of other files of medpipe-sandbox/tiny-llama"):
        steps.measure(after, before, ports=ports)
    examples = manifest(ports, before, EvaluationManifest).inputs.examples
    other = steps.evaluate("base", "tiny-sft", examples, ports=ports)
    with pytest.raises(UsageError, match=r"are of two bases.* give --no-perplexity"):
        steps.measure(after, other, ports=ports)
    assert measured(ports, steps.measure(after, other, False, ports=ports))


def test_evaluations_of_other_questions_share_nothing_to_measure(
    ports: fakes.FakePorts, evaluations: tuple[str, str], tmp_path: Path
) -> None:
    publish(ports, [topic(number, DAY_1) for number in range(20, 40)])
    documents = steps.validate(
        steps.pull("medlineplus", DAY_1, DAY_2, ids=("mplus:900021",), ports=ports), "documents", ports=ports
    )
    examples = steps.build_examples(steps.build_corpus((documents,), ports=ports), "tiny-sft", ports=ports)
    steps.validate(examples, "examples", ports=ports)
    other = steps.evaluate("base", "tiny-sft", examples, ports=ports)
    with pytest.raises(UsageError, match="share no question with a right answer"):
        steps.measure(evaluations[0], other, ports=ports)
