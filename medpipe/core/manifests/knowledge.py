"""The manifest of knowledge."""

from __future__ import annotations

from typing import ClassVar

from medpipe.core.contract import ServingContract
from medpipe.core.manifests.base import Inputs, Manifest, Outcome


class KnowledgeInputs(Inputs):
    """The inputs of `classify_facts`."""

    corpus: str
    adapter: str
    """The adapter of the model that was asked, or `base`."""
    base: str
    """Digest of the recipe's base."""
    contract: ServingContract
    """How it was asked."""
    generator: str
    """The program that generated: `ports.Generator.name`."""
    facts: str
    """Digest of all that decides which facts of the corpus the recipe may use, and how it phrases them."""
    samples: int
    """Random answers to a phrasing of a fact that no greedy answer got right."""
    older: int
    """The most facts that the model was taught before and that were asked."""
    scorers: str
    """Digest of the scorers' code."""


class KnowledgeOutcome(Outcome):
    """How many facts a model knows, by level. Each fact is a row of facts.jsonl beside the manifest."""

    facts: int
    """Facts that were asked."""
    levels: dict[str, int]
    """Level (`core.teaching.knowledge.Level`) → facts."""
    not_asked: int
    """Facts that the model was taught before, beyond `older`."""


class KnowledgeManifest(Manifest):
    """How well a model knows the facts that a recipe would teach, made by `classify_facts`."""

    kind: ClassVar[str] = "knowledge"
    inputs: KnowledgeInputs
    outcome: KnowledgeOutcome
