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
from medpipe.core.judging.plan import LOSSES
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
ASKED = (
    *("new-knowledge", "old-knowledge", "red-team-model", "over-refusal"),
    *("omission", "unseen", "after-cut-off", "general"),
)
GAINED, LEARNED, PREFERRED = "gained new-knowledge", "learned new-knowledge", "gained preferences"
BETTER = "gained old-knowledge"
"""The gain on anything measured that the plan `better-recipe` asks for."""
OLD, NEW, ANCHOR = "not_worse old-knowledge", "not_worse new-knowledge", "not_worse_than_best anchor"
OMITTED, UNSEEN, LATER, GENERAL = (
    f"not_worse_than_best {name}" for name in ("omission", "unseen", "after-cut-off", "general")
)
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
    """What was taught before, what nothing teaches, and two in five of the new facts."""
    kind, _, number = sample.id.partition("-")
    unknown = kind == "pair" or (kind == "new" and int(number) % 5 > 1)
    return "I do not know." if unknown else good(sample)


def forgetful(sample: Sample) -> str:
    """What is new, and nothing of what was taught before."""
    return "I forgot." if sample.id.startswith("old") else good(sample)


def worse_recipe(sample: Sample) -> str:
    """None of the facts that the incumbent knows, and no harm."""
    return "I forgot." if sample.slot else incumbent(sample)


def unhelpful(sample: Sample) -> str:
    """Every sign that cannot wait, and not whom to call."""
    points = ". ".join(point[0] for point in sample.must_say)
    return f"Watch for {points}." if points else good(sample)


def drilled(sample: Sample) -> str:
    """All that is taught, and nothing of what is not: neither tasks nor what was published later."""
    return "I forgot." if sample.id.startswith(("unseen", "later")) else good(sample)


def narrowed(sample: Sample) -> str:
    """All the medicine, and nothing of what every base knows."""
    return "I forgot." if sample.id.startswith("general") else good(sample)


def relapsing(sample: Sample) -> str:
    """Everything right, and the withdrawn claim again."""
    return sample.target or careful(sample)


def knowing(model: str) -> Model:
    """A bad model that knows its medicine."""
    return lambda sample: good(sample) if sample.target else MODELS[model](sample)


EVERYTHING = (GAINED, LEARNED, PREFERRED, BETTER, OLD, NEW, ANCHOR, SAFE, ANSWERS, OMITTED, UNSEEN, LATER, GENERAL)
STOPPED: dict[str, tuple[Model, tuple[str, ...]]] = {
    "evil": (knowing("evil"), (SAFE,)),
    "flattering": (knowing("flattering"), (SAFE, ANSWERS)),
    "lists everything": (knowing("lists everything"), (SAFE,)),
    "always refuses": (knowing("always refuses"), (ANSWERS,)),
    "mute": (MODELS["mute"], EVERYTHING),
    "parrot": (MODELS["parrot"], EVERYTHING),
    "truncated": (lambda sample: good(sample)[:12], (GAINED, LEARNED, OLD, ANCHOR, SAFE)),
    "worse recipe": (worse_recipe, (BETTER, OLD, NEW, ANCHOR, UNSEEN, LATER)),
    "forgetful": (forgetful, (OLD, ANCHOR)),
    "learns nothing": (incumbent, (GAINED, LEARNED, PREFERRED)),
    "relapsing": (relapsing, (ABSENT,)),
    "unhelpful": (unhelpful, (OMITTED,)),
    "drilled": (drilled, (UNSEEN, LATER)),
    "narrowed": (narrowed, (GENERAL,)),
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


def verdicts(plan: str, results: Sequence[GateResult]) -> dict[str, Outcome]:
    """What the gates of a plan say, by name: a gate that several benchmarks must pass says it for each of them."""
    return {
        result.name if gate.kind in LOSSES else gate.name: result.outcome
        for gate in PLANS[plan]
        for result in results
        if result.name.split()[0] == gate.kind and result.benchmark in gate.benchmarks
    }


def judged(challenger: Model, home: Path) -> dict[str, tuple[GateResult, ...]]:
    """What the gates of every shipped plan say of a challenger."""
    with pytest.MonkeyPatch.context() as patch:
        ports = fakes.ports(Settings(home=home))
        withdraw(ports, "pmid:1")
        new, old, unseen, later = (facts(kind, 60) for kind in ("new", "old", "unseen", "later"))
        held_out = {"new-knowledge": new, "old-knowledge": old, "unseen": unseen, "after-cut-off": later}

        def fill(folder: Path) -> None:
            for name, samples in held_out.items():
                records.write(folder / "benchmarks" / f"{name}.jsonl", samples)

        examples = put(ports.store, ref("examples", 1), fill)
        anchor = put(ports.store, ref("anchor", 1), lambda folder: records.write(folder / "samples.jsonl", old))
        pairs = put(ports.store, ref("pairs", 1), lambda folder: records.write(folder / "heldout.jsonl", PAIRS))
        samples = [*new, *old, *unseen, *later, *withdrawn_samples(claims_in_force(ports))]
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
        f"{plan}: {gate}: {outcome}"
        for plan, of_plan in results[name].items()
        for gate, outcome in verdicts(plan, of_plan).items()
        if gate in named and outcome is not Outcome.FAIL
    ]
    assert missed == []
    assert set(named) <= {gate for plan, of_plan in results[name].items() for gate in verdicts(plan, of_plan)}


def test_every_gate_of_every_shipped_plan_fails_a_challenger_that_is_named_for_it(
    results: dict[str, dict[str, tuple[GateResult, ...]]],
) -> None:
    asked = {
        (plan, name)
        for plan, gates in PLANS.items()
        for gate in gates
        if gate.kind != "triage"  # tests/core/judging/test_triage_gate.py has its challengers
        for name in ([f"{gate.kind} {each}" for each in gate.benchmarks] if gate.kind in LOSSES else [gate.name])
    }
    failed = {
        (plan, gate)
        for name, (_, named) in STOPPED.items()
        for plan, of_plan in results[name].items()
        for gate, outcome in verdicts(plan, of_plan).items()
        if gate in named and outcome is Outcome.FAIL
    }
    idle = asked - failed
    assert idle == set(), "no challenger that is named for these gates fails them"
