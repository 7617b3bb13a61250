"""How a model is asked: by the contract that its version carries, or by that of the recipe that trains it."""

from __future__ import annotations

from medpipe.core.contract import ServingContract
from medpipe.core.judging.evaluation import Sample
from medpipe.core.manifests import VersionManifest
from medpipe.core.prompt import STOP
from medpipe.core.refs import BASE, kind_of
from medpipe.core.teaching.recipe import Recipe
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.models import refuse_other_form
from medpipe.steps.preparing import prepared


def contract_of(ports: Ports, model: str, recipe: Recipe) -> ServingContract:
    """Return the contract under which `model` (`base`, an adapter or a version) is asked.

    A version is asked as it is served, whatever recipe its challenger has; the base and a bare adapter are asked as
    the recipe says. The guardrail policy and the precision are those in force: what changed since a version was
    judged shows as another contract. Where the recipe serves merged models, the whole model of a bare adapter is made
    for it. Raises UsageError for a bare adapter that was taught another form.
    """
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
