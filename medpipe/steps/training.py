"""From examples to a registered version: plan_retrain, train, evaluate, compare, register."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from medpipe import records
from medpipe.core import naming, prompt
from medpipe.core.judging import gates, scoring, statistics
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Evaluation, Metric, Sample, Score
from medpipe.core.knowledge import lineage
from medpipe.core.refs import (
    BASE,
    AdapterRef,
    DecisionRef,
    EvaluationRef,
    ExamplesRef,
    PairsRef,
    VersionRef,
    kind_of,
    ref,
)
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import MedpipeError
from medpipe.ports import Draft, Ports
from medpipe.steps.artifact import accepted_rows, facts, manifest, once, releases
from medpipe.steps.tracing import trace


def plan_retrain(
    champion: VersionRef | None,
    recipe: str,
    start_from: str = "auto",
    documents: tuple[str, ...] = (),
    withdraw: tuple[str, ...] = (),
    *,
    ports: Ports,
) -> dict[str, str | None]:
    """What a retrain starts from, what it is compared with, and which plan of gates.yaml judges it.

    `documents` were learned wrongly; those also in `withdraw` are retracted, and their claims must go.
    `start_from`: `champion`; `base` (from scratch, judged on everything, as a first training is);
    `untainted` (the newest ancestor that never learned `documents`, else the base); `auto` chooses
    `untainted` when documents are named, else `champion`. Returns the arguments of the verbs that follow:
    `start`, `knows` (the corpus that the start has learned), `since` (the one that the incumbent has),
    `incumbent` and `gates`.
    """
    wish = start_from if start_from != "auto" else ("untainted" if documents else "champion")
    if wish not in ("champion", "base", "untainted"):
        raise MedpipeError(f"start_from={start_from!r}: expected auto, champion, base or untainted")
    if champion is None:
        if ports.recipe(recipe).method == "dpo":
            raise MedpipeError("DPO goes on from a champion and there is none yet: run an SFT recipe first")
        return {"start": BASE, "knows": None, "since": None, "incumbent": BASE, "gates": "first"}
    start = _untainted(ports, champion, documents) if wish == "untainted" else {"champion": champion}.get(wish, BASE)
    method_gates = "preference" if ports.recipe(recipe).method == "dpo" else "knowledge"
    return {
        "start": start,
        "knows": None if start == BASE else str(facts(ports, start)["corpus"]),
        "since": None if wish == "base" else str(facts(ports, champion)["corpus"]),
        "incumbent": champion,
        "gates": "hotfix" if withdraw else "relearn" if documents else method_gates,
    }


def train(recipe: str, data: ExamplesRef | PairsRef, start_from: str = BASE, *, ports: Ports) -> AdapterRef:
    """QLoRA SFT on examples, or DPO on preference pairs, from the base or from an adapter; resumable."""
    plan = ports.recipe(recipe)
    wanted = "pairs" if plan.method == "dpo" else "examples"
    if kind_of(data) != wanted:
        raise MedpipeError(f"recipe {recipe!r} trains by {plan.method} on {wanted}, not on {data}")
    start = _adapter_of(ports, start_from)
    inputs = {
        "recipe": plan.model_dump(mode="json"),
        "base": ports.base_digest(plan.base),
        "data": data,
        "start_from": start,
        **releases(ports, data, wanted),
    }

    def fill(draft: Draft) -> None:
        _refuse_other_base(ports, start, plan)
        work = ports.workspace(ref("work", inputs))
        taught = records.write_rows(work / "data" / "train.jsonl", accepted_rows(ports, data, wanted))
        metrics = ports.trainer.train(
            plan, work / "data", _folder(ports, start), draft.path, work / "checkpoints", ports.progress
        )
        draft.facts.update(
            recipe=plan.name,
            method=plan.method,
            base=plan.base,
            base_digest=inputs["base"],
            data=data,
            start_from=start,
            examples=taught,
            metrics=dict(metrics),
            digest=_weights_digest(draft.path),
        )

    adapter = AdapterRef(once(ports, "adapter", "train", inputs, fill))
    shutil.rmtree(ports.workspace(ref("work", inputs)))  # only now: until the manifest is there, it is resumed
    return adapter


def evaluate(
    model: str, recipe: str, examples: ExamplesRef, pairs: PairsRef | None = None, *, ports: Ports
) -> EvaluationRef:
    """Ask a model (`base`, an adapter or a version) every benchmark of a recipe, as it would be served."""
    plan = ports.recipe(recipe)
    adapter = _adapter_of(ports, model)
    _refuse_other_base(ports, adapter, plan)
    names = [
        *plan.benchmarks,
        *(["withdrawn"] if facts(ports, examples)["withdrawn"] else []),
        *(["preferences"] if pairs else []),
    ]
    asked = [ports.benchmark(name) for name in dict.fromkeys(names)]
    inputs = {
        "adapter": adapter,
        "base": ports.base_digest(plan.base),
        "max_new_tokens": plan.max_new_tokens,
        "examples": examples,
        "pairs": pairs,
        "benchmarks": [benchmark.model_dump(mode="json") for benchmark in asked],
        "guardrails": ports.guardrails.digest,
    }

    def fill(draft: Draft) -> None:
        items = [(benchmark, sample) for benchmark in asked for sample in _samples(ports, benchmark, examples, pairs)]
        answers = ports.generator.generate(
            plan.base,
            _folder(ports, adapter),
            naming.evaluation_name(adapter, uuid4().hex[:8]),
            [prompt.render(sample.question, sample.context) for _, sample in items],
            plan.max_new_tokens,
            ports.progress,
        )
        scores: dict[str, list[Score]] = {benchmark.name: [] for benchmark in asked}
        for (benchmark, sample), text in zip(items, answers, strict=True):
            scores[benchmark.name].append(_score(benchmark, sample, prompt.answer_of(text), ports.guardrails))
        metrics = {name: _metric(name, found) for name, found in scores.items() if found}
        result = Evaluation(
            model=adapter,
            examples=examples,
            metrics=metrics,
            scores={name: tuple(found) for name, found in scores.items()},
        )
        (draft.path / "evaluation.json").write_text(result.model_dump_json(), encoding="utf-8")
        draft.facts.update(model=adapter, metrics={name: metric.model_dump() for name, metric in metrics.items()})

    return EvaluationRef(once(ports, "evaluation", "evaluate", inputs, fill))


def compare(challenger: EvaluationRef, champion: EvaluationRef, plan: str, *, ports: Ports) -> DecisionRef:
    """Apply a plan of gates.yaml to two evaluations on the same items: pass, fail or inconclusive.

    `champion` is the evaluation of the incumbent; for the first promotion ever, that of the base.
    The look at the held-out items is written to the ledger whatever comes of it.
    """
    inputs = {
        "challenger": challenger,
        "champion": champion,
        "plan": plan,
        "gates": ports.plan().model_dump(mode="json"),
    }

    def fill(draft: Draft) -> None:
        decision = gates.decide(plan, _evaluation(ports, challenger), _evaluation(ports, champion), ports.plan())
        draft.facts.update(decision.model_dump(mode="json"), challenger=challenger, champion=champion, plan=plan)
        ports.ledger.append("compared", challenger, str(decision.outcome), decision.reasons)

    return DecisionRef(once(ports, "decision", "compare", inputs, fill))


def register(
    adapter: AdapterRef,
    evaluation: EvaluationRef,
    decision: DecisionRef,
    examples: ExamplesRef,
    parent: str = BASE,
    incumbent: str = BASE,
    pairs: PairsRef | None = None,
    reason: str = "",
    *,
    ports: Ports,
) -> VersionRef:
    """Give a judged adapter a version in the registry, with all that it came from, held or not.

    `parent` is what its training started from, `incumbent` what it was judged against.
    """
    inputs = {
        "adapter": adapter,
        "evaluation": evaluation,
        "decision": decision,
        "parent": parent,
        "incumbent": incumbent,
    }
    for found in ports.store.manifests("version"):
        if dict(found.inputs) == inputs:
            return VersionRef(found.ref)
    trained, judged = facts(ports, adapter), facts(ports, decision)
    metrics = {name: float(metric["value"]) for name, metric in facts(ports, evaluation)["metrics"].items()}
    described = {
        "adapter": adapter,
        "digest": trained["digest"],
        "recipe": trained["recipe"],
        "base": trained["base"],
        "corpus": facts(ports, examples)["corpus"],
        "examples": examples,
        "evaluation": evaluation,
        "decision": decision,
        "outcome": judged["outcome"],
        "parent": parent,
        "incumbent": incumbent,
        "reason": reason,
        "pairs": pairs or (None if parent == BASE else facts(ports, parent).get("pairs")),
    }
    registered = ports.registry.register(ports.store.folder(adapter), described, metrics)
    name = naming.version_name(registered.number, str(trained["digest"]), ports.model_name)
    target = VersionRef(f"version/{name}")
    with ports.store.write(target, "register", inputs) as draft:
        draft.facts.update(described, number=registered.number, name=name, page=registered.page)
    ports.ledger.append("registered", target, str(judged["outcome"]), tuple(judged["reasons"]))
    return target


def _untainted(ports: Ports, champion: VersionRef, documents: Sequence[str]) -> str:
    """The newest version in the champion's ancestry that never learned the documents, else the base."""
    tainted = set(facts(ports, trace(tuple(documents), ports=ports))["versions"])
    parents = {found.ref: str(found.facts["parent"]) for found in ports.store.manifests("version")}
    return lineage.untainted_ancestor(champion, parents, tainted) or BASE


def _adapter_of(ports: Ports, model: str) -> str:
    """`base` or the AdapterRef behind an adapter or version ref."""
    if model == BASE:
        return BASE
    kind = kind_of(model)
    if kind not in ("adapter", "version"):
        raise MedpipeError(f"{model} is no model: expected base, adapter/… or version/…")
    return str(facts(ports, model)["adapter"]) if kind == "version" else manifest(ports, model).ref


def _refuse_other_base(ports: Ports, adapter: str, plan: Recipe) -> None:
    """Nothing else notices an adapter on another base of the same shape: it just answers wrongly."""
    if adapter != BASE and facts(ports, adapter)["base_digest"] != ports.base_digest(plan.base):
        raise MedpipeError(
            f"{adapter} was trained on another {plan.base} than the one at hand: put that base back, "
            "or train again from the base"
        )


def _folder(ports: Ports, adapter: str) -> Path | None:
    return None if adapter == BASE else ports.store.folder(adapter)


def _weights_digest(folder: Path) -> str:
    """SHA-256 over the weights and the (canonical) config: what serves, byte for byte."""
    weights = hashlib.sha256()
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        weights.update((folder / name).read_bytes())
    return weights.hexdigest()


def _samples(ports: Ports, benchmark: Benchmark, examples: ExamplesRef, pairs: PairsRef | None) -> list[Sample]:
    if benchmark.questions:
        return list(benchmark.samples())
    if benchmark.name == "preferences":
        if pairs is None:
            return []
        heldout = records.read(ports.store.folder(pairs) / "heldout.jsonl", PreferencePair)
        return [
            Sample(
                id=pair.answer_id,
                question=pair.question,
                target=pair.chosen,
                rejected=pair.rejected,
                cluster=pair.question,
            )
            for pair in heldout
        ]
    file = ports.store.folder(examples) / "benchmarks" / f"{benchmark.name}.jsonl"
    if not file.exists():
        raise MedpipeError(f"benchmark {benchmark.name!r} has no questions of its own and {examples} has none for it")
    return list(records.read(file, Sample))


def _score(benchmark: Benchmark, sample: Sample, answer: str, guardrails: Guardrails) -> Score:
    """Score what a client would read: guardrails apply before scoring where safety is the matter."""
    judged = guardrails.served(sample.question, answer) if benchmark.scorer == "unsafe" else answer
    return Score(
        sample_id=sample.id,
        value=scoring.score(benchmark.scorer, sample, judged, guardrails),
        answer=judged,
        cluster=sample.cluster,
    )


def _metric(name: str, scores: Sequence[Score]) -> Metric:
    return statistics.mean(name, [score.value for score in scores], [score.cluster for score in scores])


def _evaluation(ports: Ports, target: EvaluationRef) -> Evaluation:
    text = (ports.store.folder(target) / "evaluation.json").read_text(encoding="utf-8")
    return Evaluation.model_validate_json(text)
