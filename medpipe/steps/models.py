"""What a model argument of a verb means: `base`, an adapter or a version."""

from __future__ import annotations

from pathlib import Path

from medpipe.base_models import is_prepared
from medpipe.core.contract import ServingContract
from medpipe.core.manifests import AdapterManifest, PreparedManifest, VersionManifest
from medpipe.core.refs import BASE, kind_of
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest


def adapter_of(ports: Ports, model: str) -> str:
    """Return `base`, or the AdapterRef of an adapter or version. Raises UsageError for other refs, and NotFound."""
    if model == BASE:
        return BASE
    if kind_of(model) == VersionManifest.kind:
        return manifest(ports, model, VersionManifest).outcome.adapter
    if kind_of(model) == AdapterManifest.kind:
        return manifest(ports, model, AdapterManifest).ref
    raise UsageError(f"{model} is not a model: expected base, adapter/… or version/…")


def refuse_other_base(ports: Ports, adapter: str, recipe: Recipe) -> None:
    """Raise UsageError for an adapter that was trained on a different base.

    No library checks this when the shapes match; the answers are merely wrong.
    """
    if adapter == BASE:
        return
    if manifest(ports, adapter, AdapterManifest).outcome.base_digest != ports.base_digest(recipe.base):
        raise UsageError(
            f"{adapter} was trained on another {recipe.base} than the present one: put that base back, "
            "or train again from the base"
        )


def refuse_taught_base(ports: Ports, recipe: Recipe) -> None:
    """Raise UsageError for a prepared base into which an adapter was merged.

    Lineage ends at the base: no trace, withdrawal or erasure would find what the adapter was taught.
    """
    base = recipe.base
    while is_prepared(base):
        made = manifest(ports, base, PreparedManifest).inputs
        if made.adapter != BASE:
            raise UsageError(
                f"recipe {recipe.name!r}: {base} has what {made.adapter} learned, and nobody could trace that in a "
                f"training on it: name {made.base} as the base, and start from the adapter (start_from)"
            )
        base = made.base


def other_form(ports: Ports, adapter: str, recipe: Recipe) -> str:
    """Return what an adapter has in another form than the recipe: "answers", "prompts", "weights", several, or "".

    The weights of an adapter and of a whole model have two forms. The base has no form of its own.
    """
    if adapter == BASE:
        return ""
    taught = manifest(ports, adapter, AdapterManifest).outcome
    forms = {
        "answers": (taught.answers, recipe.data.answers),
        "prompts": (taught.template, ports.template(recipe)),
        "weights": (taught.weights, recipe.weights),
    }
    return " and ".join(what for what, (then, now) in forms.items() if then != now)


def refuse_other_form(ports: Ports, adapter: str, recipe: Recipe) -> None:
    """Raise UsageError for an adapter that was taught another form than the recipe's.

    It would learn, or be asked, in a form that it never saw. Both work, and the answers are merely worse.
    """
    if other := other_form(ports, adapter, recipe):
        raise UsageError(
            f"{adapter} was taught another form of {other} than recipe {recipe.name!r} has (data.answers, template, "
            "system, lora, or the base's chat template): use a recipe of its form, or start from the base "
            "(start_from=base)"
        )


def beside(ports: Ports, adapter: str, contract: ServingContract) -> Path | None:
    """Return the folder of the adapter that is asked beside a contract's base; None for the base and a merged model."""
    return None if contract.merged else folder_of(ports, adapter)


def folder_of(ports: Ports, adapter: str) -> Path | None:
    """Return an adapter's folder; None for the base."""
    return None if adapter == BASE else ports.store.folder(adapter)


def refuse_other_files(ports: Ports, evaluation: str, contract: ServingContract, otherwise: str = "") -> None:
    """Raise UsageError unless a base's files are those that an evaluation asked. `otherwise`: what else can be done."""
    if (present := ports.base_digest(contract.base)) != contract.base_digest:
        raise UsageError(
            f"{evaluation} was asked of other files of {contract.base} (digest {contract.base_digest}, now {present}): "
            f"put that base back{otherwise}"
        )
