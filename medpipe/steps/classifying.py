"""How well a model knows the facts that a training would teach: classify_facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from medpipe import records
from medpipe.core.contract import ServingContract
from medpipe.core.judging import scoring
from medpipe.core.judging.evaluation import Sample
from medpipe.core.manifests import KnowledgeInputs, KnowledgeOutcome
from medpipe.core.refs import BASE, CorpusRef, KnowledgeRef, digest_of
from medpipe.core.sampling import Sampling
from medpipe.core.teaching import examples, knowledge
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.knowledge import FactLevel
from medpipe.core.teaching.phrased import phrased
from medpipe.core.text import stable_share
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps import carried
from medpipe.steps.artifact import once
from medpipe.steps.contract import contract_of
from medpipe.steps.evaluation import answers_to, scorers_digest
from medpipe.steps.examples import LEVELS, prepared, reading_of, tools
from medpipe.steps.models import adapter_of, refuse_other_base

_MOST_SAMPLES = 100
_SCORER = "slot"
"""An answer is right as the benchmarks of knowledge judge it."""


def classify_facts(
    corpus: CorpusRef, recipe: str, model: str = BASE, samples: int = 4, older: int = 1000, *, ports: Ports
) -> KnowledgeRef:
    """Ask a model every fact that a training would teach, and class each as known well, perhaps, weakly or not at all.

    `model`: `base`, or the adapter or version that the training continues. Each new fact is asked greedily in the
    recipe's training phrasings, and so are at most `older` of the facts that the model was taught and that may be
    replayed. Where no greedy answer is right, each phrasing gets `samples` random answers. Facts that are only
    evaluated are never asked. Raises UsageError for numbers out of range and for a corpus without facts to teach, and
    what `build_examples` and `evaluate` raise.
    """
    if not 0 <= samples <= _MOST_SAMPLES or older < 0:
        raise UsageError(f"samples must be in 0..{_MOST_SAMPLES}, and older 0 or more; they are {samples} and {older}")
    loaded_recipe = ports.recipe(recipe)
    adapter = adapter_of(ports, model)
    refuse_other_base(ports, adapter, loaded_recipe)
    reading = reading_of(ports, corpus, loaded_recipe, model)
    knows = None if adapter == BASE else adapter
    inputs = KnowledgeInputs(
        corpus=corpus,
        adapter=adapter,
        base=ports.base_digest(loaded_recipe.base),
        contract=contract_of(ports, model, loaded_recipe),
        generator=ports.generator.name,
        facts=digest_of(reading.inputs(None, knows, "", ports).model_dump(mode="json")),
        samples=samples,
        older=older,
        scorers=scorers_digest(),
    )

    def fill(folder: Path) -> KnowledgeOutcome:
        hygiene = tools(ports, loaded_recipe.base, folder)
        found = prepared(ports, reading, folder)
        sides = examples.sides_of(found, loaded_recipe.data, carried.known_facts(ports, knows), hygiene)
        new = list(found.read.facts.read(sides.new.tolist()))
        replayable = sorted(found.read.facts.read(sides.replayable.tolist()), key=_chance)
        if not new and not replayable:
            raise UsageError(f"{corpus} has no fact that recipe {recipe!r} may teach, so there is nothing to ask")
        classed = _classed([*new, *replayable[:older]], loaded_recipe.data, samples, inputs.contract, adapter, ports)
        records.write(folder / LEVELS, classed)
        return KnowledgeOutcome(
            facts=len(classed),
            levels=dict(sorted(Counter(str(fact.level) for fact in classed).items())),
            not_asked=max(0, len(replayable) - older),
        )

    return KnowledgeRef(once(ports, "knowledge", "classify_facts", inputs, fill))


def _chance(fact: Fact) -> float:
    return stable_share(fact.id, "knowledge")


class _Asked(NamedTuple):
    """One phrasing of a fact, by the place of the fact."""

    fact: int
    sample: Sample


def _classed(
    facts: Sequence[Fact], data: Data, samples: int, contract: ServingContract, adapter: str, ports: Ports
) -> list[FactLevel]:
    """Ask the facts and return their levels, by id."""
    asked = [_Asked(place, sample) for place, fact in enumerate(facts) for sample in _samples(fact, data)]
    greedy = Counter(each.fact for each in asked)
    right = _right(asked, contract, adapter, ports)
    again = [each for each in asked if not right[each.fact] and not each.sample.choices]
    drawn, lucky = Counter[int](), Counter[int]()
    for seed in range(samples if again else 0):
        # The backend counts from a seed for each batch: seeds of two rounds must not meet.
        lucky += _right(again, contract, adapter, ports, Sampling(seed * 1_000_003))
        drawn.update(each.fact for each in again)
    classed = [
        FactLevel(
            id=fact.id,
            says=fact.says,
            level=knowledge.level(right[place], greedy[place], lucky[place]),
            greedy=greedy[place],
            right=right[place],
            sampled=drawn[place],
            sampled_right=lucky[place],
        )
        for place, fact in enumerate(facts)
    ]
    return sorted(classed, key=lambda fact: fact.id)


def _right(
    asked: Sequence[_Asked], contract: ServingContract, adapter: str, ports: Ports, sampling: Sampling | None = None
) -> Counter[int]:
    """Return place of a fact → how many answers to its phrasings are right."""
    answers = answers_to([each.sample for each in asked], ports, ports.generator, contract, adapter, sampling)
    right = Counter[int]()
    for each, answer in zip(asked, answers, strict=True):
        earned = scoring.score(_SCORER, each.sample, answer, ports.guardrails, ports.harm)
        right[each.fact] += earned >= knowledge.RIGHT
    return right


def _samples(fact: Fact, data: Data) -> list[Sample]:
    """Return a fact in every phrasing in which it would be taught."""
    return [
        Sample(
            id=f"{fact.id}-{number}",
            question=example.question,
            target=fact.answer,
            slot=fact.slot,
            context=fact.context,
            choices=fact.choices if fact.answer in fact.choices else (),
        )
        for number, example in enumerate(phrased(fact, data, False, "taught"), start=1)
    ]
