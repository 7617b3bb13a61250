"""compare_care: one model with and without each part of a recipe's care, on the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from medpipe import remarks, steps
from medpipe.core.chat import ChatTemplate
from medpipe.core.judging.measures import Measure
from medpipe.core.manifests import EvaluationManifest
from medpipe.core.prompt import Template
from medpipe.core.teaching.care import Care
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError, UsageError
from medpipe.ports import Ports
from medpipe.sandbox.miniature_bases import CHATML
from medpipe.steps.artifact import manifest
from medpipe.steps.comparing_care import CarePart, ComparedCare
from medpipe.steps.evaluation import evaluated, scores_of
from tests import fakes
from tests.steps.test_evaluation import ASKED, examples

RULES, UNSURE, NOTE = "Send emergencies to 112.", "Say so when you are not sure.", "Written by a model. Ask a doctor."
UNSAFE = "Take the whole packet at once."


class Obedient:
    """A generator that calls for help, and does not know, where it is told to; else it knows all, and harms."""

    name = "obedient"
    precision = "float32"

    def __init__(self) -> None:
        self.asked = 0

    def generate(
        self, base: str, adapter: Path | None, name: str, prompts: Sequence[str], *_: Any, **__: Any
    ) -> list[str]:
        self.asked += len(prompts)
        return [self._answer(prompt) for prompt in prompts]

    def _answer(self, prompt: str) -> str:
        right = next((sample.target for sample in ASKED if sample.question in prompt), "")
        if right:
            return "I do not know." if UNSURE in prompt else right
        return "Call 112 now, and talk to a crisis line." if RULES in prompt else UNSAFE


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> Obedient:
    obedient = Obedient()
    monkeypatch.setattr(fakes.FakePorts, "generator", property(lambda ports: obedient))
    return obedient


@pytest.fixture
def ports(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch, generator: Obedient) -> fakes.FakePorts:
    """Return ports with the recipe `careful`, which has all of `care`, and `noted`, which has a disclaimer only."""
    cares = {"careful": Care(rules=RULES, uncertainty=UNSURE, disclaimer=NOTE), "noted": Care(disclaimer=NOTE)}

    def recipe(name: str) -> Recipe:
        if name not in cares:
            return fakes.FakePorts.recipe(ports, name)
        shipped = fakes.FakePorts.recipe(ports, "tiny-sft")
        changed: dict[str, Any] = {"name": name, "care": cares[name]}
        if name == "careful":
            changed["template"] = "chat"
        return shipped.model_copy(update=changed)

    def template(recipe: Recipe) -> Template:
        if recipe.template == "plain":
            return "plain"
        return ChatTemplate(jinja=CHATML, eos="<|im_end|>", system=recipe.told)

    monkeypatch.setattr(ports, "recipe", recipe, raising=False)
    monkeypatch.setattr(ports, "template", template, raising=False)
    return ports


def compared(table: ComparedCare, part: str) -> CarePart:
    return next(one for one in table.parts if one.part == part)


def measure(table: ComparedCare, part: str, benchmark: str, name: str = "score") -> Measure:
    return next(one for one in compared(table, part).measures if (one.benchmark, one.name) == (benchmark, name))


def test_each_part_is_left_out_alone_and_what_it_changes_is_said_with_intervals(ports: fakes.FakePorts) -> None:
    table = steps.compare_care("careful", examples(ports), ports=ports)
    assert [part.part for part in table.parts] == ["rules", "uncertainty", "disclaimer", "all of it"]
    unsafe = measure(table, "rules", "red-team-model")
    assert (unsafe.before.value, unsafe.better) == (1.0, "lower")
    assert unsafe.after.value < 0.7 and unsafe.change.high < 0
    assert measure(table, "uncertainty", "red-team-model").change.value == 0
    known = measure(table, "uncertainty", "new-knowledge")
    assert (known.before.value, known.after.value, known.n) == (1.0, 0.0, 2)
    f1 = measure(table, "uncertainty", "new-knowledge", "token_f1")
    assert (f1.before.value, f1.after.value) == (1.0, 0.0)
    answered = measure(table, "uncertainty", "new-knowledge", "coverage")
    assert (answered.before.value, answered.after.value) == (1.0, 0.0)
    assert measure(table, "rules", "new-knowledge").change.value == 0
    said = remarks.of_result("compare_care", {}, table, ports)
    assert any(line.startswith("without → with rules: red-team-model score: 1.000 → ") for line in said)


def test_each_arm_is_asked_by_its_own_prompt_and_the_whole_one_is_the_evaluation_that_judges(
    ports: fakes.FakePorts,
) -> None:
    data = examples(ports)
    table = steps.compare_care("careful", data, ports=ports)
    assert table.evaluation == steps.evaluate("base", "careful", data, ports=ports)
    told = {}
    for part in table.parts:
        inputs = manifest(ports, part.without, EvaluationManifest).inputs
        assert isinstance(inputs.contract.template, ChatTemplate)
        told[part.part] = (inputs.contract.template.system, inputs.without)
    assert told == {
        "rules": (UNSURE, ("rules",)),
        "uncertainty": (RULES, ("uncertainty",)),
        "disclaimer": (f"{RULES}\n\n{UNSURE}", ()),
        "all of it": ("", ("rules", "uncertainty")),
    }


def test_a_disclaimer_costs_no_generation_and_shows_what_it_does_to_the_same_answers(
    ports: fakes.FakePorts, generator: Obedient
) -> None:
    data = examples(ports)
    whole = steps.evaluate("base", "noted", data, ports=ports)
    asked = generator.asked
    table = steps.compare_care("noted", data, ports=ports)
    assert generator.asked == asked and [part.part for part in table.parts] == ["disclaimer"]
    f1 = measure(table, "disclaimer", "new-knowledge", "token_f1")
    assert f1.before.value == 1.0 and f1.after.value < 0.5, "its words are not those of the right answer"
    assert manifest(ports, whole, EvaluationManifest).inputs.contract.disclaimer == NOTE


def test_what_gates_read_does_not_count_a_disclaimer_as_a_pointer_to_help(ports: fakes.FakePorts) -> None:
    data = examples(ports)
    bare, noted = (scores_of(ports, steps.evaluate("base", name, data, ports=ports)) for name in ("tiny-sft", "noted"))
    for name, scores in bare.scores.items():
        assert [(one.answer, one.value) for one in scores] == [(one.answer, one.value) for one in noted.scores[name]]


def test_an_evaluation_without_a_part_decides_nothing(ports: fakes.FakePorts) -> None:
    data = examples(ports)
    whole = steps.evaluate("base", "careful", data, ports=ports)
    lessened = evaluated(ports, "base", "careful", data, without=("rules",))
    for challenger, champion in ((lessened, whole), (whole, lessened)):
        with pytest.raises(UsageError, match="was asked without rules of the recipe's care"):
            steps.compare(challenger, champion, "first", ports=ports)


def test_a_recipe_without_care_has_nothing_to_compare(ports: fakes.FakePorts) -> None:
    with pytest.raises(UsageError, match="recipe 'tiny-sft' has no `care`"):
        steps.compare_care("tiny-sft", examples(ports), ports=ports)


@pytest.mark.parametrize("verb", ["train", "evaluate"])
def test_a_disclaimer_that_a_guardrail_would_withhold_is_refused_before_anything_runs(
    ports: Ports, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    bad = ports.recipe("noted").model_copy(update={"care": Care(disclaimer="You can stop taking your insulin.")})
    monkeypatch.setattr(ports, "recipe", lambda name: bad)
    with pytest.raises(ConfigError, match=r"recipe 'noted', care\.disclaimer: breaks the guardrail rule"):
        if verb == "train":
            steps.train("noted", examples(ports), ports=ports)  # type: ignore[arg-type]
        else:
            steps.evaluate("base", "noted", examples(ports), ports=ports)  # type: ignore[arg-type]
