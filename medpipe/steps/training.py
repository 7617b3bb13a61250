"""From examples to a registered version: train, register (`evaluation` and `judging` come between)."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from medpipe import records
from medpipe.core import naming
from medpipe.core.contract import ServingContract
from medpipe.core.judging import gates
from medpipe.core.judging.evaluation import Metric
from medpipe.core.manifests import (
    AdapterInputs,
    AdapterManifest,
    AdapterOutcome,
    DecisionManifest,
    EvaluationManifest,
    ExamplesManifest,
    PairsManifest,
    Provenance,
    VersionInputs,
    VersionManifest,
    VersionOutcome,
)
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
from medpipe.core.teaching import curve
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import DataError, UsageError
from medpipe.ports import Ports
from medpipe.steps import workspaces
from medpipe.steps.artifact import (
    accepted_rows,
    check_kind,
    manifest,
    once_alone,
    ref_of,
    release_refs,
)
from medpipe.steps.contract import refuse_unsafe_disclaimer
from medpipe.steps.erased import taught_erased
from medpipe.steps.lease import exclusively
from medpipe.steps.lessened import refuse_lessened
from medpipe.steps.made_again import refuse_made_again
from medpipe.steps.models import adapter_of, folder_of, refuse_other_base, refuse_other_form, refuse_taught_base
from medpipe.steps.unerased import Unerased

_BLOCK = 1 << 20
"""Bytes that are hashed at once: the weights of a whole model may be larger than the memory."""


def train(recipe: str, data: ExamplesRef | PairsRef, start_from: str = BASE, *, ports: Ports) -> AdapterRef:
    """Train an adapter, or all weights: SFT on examples, DPO or KTO on preferences, from the base or from an adapter.

    A recipe without `lora` trains every weight, and what is made holds a whole model (`AdapterOutcome.weights`).

    A run that was killed continues from its checkpoints and ends in the same weights. Raises UsageError for data that
    the recipe's method cannot use, for an adapter of another base or form and for a base that has an adapter in it,
    NotValidated, and DataError for pairs of which something was erased.
    """
    loaded_recipe = ports.recipe(recipe)
    refuse_unsafe_disclaimer(ports, loaded_recipe)
    suite = _suite_of(ports, loaded_recipe, data)
    unerased = Unerased(ports, data)
    _refuse_erased(ports, data)
    start = adapter_of(ports, start_from)
    inputs = AdapterInputs(
        recipe=loaded_recipe.model_dump(mode="json"),
        base=ports.base_digest(loaded_recipe.base),
        data=data,
        start_from=start,
        released=release_refs(ports, data, suite),
    )
    refuse_taught_base(ports, loaded_recipe)
    work = ref("work", inputs.model_dump(mode="json"))

    def fill(folder: Path) -> AdapterOutcome:
        refuse_other_base(ports, start, loaded_recipe)
        refuse_other_form(ports, start, loaded_recipe)
        place = ports.workspace(work)
        workspaces.begin(place, inputs)
        with unerased.publishing():
            taught = records.write_rows(place / "data" / "train.jsonl", accepted_rows(ports, data, suite))
        metrics = ports.trainer.train(
            loaded_recipe, place / "data", folder_of(ports, start), folder, place / "checkpoints", ports.progress
        )
        return AdapterOutcome(
            recipe=loaded_recipe.name,
            method=loaded_recipe.method,
            base=loaded_recipe.base,
            base_digest=inputs.base,
            data=data,
            start_from=start,
            examples=taught,
            metrics=dict(metrics),
            digest=_weights_digest(folder),
            weights=loaded_recipe.weights,
            template=ports.template(loaded_recipe),
            answers=loaded_recipe.data.answers,
        )

    adapter = AdapterRef(once_alone(ports, "adapter", "train", inputs, fill, unerased))
    shutil.rmtree(ports.workspace(work))  # only now: until the manifest is there, a killed run continues from it
    return adapter


def _suite_of(ports: Ports, recipe: Recipe, data: str) -> str:
    """Return the suite of a recipe's data. Raises UsageError for data of the other method, and NotFound."""
    suite = "examples" if recipe.method == "sft" else "pairs"
    if kind_of(data) != suite:
        raise UsageError(f"recipe {recipe.name!r} uses {recipe.method.upper()} and needs {ref_of(suite)}; got {data}")
    manifest(ports, data, PairsManifest if suite == "pairs" else ExamplesManifest)
    return suite


def _refuse_erased(ports: Ports, data: str) -> None:
    """Raise DataError for pairs of which something was erased: what they teach is no longer what they were."""
    if taught_erased(ports, data):
        raise DataError(
            f"{data} has pairs that were erased on request, and teaches nothing any more: run `medpipe build-pairs` "
            "again, and train on the pairs that it returns"
        )


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
    """Give a judged adapter a version in the registry, with everything that it came from, promoted or not.

    `parent`: what its training started from. `incumbent`: what it was judged against. The same adapter, evaluation,
    decision, parent and incumbent again return the version that they had before, also if two workers register them
    at once: one waits for the other, for 40 seconds, and then raises Unavailable. Raises UsageError for an evaluation
    or a decision about weights that were made again and are others.
    """
    inputs = VersionInputs(
        adapter=adapter, evaluation=evaluation, decision=decision, parent=parent, incumbent=incumbent
    )
    decided = manifest(ports, decision, DecisionManifest)
    judged = decided.outcome
    refuse_made_again(ports, decided, judged.challenger, judged.champion)
    evaluated = manifest(ports, evaluation, EvaluationManifest)
    refuse_lessened(evaluated)
    refuse_made_again(ports, evaluated, adapter)
    target = _known(ports, inputs)
    if target is None:
        # The registry finds an earlier version by searching, so two workers at once could each make one.
        with exclusively(ports.leases, f"a version of {adapter}") as check:
            target = _known(ports, inputs) or _registered(ports, inputs, judged.outcome, examples, pairs, reason, check)
    content = manifest(ports, target, VersionManifest).content()
    key = f"registered {target}"  # a run that was killed after the manifest has no entry yet
    ports.ledger.append("registered", target, str(judged.outcome), judged.reasons, key=key, evidence=content)
    return target


def _known(ports: Ports, inputs: VersionInputs) -> VersionRef | None:
    """Return the version that was made of these inputs; None without one."""
    known = (version.ref for version in ports.store.manifests(VersionManifest) if version.inputs == inputs)
    return next(map(VersionRef, known), None)


def _registered(
    ports: Ports,
    inputs: VersionInputs,
    outcome: gates.Outcome,
    examples: ExamplesRef,
    pairs: PairsRef | None,
    reason: str,
    check: Callable[[], None],
) -> VersionRef:
    """Make a version in the registry and its manifest, and return its ref. A second run finds the registry's.

    `check`: raises Unavailable when another worker has taken over.
    """
    evaluated = manifest(ports, inputs.evaluation, EvaluationManifest)
    metrics = evaluated.outcome.metrics
    provenance = _provenance(ports, inputs, evaluated.inputs.contract, outcome, examples, pairs, reason)
    folder = ports.store.folder(inputs.adapter)
    registered = ports.registry.register(
        folder,
        provenance.model_dump(mode="json"),
        {name: value for metric in metrics.values() for name, value in _with_interval(metric).items()},
        curve.series(records.read(folder / curve.CURVE, curve.Point) if (folder / curve.CURVE).is_file() else ()),
    )
    name = naming.version_name(registered.number, provenance.digest, ports.model_name)
    target = VersionRef(f"version/{name}")
    with ports.store.write(target, "register", inputs) as draft:
        draft.conclude(VersionOutcome(**dict(provenance), number=registered.number, name=name, page=registered.page))
        check()
    return target


def _with_interval(metric: Metric) -> dict[str, float]:
    """Return a metric and the bounds of its 95 % interval, by name."""
    return {metric.name: metric.value, f"{metric.name}/low": metric.low, f"{metric.name}/high": metric.high}


def _provenance(
    ports: Ports,
    inputs: VersionInputs,
    contract: ServingContract,
    outcome: gates.Outcome,
    examples: ExamplesRef,
    pairs: PairsRef | None,
    reason: str,
) -> Provenance:
    """Collect what a version came from. Raises UsageError or NotFound for a ref that does not fit its place."""
    trained = manifest(ports, inputs.adapter, AdapterManifest).outcome
    for model in (inputs.parent, inputs.incumbent):
        adapter_of(ports, model)
    if pairs:
        check_kind(pairs, PairsManifest)
    return Provenance(
        adapter=inputs.adapter,
        digest=trained.digest,
        recipe=trained.recipe,
        base=trained.base,
        contract=contract,
        corpus=manifest(ports, examples, ExamplesManifest).outcome.corpus,
        examples=examples,
        evaluation=inputs.evaluation,
        decision=inputs.decision,
        outcome=outcome,
        parent=inputs.parent,
        incumbent=inputs.incumbent,
        reason=reason,
        pairs=pairs or _pairs_of(ports, inputs.parent),
    )


def _pairs_of(ports: Ports, parent: str) -> str | None:
    """Return the pairs that a parent version learned from; the base and a bare adapter have none."""
    if parent == BASE or kind_of(parent) != VersionManifest.kind:
        return None
    return manifest(ports, parent, VersionManifest).outcome.pairs


def _weights_digest(folder: Path) -> str:
    """Return the SHA-256 of the weights and of what decides how they are used, byte for byte.

    Without the curve: a run that was killed and went on ends in the same weights, and may have another curve.
    """
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir(), reverse=True):  # adapters have always been hashed in this order
        if file.name != curve.CURVE:
            with file.open("rb") as content:
                while block := content.read(_BLOCK):
                    digest.update(block)
    return digest.hexdigest()
