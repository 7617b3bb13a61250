"""Questions that a version answered right when it was judged: asked before it goes live, and again while it serves."""

from __future__ import annotations

from typing import NamedTuple

from medpipe import records
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Sample
from medpipe.core.knowledge.drift import Canaries
from medpipe.core.manifests import VersionManifest, VersionOutcome
from medpipe.core.refs import EvaluationRef, VersionRef
from medpipe.core.text import stable_share
from medpipe.errors import MedpipeError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.contract import prompt_of
from medpipe.steps.evaluation import score_of, scores_of
from medpipe.steps.withdrawals import claims_in_force

CANARIES = 40
"""Questions that are asked of what serves. With five wrong ones, the 95 % interval of the share begins above 0.05."""
_BENCHMARKS = ("new-knowledge", "old-knowledge")


class Canary(NamedTuple):
    """A question that was answered right, and the benchmark that asked it."""

    sample: Sample
    benchmark: Benchmark


def answered_right(ports: Ports, version: VersionOutcome) -> list[Canary]:
    """Return the questions that a version answered right when it was evaluated: what serves must still do so."""
    scores = scores_of(ports, EvaluationRef(version.evaluation)).scores
    right = {score.sample_id for name in _BENCHMARKS for score in scores.get(name, ()) if score.value == 1.0}
    benchmarks = ports.store.folder(version.examples) / "benchmarks"
    return [
        Canary(sample, ports.benchmark(name))
        for name in _BENCHMARKS
        for sample in records.read(benchmarks / f"{name}.jsonl", Sample)
        if sample.id in right
    ]


def ask_canaries(ports: Ports, champion: VersionRef) -> Canaries:
    """Ask what serves some questions that the champion answered right when it was judged, and count the wrong answers.

    It is the same weights, decoding and prompt, so what is wrong now was broken on the way: another base, another
    precision, a damaged adapter. Documents that were withdrawn since are not asked. An engine that does not answer,
    and a route to another version, are the `fault`. Raises Damaged and NotFound when the evaluation or its questions
    are gone.
    """
    route = ports.routes.current()
    if route is None or route.version != champion:
        return Canaries(fault=f"{route.version if route else 'nothing'} is routed")
    withdrawn = {claim.document for claim in claims_in_force(ports)}
    right = answered_right(ports, manifest(ports, champion, VersionManifest).outcome)
    kept = [canary for canary in right if canary.sample.cluster not in withdrawn]
    asked = sorted(kept, key=lambda canary: stable_share(canary.sample.id, "canary"))[:CANARIES]
    contract = route.contract
    prompts = [prompt_of(ports, contract, canary.sample) for canary in asked]
    try:
        answers = ports.engine.ask(route.adapter_name, prompts, contract.ending()) if asked else []
    except MedpipeError as error:
        return Canaries(fault=f"the engine did not answer ({error})")
    wrong = sum(
        score_of(canary.benchmark, canary.sample, contract.answer_of(answer), ports).value < 1.0
        for canary, answer in zip(asked, answers, strict=True)
    )
    return Canaries(len(asked), wrong)
