"""evaluate: questions on passages whose evidence was changed, with a model that reads and one that does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from medpipe import records, steps
from medpipe.core.judging.evaluation import Sample
from medpipe.core.manifests import EvaluationManifest
from medpipe.core.refs import ref
from medpipe.errors import ConfigError
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import scores_of
from medpipe.steps.recomputation import faults_of_evaluation
from tests import fakes
from tests.manifests import put

NAME = "evidence-twins"


class Reader:
    """Repeats the passage up to its first full stop, or says that it does not know without one."""

    name, precision = "reader", "float32"

    def generate(self, base: str, adapter: Path | None, name: str, prompts: Sequence[str], *_: Any) -> list[str]:
        passages = (prompt.partition("Context: ")[2].partition("\n")[0] for prompt in prompts)
        return [
            f" {passage.partition('.')[0]}.\n" if "treated" in passage else " I do not know.\n" for passage in passages
        ]


class Deaf(Reader):
    """Says the same whatever it reads."""

    def generate(self, base: str, adapter: Path | None, name: str, prompts: Sequence[str], *_: Any) -> list[str]:
        return [" It is treated with drug1azole.\n" for _ in prompts]


def asked(ports: fakes.FakePorts, generator: Reader, monkeypatch: pytest.MonkeyPatch, **data: Any) -> str:
    monkeypatch.setattr(fakes.FakePorts, "generator", property(lambda ports: generator))
    recipe = ports.recipe("tiny-sft")
    recipe = recipe.model_copy(update={"benchmarks": (NAME,), "data": recipe.data.model_copy(update=data)})
    monkeypatch.setattr(ports, "recipe", lambda name: recipe, raising=False)
    facts = [
        Sample(
            id=f"mplus:{number}#0000bbbb-{phrasing}",
            question=f"Which medicine treats illness {number}, phrased {phrasing}?",
            target=f"Illness {number} is treated with drug{number}azole. It is rare.",
            slot=f"drug{number}azole",
            cluster=f"mplus:{number}",
            slices=("type treatment", "language en"),
        )
        for number in range(1, 9)
        for phrasing in (1, 2)
    ]

    def fill(folder: Path) -> None:
        records.write(folder / "benchmarks" / "old-knowledge.jsonl", facts)

    return steps.evaluate("base", "tiny-sft", put(ports.store, ref("examples", 1), fill), ports=ports)


def test_each_held_out_fact_is_asked_once_with_every_passage(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = asked(ports, Reader(), monkeypatch, contexts=True)
    whole, stored = scores_of(ports, evaluation), manifest(ports, evaluation, EvaluationManifest)
    figures = stored.outcome.figures[NAME]
    assert len(whole.scores[NAME]) == 8 * 6
    assert {name: round(metric.value, 2) for name, metric in figures.items()} == {
        f"{NAME} moved with the evidence alone": 0.0,
        f"{NAME} moved": 1.0,
        f"{NAME} moved when removed": 1.0,
        f"{NAME} moved when replaced": 1.0,
        f"{NAME} moved when retracted": 1.0,
        f"{NAME} stayed": 0.0,
        f"{NAME} stayed when reordered": 0.0,
        f"{NAME} stayed when neutral": 0.0,
        f"{NAME} coverage": 1.0,
        f"{NAME} of what was answered": 0.5,
        f"{NAME} abstained without evidence": 0.5,
    }, "it reads the first sentence only, and the controls put another one there"
    assert (figures[f"{NAME} moved"].n, figures[f"{NAME} moved"].clusters) == (24, 8)
    assert f"{NAME} moved" in stored.outcome.by_name()
    assert whole.slices[NAME]["evidence removed"].value == 1.0
    assert not list(faults_of_evaluation(stored, whole, ports))
    forged = whole.model_copy(
        update={"scores": {NAME: tuple(score.model_copy(update={"said": ""}) for score in whole.scores[NAME])}}
    )
    assert f"has other figures for {NAME} than its scores give" in list(faults_of_evaluation(stored, forged, ports))


def test_a_model_that_ignores_the_passage_never_moves(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation = asked(ports, Deaf(), monkeypatch, contexts=True)
    figures = manifest(ports, evaluation, EvaluationManifest).outcome.figures[NAME]
    assert (figures[f"{NAME} moved"].value, figures[f"{NAME} stayed"].value) == (0.0, 1.0)


def test_a_recipe_whose_prompts_have_no_passages_cannot_ask_about_them(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="asks about passages, and base is asked without any"):
        asked(ports, Reader(), monkeypatch, contexts=False)
