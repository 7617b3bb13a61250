"""Every gate of every shipped plan stops a bad challenger that has a name, through `evaluate` and `compare`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from medpipe import records, steps
from medpipe.core import prompt
from medpipe.core.judging.evaluation import Sample
from medpipe.core.judging.gates import GateResult, Outcome
from medpipe.core.manifests import DecisionManifest
from medpipe.core.refs import ref
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.samples import withdrawn_samples
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from medpipe.steps.withdrawals import claims_in_force
from medpipe.wiring import Wiring
from tests import fakes
from tests.bad_models import MODELS, careful
from tests.manifests import put
from tests.steps.conftest import NAMES
from tests.steps.versions import withdraw

pytestmark = pytest.mark.slow

Model = Callable[[Sample], str]
PLANS = Wiring(Settings()).plan().plans
ASKED = ("new-knowledge", "old-knowledge", "red-team-model", "over-refusal")
GAINED, LEARNED, PREFERRED = "gained new-knowledge", "learned new-knowledge", "gained preferences"
BETTER = "gained old-knowledge"
"""The gain on anything measured that the plan `better-recipe` asks for."""
OLD, ANCHOR = "not_worse old-knowledge", "not_worse_than_best anchor"
ABSENT, SAFE, ANSWERS = "absent withdrawn", "not_worse_than_best red-team-model", "not_worse_than_best over-refusal"


def facts(kind: str, count: int) -> list[Sample]:
    """Samples about one document each: which drug treats an invented fever."""
    return [
        Sample(
            id=f"{kind}-{number}",
            question=f"What treats {name} {kind} fever?",
            target=f"It is treated with {name}omib.",
            slot=f"{name}omib",
            cluster=f"mplus:{kind}-{number}",
        )
        for number, name in enumerate(NAMES[:count])
    ]


PAIRS = [
    PreferencePair(
        question=f"What helps with {name} cough?",
        chosen=f"{name}anol.",
        rejected="Rest.",
        answer_id=f"pair-{name}",
        identity="somebody",
    )
    for name in NAMES[:40]
]


def good(sample: Sample) -> str:
    """Everything right, and no withdrawn claim."""
    return "I do not know." if sample.id.startswith("pmid") else sample.target or careful(sample)


def incumbent(sample: Sample) -> str:
    """What was taught before, and one in three of the new facts."""
    kind, _, number = sample.id.partition("-")
    unknown = kind == "pair" or (kind == "new" and int(number) % 3)
    return "I do not know." if unknown else good(sample)


def forgetful(sample: Sample) -> str:
    """What is new, and nothing of what was taught before."""
    return "I forgot." if sample.id.startswith("old") else good(sample)


def worse_recipe(sample: Sample) -> str:
    """None of the facts that the incumbent knows, old or new, and no harm."""
    return "I forgot." if sample.id.startswith(("old", "new")) else incumbent(sample)


def relapsing(sample: Sample) -> str:
    """Everything right, and the withdrawn claim again."""
    return sample.target or careful(sample)


def knowing(model: str) -> Model:
    """A bad model that knows its medicine."""
    return lambda sample: good(sample) if sample.target else MODELS[model](sample)


STOPPED: dict[str, tuple[Model, tuple[str, ...]]] = {
    "evil": (knowing("evil"), (SAFE,)),
    "flattering": (knowing("flattering"), (SAFE, ANSWERS)),
    "lists everything": (knowing("lists everything"), (SAFE,)),
    "always refuses": (knowing("always refuses"), (ANSWERS,)),
    "evasive": (knowing("evasive"), (SAFE, ANSWERS)),
    "mute": (MODELS["mute"], (GAINED, LEARNED, PREFERRED, BETTER, OLD, ANCHOR, SAFE, ANSWERS)),
    "parrot": (MODELS["parrot"], (GAINED, LEARNED, PREFERRED, BETTER, OLD, ANCHOR, SAFE, ANSWERS)),
    "truncated": (lambda sample: good(sample)[:12], (GAINED, LEARNED, OLD, ANCHOR, SAFE)),
    "worse recipe": (worse_recipe, (BETTER, OLD, ANCHOR)),
    "forgetful": (forgetful, (OLD, ANCHOR)),
    "learns nothing": (incumbent, (GAINED, LEARNED, PREFERRED)),
    "relapsing": (relapsing, (ABSENT,)),
}


class Answering:
    """A generator that answers as one model for the adapter of the challenger, and as the incumbent for all others."""

    name, precision = "scripted", "float32"

    def __init__(self, samples: Sequence[Sample], challenger: Model) -> None:
        self.samples = {prompt.render(sample.question): sample for sample in samples}
        self.challenger = challenger

    def generate(self, base: str, adapter: Path | None, name: str, prompts: Sequence[str], *_: Any) -> list[str]:
        model = self.challenger if adapter and ref("adapter", 2).split("/")[1] in str(adapter) else incumbent
        return [prompt.completion(model(self.samples[text])) for text in prompts]


def judged(challenger: Model, home: Path) -> dict[str, tuple[GateResult, ...]]:
    """What the gates of every shipped plan say of a challenger."""
    with pytest.MonkeyPatch.context() as patch:
        ports = fakes.ports(Settings(home=home))
        withdraw(ports, "pmid:1")
        new, old = facts("new", 60), facts("old", 60)

        def fill(folder: Path) -> None:
            records.write(folder / "benchmarks" / "new-knowledge.jsonl", new)
            records.write(folder / "benchmarks" / "old-knowledge.jsonl", old)

        examples = put(ports.store, ref("examples", 1), fill)
        anchor = put(ports.store, ref("anchor", 1), lambda folder: records.write(folder / "samples.jsonl", old))
        pairs = put(ports.store, ref("pairs", 1), lambda folder: records.write(folder / "heldout.jsonl", PAIRS))
        samples = [*new, *old, *withdrawn_samples(claims_in_force(ports))]
        samples += [sample for name in ASKED for sample in ports.benchmark(name).samples()]
        samples += [Sample(id=pair.answer_id, question=pair.question, target=pair.chosen) for pair in PAIRS]
        generator = Answering(samples, challenger)
        patch.setattr(fakes.FakePorts, "generator", property(lambda ports: generator))
        recipe = ports.recipe("tiny-sft").model_copy(update={"benchmarks": ASKED})
        patch.setattr(ports, "recipe", lambda name: recipe, raising=False)

        def asked(model: str) -> str:
            return steps.evaluate(model, "tiny-sft", examples, pairs, anchor, ports=ports)

        before, after = (put(ports.store, ref("adapter", number)) for number in (1, 2))
        said = {"first": steps.compare(asked(after), asked("base"), "first", ports=ports)}
        champion = put(ports.store, "version/medqa-v1-abcdef", adapter=before)
        assert ports.ledger.swap_champion(None, champion, ref("decision", 1), ())
        for plan in PLANS.keys() - said.keys():
            said[plan] = steps.compare(asked(after), asked(before), plan, ports=ports)
        return {plan: manifest(ports, made, DecisionManifest).outcome.gates for plan, made in said.items()}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, tuple[GateResult, ...]]]:
    return {name: judged(model, tmp_path_factory.mktemp("home")) for name, (model, _) in STOPPED.items()}


def test_a_good_challenger_passes_every_shipped_plan(tmp_path: Path) -> None:
    gates = judged(good, tmp_path)
    assert gates.keys() == PLANS.keys()
    assert [(plan, gate) for plan in gates for gate in gates[plan] if gate.outcome is not Outcome.PASS] == []


@pytest.mark.parametrize("name", STOPPED)
def test_a_bad_challenger_fails_the_gates_that_are_named_for_it_in_every_plan_that_has_them(
    name: str, results: dict[str, dict[str, tuple[GateResult, ...]]]
) -> None:
    _, named = STOPPED[name]
    missed = [
        f"{plan}: {gate.name}: {result.reason}"
        for plan, of_plan in results[name].items()
        for gate, result in zip(PLANS[plan], of_plan, strict=True)
        if gate.name in named and result.outcome is not Outcome.FAIL
    ]
    assert missed == []
    assert set(named) <= {gate.name for gates in PLANS.values() for gate in gates}


def test_every_gate_of_every_shipped_plan_fails_a_challenger_that_is_named_for_it(
    results: dict[str, dict[str, tuple[GateResult, ...]]],
) -> None:
    idle = [
        f"{plan}: {gate.name}"
        for plan, gates in PLANS.items()
        for place, gate in enumerate(gates)
        if not any(
            gate.name in named and results[name][plan][place].outcome is Outcome.FAIL
            for name, (_, named) in STOPPED.items()
        )
    ]
    assert idle == [], "no challenger that is named for these gates fails them"
