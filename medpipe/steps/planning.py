"""What a retrain starts from, what it is compared with and which promotion plan judges it: plan_retrain."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from medpipe.core.knowledge.retrain import Change, RetrainPlan, choose
from medpipe.core.manifests import AdapterManifest, VersionManifest
from medpipe.core.refs import BASE, CorpusRef, PairsRef, VersionRef
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import CannotPass, UsageError
from medpipe.ports import Ports
from medpipe.steps import carried, memory
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import table_version
from medpipe.steps.erased import erased_pairs
from medpipe.steps.models import adapter_of, other_form, refuse_other_form
from medpipe.steps.relearning import untainted
from medpipe.steps.unlearned import changes_of, unused_pairs
from medpipe.steps.withdrawals import register

STARTS = ("auto", "champion", "base", "untainted")
_ANOTHER = "run an SFT recipe first, one without a penalty"


def plan_retrain(
    champion: VersionRef | None,
    recipe: str,
    start_from: str = "auto",
    documents: tuple[str, ...] = (),
    withdraw: tuple[str, ...] = (),
    corpus: CorpusRef | None = None,
    pairs: PairsRef | None = None,
    again: bool = False,
    *,
    ports: Ports,
) -> RetrainPlan:
    """Plan a retrain: what it starts from, what it is compared with, and which promotion plan of gates.yaml judges it.

    `documents` were learned wrongly. Those that are in `withdraw` too are retracted, and their claims must go.
    `start_from`: `champion`; `base` (from scratch); `untainted` (the newest ancestor that never learned `documents`,
    else the base); `auto` chooses: `untainted` when documents are named, the base for another base, for another form of
    prompts or answers, for another recipe without news and after a training that was held for a loss
    (`memory.start_of`), else `champion`. `corpus` and `pairs`: what would be taught. Without `corpus`, what changed is
    not known. Returns the arguments of the verbs that follow.

    Raises CannotPass for a retrain that has nothing to learn and for one that was held before (`again`: train it all
    the same), and UsageError for documents that the champion does not carry, or that would be learned again on top of
    what was learned wrongly, and for a start that was taught another form than the recipe's.
    """
    if start_from not in STARTS:
        raise UsageError(f"start_from={start_from!r}: expected {', '.join(STARTS[:-1])} or {STARTS[-1]}")
    loaded = ports.recipe(recipe)
    if champion is None:
        return _with_question(_first(loaded, documents), loaded)
    manifest(ports, champion, VersionManifest)
    _refuse_not_carried(ports, champion, documents, withdraw, corpus)
    erased = erased_pairs(ports, champion)
    if erased and start_from == "champion":
        raise UsageError(f"{champion} learned what was erased of {', '.join(erased)}: leave start_from to `auto`")
    if documents:
        plan = _unlearning(ports, champion, start_from, documents, withdraw, erased)
    elif loaded.method != "sft":
        plan = _preference(ports, champion, start_from, pairs, erased)
    elif erased:
        plan = _without_erased(ports, champion, loaded, start_from, corpus, erased)
    else:
        plan = _routine(ports, champion, loaded, start_from, corpus)
    if plan.start == BASE and loaded.continues:
        raise CannotPass(
            f"recipe {recipe!r} {loaded.continues}, and this training starts from the base, because "
            f"{'; '.join(plan.because)}: {_ANOTHER}"
        )
    refuse_other_form(ports, adapter_of(ports, plan.start), loaded)
    if not again:
        _refuse_held(ports, plan, loaded, withdraw, corpus, pairs)
    return _with_question(plan, loaded)


def _with_question(plan: RetrainPlan, recipe: Recipe) -> RetrainPlan:
    """Return the plan with the model that must say what it knows, where the recipe keeps a share of unknown facts."""
    return plan if recipe.data.max_unknown_share is None else plan.model_copy(update={"asks": plan.start})


def _first(recipe: Recipe, documents: Sequence[str]) -> RetrainPlan:
    if recipe.continues:
        raise UsageError(f"recipe {recipe.name!r} {recipe.continues}, and there is no champion yet: {_ANOTHER}")
    if documents:
        raise UsageError(f"there is no champion yet, so nothing has learned {', '.join(documents)}: leave them out")
    return RetrainPlan(because=("there is no champion yet",))


def _refuse_not_carried(
    ports: Ports, champion: str, documents: Sequence[str], withdraw: Collection[str], corpus: CorpusRef | None
) -> None:
    """Raise UsageError for documents that there are none of, or that the champion does not carry.

    A mistyped id must not choose a plan. A withdrawn document that the champion does not carry may stand beside one
    that it does.
    """
    missing = sorted(set(documents) - set(carried.still_asserted(ports, champion, documents)))
    known = {withdrawal.document for withdrawal in register(ports)}
    if missing and corpus is not None:
        known |= ports.corpus.digests(
            table_version(ports, corpus), ("current", "retracted", "on hold", "superseded")
        ).keys()
    if absent := [id for id in missing if id not in known]:
        raise UsageError(
            f"{', '.join(absent)}: {champion} does not carry a document of that id, and neither the register of "
            f"withdrawals nor {corpus or 'a corpus (none was given)'} has it: correct the ids"
        )
    idle = [id for id in missing if id not in withdraw] or (missing if len(missing) == len(set(documents)) else [])
    if idle:
        raise UsageError(f"{', '.join(idle)}: {champion} was never taught this, so there is nothing to unlearn")


def _unlearning(
    ports: Ports,
    champion: VersionRef,
    start_from: str,
    documents: Sequence[str],
    withdraw: Sequence[str],
    erased: Sequence[str],
) -> RetrainPlan:
    wish = "untainted" if start_from == "auto" else start_from
    start = (
        untainted(ports, champion, documents, erased) if wish == "untainted" else {"champion": champion}.get(wish, BASE)
    )
    if start == champion and not withdraw:
        raise UsageError(f"{champion} learned {', '.join(sorted(documents))}: to unlearn that, start before it (auto)")
    why = f"{champion} carries {', '.join(sorted(documents))}"
    return _plan(champion, start, "hotfix" if withdraw else "relearn", (why,))


def _preference(
    ports: Ports, champion: VersionRef, start_from: str, pairs: PairsRef | None, erased: Sequence[str]
) -> RetrainPlan:
    start = BASE if start_from == "base" else untainted(ports, champion, (), erased)
    unused = unused_pairs(ports, pairs, start)
    if pairs is not None and not unused:
        raise CannotPass(f"nothing to learn: {start} has learned every pair of {pairs}; wait for new feedback")
    because = f"{unused} unused pairs" if pairs else "no pairs were given"
    return _plan(champion, start, "relearn" if erased else "preference", (because, *_why_erased(champion, erased)))


def _routine(
    ports: Ports, champion: VersionRef, recipe: Recipe, start_from: str, corpus: CorpusRef | None
) -> RetrainPlan:
    change, policy = _change(ports, champion, recipe, start_from, corpus), ports.drift_policy()
    lost = start_from == "auto" and memory.start_of(ports, champion, recipe) == BASE
    if lost or (
        start_from == "auto" and (_needs_the_base(change) or other_form(ports, adapter_of(ports, champion), recipe))
    ):
        change = change.model_copy(update={"from_base": True})
    if change.other_base and not change.from_base:
        raise UsageError(
            f"{champion} was trained on another {recipe.base} than the present one: put that base back, or start from "
            "the base (start_from=base)"
        )
    plan, because = choose(change, policy.correction_facts)
    if lost:
        because = (f"the newest training that continued {champion} was held because of a loss", *because)
    if not plan:
        raise CannotPass(f"nothing to learn: {'; '.join(because)}. Wait for new facts, or give another recipe")
    if corpus and not change.from_base and not change.new_facts + change.changed_facts:
        raise CannotPass(f"nothing to learn: {champion} knows every fact of {corpus}. Start from the base instead")
    return _plan(champion, BASE if change.from_base else champion, plan, because)


def _without_erased(
    ports: Ports,
    champion: VersionRef,
    recipe: Recipe,
    start_from: str,
    corpus: CorpusRef | None,
    erased: Sequence[str],
) -> RetrainPlan:
    """Plan an SFT retrain from weights that never learned what was erased: they learn again what came since."""
    start = BASE if start_from == "base" else untainted(ports, champion, (), erased)
    (why,) = _why_erased(champion, erased)
    if corpus and start != BASE and not changes_of(ports, corpus, recipe, start).unlearned:
        raise CannotPass(
            f"nothing to learn: {why}, and {start}, which did not, knows every fact of {corpus}. Train on the "
            "newest pairs by a DPO recipe, which starts from it, or roll back to it"
        )
    return _plan(champion, start, "relearn", (why,))


def _why_erased(champion: str, erased: Sequence[str]) -> tuple[str, ...]:
    return (f"{champion} learned what was erased of {', '.join(erased)}",) if erased else ()


def _needs_the_base(change: Change) -> bool:
    """Return whether the champion's weights cannot be continued, or have nothing new to learn by another recipe."""
    nothing_new = change.measured and not change.new_facts + change.changed_facts
    return change.other_base or (change.other_recipe and nothing_new)


def _change(ports: Ports, champion: VersionRef, recipe: Recipe, start_from: str, corpus: CorpusRef | None) -> Change:
    newest = manifest(ports, adapter_of(ports, champion), AdapterManifest)
    facts = None if corpus is None else changes_of(ports, corpus, recipe, champion)
    taught = next((one for one in carried.line_of(ports, champion) if one.outcome.method == "sft"), newest)
    return Change(
        new_facts=len(facts.new) if facts else 0,
        changed_facts=len(facts.changed) if facts else 0,
        measured=facts is not None,
        other_base=newest.outcome.base_digest != ports.base_digest(recipe.base),
        other_recipe=taught.inputs.recipe != recipe.model_dump(mode="json"),
        fresh=newest.outcome.start_from != BASE,
        from_base=start_from == "base",
    )


def _plan(champion: VersionRef, start: str, gates: str, because: tuple[str, ...]) -> RetrainPlan:
    return RetrainPlan(
        start=start,
        knows=None if start == BASE else start,
        since=champion,
        incumbent=champion,
        gates=gates,
        because=because,
    )


def _refuse_held(
    ports: Ports,
    plan: RetrainPlan,
    recipe: Recipe,
    withdraw: Sequence[str],
    corpus: CorpusRef | None,
    pairs: PairsRef | None,
) -> None:
    """Raise CannotPass for a retrain that was held before. Without what it would learn, nothing is compared."""
    data = corpus if recipe.method == "sft" else pairs
    if data is None:
        return
    retrain = memory.Retrain(plan.start, recipe, data, tuple(sorted(withdraw)))
    held = memory.held_before(ports, retrain)
    if held:
        raise CannotPass(f"{held}; give `again` to train it all the same")
