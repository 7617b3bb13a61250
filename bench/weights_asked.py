"""Asks weights questions as an evaluation does, under the contract of a recipe or a version."""

from __future__ import annotations

from collections.abc import Sequence

from medpipe.core.judging.evaluation import Sample
from medpipe.ports import Ports
from medpipe.steps.contract import contract_of
from medpipe.steps.evaluation import answers_to
from medpipe.steps.models import adapter_of


def answers(ports: Ports, model: str, recipe: str, asked: Sequence[str]) -> list[str]:
    """Return a model's answers to questions, in the same order, by its weights alone."""
    samples = [Sample(id=str(number), question=question, target="") for number, question in enumerate(asked)]
    contract = contract_of(ports, model, ports.recipe(recipe))
    return answers_to(samples, ports, ports.generator, contract, adapter_of(ports, model))
