"""How a model is asked: by the contract that its version carries, or by that of the recipe that trains it."""

from __future__ import annotations

from collections.abc import Collection

from medpipe.core.contract import ServingContract
from medpipe.core.judging.evaluation import Sample
from medpipe.core.manifests import VersionManifest
from medpipe.core.prompt import STOP
from medpipe.core.refs import BASE, kind_of
from medpipe.core.teaching.care import Part
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError, UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.models import refuse_other_form
from medpipe.steps.preparing import prepared


def contract_of(ports: Ports, model: str, recipe: Recipe, without: Collection[Part] = ()) -> ServingContract:
    """Return the contract under which `model` (`base`, an adapter or a version) is asked.

    A version is asked as it is served, whatever recipe its challenger has; the base and a bare adapter are asked as
    the recipe says. The guardrail policy and the precision are those in force: what changed since a version was
    judged shows as another contract. Where the recipe serves merged models, the whole model of a bare adapter is made
    for it. `without`: parts of the recipe's `care` that are left out of the system prompt. Raises UsageError for a bare
    adapter that was taught another form and, where parts are left out, for a version that is told something else than
    the recipe says; ConfigError for a disclaimer that breaks a guardrail rule.
    """
    refuse_unsafe_disclaimer(ports, recipe)
    contract = _whole(ports, model, recipe)
    return _told_without(ports, model, contract, recipe, without) if without else contract


def _whole(ports: Ports, model: str, recipe: Recipe) -> ServingContract:
    present = {"guardrails": ports.guardrails.digest, "precision": ports.generator.precision}
    if model != BASE and kind_of(model) == VersionManifest.kind:
        return manifest(ports, model, VersionManifest).outcome.contract.model_copy(update=present)
    refuse_other_form(ports, model, recipe)
    merged = model != BASE and recipe.serve == "merged"
    base = prepared(ports, recipe, model, recipe.serve_at) if merged else recipe.base
    return ServingContract(
        base=base,
        base_digest=ports.base_digest(base),
        merged=merged,
        template=ports.template(recipe),
        context=recipe.data.contexts,
        history=recipe.data.history or False,
        max_prompt_tokens=recipe.max_prompt_tokens,
        max_new_tokens=recipe.max_new_tokens,
        stop=STOP if recipe.data.answers == "one line" else None,
        disclaimer=recipe.disclaimer,
        **present,
    )


def prompt_of(ports: Ports, contract: ServingContract, sample: Sample) -> str:
    """Return the prompt of a sample under a contract.

    As much of its conversation comes before the question as the contract has room for. Raises ConfigError without the
    base's tokenizer, where tokens must be counted.
    """
    before, longest = contract.of(sample.before), contract.max_prompt_tokens
    if not before or longest is None:
        return contract.prompt(sample.question, sample.context, before)
    prompts = [contract.prompt(sample.question, sample.context, short) for short in before.shortened()]
    return next((text for text in prompts if ports.tokens(contract.base, text) <= longest), prompts[-1])


def _told_without(
    ports: Ports, model: str, contract: ServingContract, recipe: Recipe, without: Collection[Part]
) -> ServingContract:
    """Return a contract whose system prompt lacks some parts of the recipe's care."""
    if contract.template != ports.template(recipe) or contract.disclaimer != recipe.disclaimer:
        raise UsageError(
            f"{model} is served with another system prompt or disclaimer than recipe {recipe.name!r} has: give the "
            "recipe that trained it"
        )
    if contract.template == "plain":
        return contract
    template = contract.template.model_copy(update={"system": recipe.told_without(without)})
    return contract.model_copy(update={"template": template})


def refuse_unsafe_disclaimer(ports: Ports, recipe: Recipe) -> None:
    """Raise ConfigError for a disclaimer that a guardrail rule would withhold if a model had written it."""
    review = ports.guardrails.review(recipe.disclaimer)
    if not review.safe:
        raise ConfigError(
            f"recipe {recipe.name!r}, care.disclaimer: breaks the guardrail rule {review.reason!r}, and would stand "
            "below every answer: word it otherwise"
        )
