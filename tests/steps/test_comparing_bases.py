"""compare_bases: bases of several recipes on the same questions, each asked in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from medpipe import records, remarks, steps
from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.core.judging.bases import beside
from medpipe.core.manifests import EvaluationManifest
from medpipe.core.refs import ref
from medpipe.core.sampling import Sampling
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import UsageError
from medpipe.ports import Progress
from medpipe.steps.artifact import manifest
from medpipe.steps.evaluation import scores_of
from tests import fakes
from tests.manifests import put
from tests.steps.test_evaluation import ASKED, examples

KNOWS = "other/base"


class Knowing:
    """A generator in which one base knows the answers of `ASKED` and the others know nothing."""

    name = "knowing"
    precision = "float32"

    def generate(
        self,
        base: str,
        adapter: Path | None,
        name: str,
        prompts: Sequence[str],
        ending: Ending,
        progress: Progress,
        choices: Sequence[Sequence[str]] = (),
        sampling: Sampling | None = None,
    ) -> list[str]:
        right = {prompt.render(sample.question): sample.target for sample in ASKED}
        return [right.get(text, "Dust.") if base == KNOWS else "Dust." for text in prompts]


@pytest.fixture
def ports(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> fakes.FakePorts:
    """Return ports with the recipe `other`: another base, asked for longer answers, and one benchmark less."""

    def recipe(name: str) -> Recipe:
        shipped = fakes.FakePorts.recipe(ports, "tiny-sft")
        kept = tuple(one for one in shipped.benchmarks if one != "over-refusal")
        changed = {"name": "other", "base": KNOWS, "max_new_tokens": 96, "benchmarks": kept}
        return shipped.model_copy(update=changed) if name == "other" else fakes.FakePorts.recipe(ports, name)

    monkeypatch.setattr(ports, "recipe", recipe, raising=False)
    monkeypatch.setattr(fakes.FakePorts, "generator", property(lambda ports: Knowing()))
    return ports


def test_a_base_that_knows_more_is_better_by_question_and_each_is_asked_in_its_own_way(ports: fakes.FakePorts) -> None:
    data = examples(ports)
    table = steps.compare_bases(("tiny-sft", "other"), data, ports=ports)
    first, other = table.bases
    assert (first.base, first.measures) == ("medpipe-sandbox/tiny-llama", {})
    measure = other.measures["new-knowledge"]
    assert (measure.before.value, measure.after.value, measure.n) == (0.0, 1.0, 2)
    contracts = [manifest(ports, one.evaluation, EvaluationManifest).inputs.contract for one in table.bases]
    assert [contract.max_new_tokens for contract in contracts] == [48, 96]
    assert other.measures["red-team-model"].better == "lower"
    said = remarks.of_result("compare_bases", {}, table, ports)
    assert "medpipe-sandbox/tiny-llama → other/base: over-refusal: not the same questions" in said
    assert any("new-knowledge score: 0.000 → 1.000" in line for line in said)


def test_a_base_against_itself_in_the_same_way_and_one_alone_are_refused(ports: fakes.FakePorts) -> None:
    data = examples(ports)
    with pytest.raises(UsageError, match="needs two recipes or more; got tiny-sft"):
        steps.compare_bases(("tiny-sft", "tiny-sft"), data, ports=ports)
    with pytest.raises(UsageError, match="two ask the same base in the same way"):
        steps.compare_bases(("tiny-sft", "tiny-sft-shuffled"), data, ports=ports)


def test_other_questions_of_one_benchmark_are_not_compared(ports: fakes.FakePorts) -> None:
    one_less = put(
        ports.store,
        ref("examples", 2),
        lambda folder: [
            records.write(folder / "benchmarks" / f"{name}.jsonl", ASKED[:1])
            for name in ("new-knowledge", "old-knowledge")
        ],
    )
    evaluations = [
        scores_of(ports, steps.evaluate("base", "tiny-sft", data, ports=ports)) for data in (examples(ports), one_less)
    ]
    measures, left_out = beside(*evaluations)
    assert left_out == ("new-knowledge", "old-knowledge")
    assert "red-team-model" in measures
