"""estimate_ratings: the judge rates all answers, and clinicians correct it where they rated."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe import remarks, steps
from medpipe.core.manifests import EstimateManifest
from medpipe.core.refs import SheetRef
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.steps.rating import by_accuracy, evaluations_of, rated, raters


@pytest.fixture
def evaluations(ports: fakes.FakePorts) -> tuple[str, str]:
    return evaluations_of(ports)


@pytest.fixture
def sheet(ports: fakes.FakePorts, evaluations: tuple[str, str]) -> SheetRef:
    return steps.sample_answers(evaluations, ("new-knowledge",), size=30, controls=0, seed=1, ports=ports)


def test_the_means_over_all_answers_are_the_judges_as_clinicians_correct_them(
    ports: fakes.FakePorts,
    evaluations: tuple[str, str],
    sheet: SheetRef,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ratings = rated(ports, sheet, raters(ports, monkeypatch), tmp_path / "files", by_accuracy, by_accuracy)
    estimate = steps.estimate_ratings(ratings, ports=ports)
    outcome = manifest(ports, estimate, EstimateManifest).outcome
    assert outcome.answers == 160
    taught, base = (outcome.means[model] for model in evaluations)
    assert taught["clarity"].bias == pytest.approx(-2), "the judge is harsher"
    assert taught["clarity"].judge == pytest.approx(taught["accuracy"].judge - 2, abs=0.2)
    assert taught["clarity"].corrected.value == pytest.approx(taught["clarity"].clinicians.value, abs=0.5)
    assert taught["clarity"].corrected.low > base["clarity"].corrected.high
    assert taught["accuracy"].corrected.n == 80
    assert steps.estimate_ratings(ratings, ports=ports) == estimate
    said = remarks.of_result("estimate_ratings", {}, estimate, ports)
    assert any(f"{evaluations[0]} clarity: " in line and "judge's bias -2.00" in line for line in said)


def test_ratings_that_are_not_finished_correct_nothing(
    ports: fakes.FakePorts,
    evaluations: tuple[str, str],
    sheet: SheetRef,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The answers that raters agree on are no random sample, so the judge is not asked either."""
    asked: list[str] = []
    monkeypatch.setattr(type(ports.judge), "rate", lambda self, prompts, progress: asked.extend(prompts))
    holders = raters(ports, monkeypatch)
    ratings = rated(ports, sheet, holders, tmp_path / "files", by_accuracy, lambda row: 0 if "1" in row["id"] else 5)
    outcome = manifest(ports, steps.estimate_ratings(ratings, ports=ports), EstimateManifest).outcome
    assert outcome.means == {model: {} for model in evaluations}
    assert not asked
