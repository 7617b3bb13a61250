"""measure: how confident two models were of the labels that they gave."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from medpipe import records, steps
from medpipe.core.judging.evaluation import Sample
from medpipe.core.manifests import EvaluationManifest, MeasurementManifest, MeasurementOutcome
from medpipe.core.refs import ref
from medpipe.errors import UsageError
from medpipe.ports import Likelihood
from medpipe.steps import calibrating
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.manifests import put

ASKED = [
    Sample(
        id=f"pubmedqa:{number}#0000aaaa-{phrasing}",
        question=f"Does rest {number} help, asked {phrasing}?",
        target="yes" if number % 4 else "no",
        choices=("yes", "no"),
        cluster=f"pubmedqa:{number}",
    )
    for number in range(40)
    for phrasing in (1, 2)
]
"""Three in four are answered by yes."""


class Always:
    """Says yes to the first wording of a question, and to the second, unless it is `swayed`, as well."""

    name, precision = "always", "float32"

    def __init__(self, swayed: bool = False) -> None:
        self.swayed = swayed

    def generate(self, base: str, adapter: Path | None, name: str, prompts: Sequence[str], *_: Any) -> list[str]:
        return ["no" if self.swayed and "asked 2" in prompt else "yes" for prompt in prompts]


class SureOfYes:
    """Finds yes 19 times as probable as no."""

    precision = "float32"

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []

    def likelihoods(
        self, base: str, adapter: Path | None, texts: Sequence[tuple[str, str]], *_: Any
    ) -> list[Likelihood]:
        self.texts += texts
        return [Likelihood(-0.0513 if completion.strip() == "yes" else -2.9957, 1) for _, completion in texts]


def measured(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch, generator: Always, reader: SureOfYes | None
) -> MeasurementOutcome:
    monkeypatch.setattr(fakes.FakePorts, "generator", property(lambda ports: generator))
    monkeypatch.setattr(fakes.FakePorts, "likelihoods_at", lambda ports, precision: reader)
    recipe = ports.recipe("tiny-sft").model_copy(update={"benchmarks": ("old-knowledge",)})
    monkeypatch.setattr(ports, "recipe", lambda name: recipe, raising=False)
    examples = put(
        ports.store,
        ref("examples", 1),
        lambda folder: records.write(folder / "benchmarks" / "old-knowledge.jsonl", ASKED),
    )
    evaluation = steps.evaluate("base", "tiny-sft", examples, ports=ports)
    return manifest(
        ports, steps.measure(evaluation, evaluation, reader is not None, True, ports=ports), MeasurementManifest
    ).outcome


def test_a_model_that_is_surer_than_right_has_a_calibration_error(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = measured(ports, monkeypatch, Always(), reader := SureOfYes())
    found = {one.name: one for one in outcome.measures}
    assert found["ece"].after.value == pytest.approx(0.95 - 0.75, abs=1e-3)
    assert (found["ece"].n, found["ece"].clusters) == (80, 40)
    assert found["accuracy_of_most_confident_50"].after.value == 0.75
    (only,) = outcome.calibration["old-knowledge"].after
    assert (only.n, round(only.confidence, 3), only.accuracy) == (80, 0.95, 0.75)
    assert outcome.samples == 80
    assert "old-knowledge" not in outcome.left_out
    assert reader.texts[0][1].endswith("\n"), "the label is read with what ends an answer"


def test_few_questions_are_read_and_always_the_same(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrating, "MOST", 10)
    outcome = measured(ports, monkeypatch, Always(), reader := SureOfYes())
    assert {one.name: one.n for one in outcome.measures}["ece"] == 10
    assert len(reader.texts) == 2 * 10 * 2, "two labels of ten questions, by each of two models"


def test_confidence_is_measured_only_on_request(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    measured(ports, monkeypatch, Always(), None)
    (evaluation,) = (one.ref for one in ports.store.manifests(EvaluationManifest))
    with pytest.raises(UsageError, match="share no question with a right answer"):
        steps.measure(evaluation, evaluation, False, ports=ports)


def test_without_probabilities_agreement_over_wordings_stands_for_confidence_and_says_so(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = measured(ports, monkeypatch, Always(swayed=True), None)
    found = {one.name: one for one in outcome.measures}
    assert all(name.endswith("_by_agreement") for name in found)
    assert found["ece_by_agreement"].after.value == pytest.approx(0.0), "half agree, and half are right"
    assert not outcome.calibration
