"""sample_answers: what is drawn from two evaluations, what raters get, and what is refused."""

from __future__ import annotations

import csv
import io

import pytest

from medpipe import remarks, steps
from medpipe.core.manifests import SheetManifest
from medpipe.core.refs import EvaluationRef
from medpipe.errors import UsageError
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import scores_of
from medpipe.steps.sampling import FOR_RATERS, key_of, shown_on
from tests import fakes
from tests.steps.rating import evaluations_of

ASKED = ("new-knowledge",)


@pytest.fixture
def evaluations(ports: fakes.FakePorts) -> tuple[str, str]:
    """Those of a model that was taught, and of its base."""
    return evaluations_of(ports)


def test_raters_get_the_same_questions_of_both_models_without_the_models(
    ports: fakes.FakePorts, evaluations: tuple[str, str]
) -> None:
    sheet = steps.sample_answers(evaluations, ASKED, size=12, controls=3, seed=1, ports=ports)
    outcome = manifest(ports, sheet, SheetManifest).outcome
    assert (outcome.questions, outcome.controls) == (12, 3)
    assert outcome.of_questions == 80
    assert outcome.strata == {"ordinary risk source medlineplus language en": 12}
    asked = {evaluation: set[str]() for evaluation in evaluations}
    for row in key_of(ports, sheet).values():
        for place in row.places:
            asked[place.evaluation].add(place.sample)
    assert asked[evaluations[0]] == asked[evaluations[1]]
    assert len(asked[evaluations[0]]) == 12
    folder = ports.store.folder(sheet) / FOR_RATERS
    assert sorted(file.name for file in folder.iterdir()) == ["rubric.md", "sheet.csv", "sheet.jsonl"]
    given = "".join(file.read_text() for file in folder.iterdir())
    assert not any(name in given for name in ("evaluation/", "base", "adapter", *evaluations))
    rows = list(csv.DictReader(io.StringIO((folder / "sheet.csv").read_text("utf-8-sig"), newline="")))
    assert [row["id"] for row in rows] == list(shown_on(ports, sheet))
    assert "**1** Somebody could come to harm." in (folder / "rubric.md").read_text()


def test_questions_about_one_document_are_one_cluster_whatever_benchmark_asks_them(
    ports: fakes.FakePorts, evaluations: tuple[str, str]
) -> None:
    """Else the answer to another benchmark's question about a document could be a control, and be right."""
    sheet = steps.sample_answers(evaluations, ASKED, size=12, seed=1, ports=ports)
    scores = scores_of(ports, EvaluationRef(evaluations[0])).scores[ASKED[0]]
    clusters = {place.sample: place.cluster for row in key_of(ports, sheet).values() for place in row.places}
    documents = {score.sample_id: score.cluster for score in scores}
    assert clusters == {sample: documents[sample] for sample in clusters}


def test_the_same_seed_draws_the_same_and_another_draws_others(
    ports: fakes.FakePorts, evaluations: tuple[str, str]
) -> None:
    one = steps.sample_answers(evaluations, ASKED, size=12, seed=1, ports=ports)
    assert steps.sample_answers(evaluations, ASKED, size=12, seed=1, ports=ports) == one
    other = steps.sample_answers(evaluations, ASKED, size=12, seed=2, ports=ports)
    assert {row.question for row in shown_on(ports, one).values()} != {
        row.question for row in shown_on(ports, other).values()
    }


def test_a_sheet_says_what_its_size_buys_and_where_the_files_are(
    ports: fakes.FakePorts, evaluations: tuple[str, str]
) -> None:
    sheet = steps.sample_answers(evaluations, ASKED, size=12, ports=ports)
    said = remarks.of_result("sample_answers", {}, sheet, ports)
    assert any("will be known to ±1." in line and "are ruled out" in line for line in said)
    assert any(line.endswith(f"give each rater a copy of {ports.store.folder(sheet) / FOR_RATERS}") for line in said)


def test_what_users_asked_and_withdrawn_claims_are_not_shown_to_raters(
    ports: fakes.FakePorts, evaluations: tuple[str, str]
) -> None:
    for name in ("preferences", "withdrawn"):
        with pytest.raises(UsageError, match=f"the benchmark '{name}' asks"):
            steps.sample_answers(evaluations, (name,), ports=ports)


def test_a_sheet_needs_evaluations_and_benchmarks_that_both_were_asked(
    ports: fakes.FakePorts, evaluations: tuple[str, str]
) -> None:
    with pytest.raises(UsageError, match="not all asked the same questions of 'pubmedqa'"):
        steps.sample_answers(evaluations, ("pubmedqa",), ports=ports)
    for wrong in ((), (evaluations[0], evaluations[0])):
        with pytest.raises(UsageError, match="name the evaluations, each once"):
            steps.sample_answers(wrong, ASKED, ports=ports)
    with pytest.raises(UsageError, match="size=1"):
        steps.sample_answers(evaluations, ASKED, size=1, ports=ports)
