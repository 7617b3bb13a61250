"""The whole models that an engine serves: prepare_base."""

from __future__ import annotations

import typing
from pathlib import Path

from medpipe.core.manifests import PreparedInputs, PreparedManifest, PreparedOutcome
from medpipe.core.refs import BASE, PreparedRef
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.weights import Rounding
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import once_alone
from medpipe.steps.models import adapter_of, folder_of, refuse_other_base
from medpipe.steps.unfit import refuse_unfit

ROUNDINGS: tuple[Rounding, ...] = typing.get_args(Rounding)


def prepare_base(recipe: str, model: str = BASE, rounding: str = "", *, ports: Ports) -> PreparedRef:
    """Write one whole model that an engine serves and that a recipe can name as its base.

    `recipe`: names the base. `model`: `base` for the base alone, or an adapter or version, which is merged into it.
    `rounding`: `float32`, `bfloat16`, `nf4`, `int8` or `int4`; empty: the recipe's `serve_at`. Raises UsageError for
    another rounding, for an adapter of another base, and for a model that may not serve (barred, or with a withdrawn
    document that nothing blocks yet), and ConfigError for a model that cannot be rounded so.
    """
    loaded = ports.recipe(recipe)
    if rounding and rounding not in ROUNDINGS:
        raise UsageError(f"no rounding is called {rounding!r}; there are: {', '.join(ROUNDINGS)}")
    chosen = next((known for known in ROUNDINGS if known == rounding), loaded.serve_at)
    refuse_unfit(ports, model)
    return prepared(ports, loaded, adapter_of(ports, model), chosen)


def prepared(ports: Ports, recipe: Recipe, adapter: str, rounding: Rounding) -> PreparedRef:
    """Return the whole model of a recipe's base and an adapter (or `base`), after making it if necessary."""
    inputs = PreparedInputs(
        base=recipe.base, base_digest=ports.base_digest(recipe.base), adapter=adapter, rounding=rounding
    )

    def fill(folder: Path) -> PreparedOutcome:
        refuse_other_base(ports, adapter, recipe)
        written = ports.preparer.prepare(recipe.base, folder_of(ports, adapter), rounding, folder)
        return PreparedOutcome(**written._asdict())

    return PreparedRef(once_alone(ports, PreparedManifest.kind, "prepare_base", inputs, fill))
