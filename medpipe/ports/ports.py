"""All ports together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from medpipe.core.corpus.source_policy import SourcePolicy
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.plan import Plan
from medpipe.core.judging.published import Published
from medpipe.core.judging.rating.policy import RatingPolicy
from medpipe.core.knowledge.drift_policy import DriftPolicy
from medpipe.core.knowledge.withdrawal_policy import WithdrawalPolicy
from medpipe.core.prompt import Template
from medpipe.core.retention import RetentionPolicy
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.safety.harm import Harm
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.feedback_policy import FeedbackPolicy
from medpipe.core.teaching.official_tests import OfficialTest
from medpipe.core.teaching.recipe import Recipe
from medpipe.ports.artifact_store import ArtifactStore
from medpipe.ports.audit import Audit
from medpipe.ports.corpus_table import CorpusTable
from medpipe.ports.engine import Engine
from medpipe.ports.entailment import Entailment
from medpipe.ports.feedback import FeedbackStore
from medpipe.ports.generator import Generator
from medpipe.ports.harness import Harness
from medpipe.ports.home_copy import HomeCopy
from medpipe.ports.judge import Judge
from medpipe.ports.keys import KeyStore
from medpipe.ports.kill_switch import KillSwitch
from medpipe.ports.leases import Leases
from medpipe.ports.ledger import Ledger
from medpipe.ports.leftovers import Leftovers
from medpipe.ports.likelihoods import Likelihoods
from medpipe.ports.overlaps import Overlaps
from medpipe.ports.preparer import Preparer
from medpipe.ports.progress import Progress
from medpipe.ports.queues import ReviewQueues
from medpipe.ports.registry import Registry
from medpipe.ports.routes import Routes
from medpipe.ports.source_index import PublishedIndexes, SourceIndexes
from medpipe.ports.sources import Source
from medpipe.ports.texts import Embedder, Languages, NearDuplicates, Redactor
from medpipe.ports.trainer import Trainer
from medpipe.ports.validator import Validator
from medpipe.ports.withdrawal_register import WithdrawalRegister
from medpipe.ports.workers import Workers


class Ports(Protocol):
    """Everything outside. `medpipe.wiring` makes each part on first use."""

    @property
    def model_name(self) -> str: ...
    @property
    def store(self) -> ArtifactStore: ...
    @property
    def corpus(self) -> CorpusTable: ...
    @property
    def validator(self) -> Validator: ...
    @property
    def redactor(self) -> Redactor: ...
    @property
    def near_duplicates(self) -> NearDuplicates: ...
    @property
    def languages(self) -> Languages: ...
    @property
    def embedder(self) -> Embedder: ...
    @property
    def trainer(self) -> Trainer: ...
    @property
    def preparer(self) -> Preparer: ...
    @property
    def generator(self) -> Generator:
        """The generator that has the weights and the precision that are served."""

    def generator_at(self, precision: str) -> Generator:
        """Return a generator with this precision: the one that serves, if it has it.

        Raises UsageError for a precision that no generator has.
        """

    def likelihoods_at(self, precision: str) -> Likelihoods:
        """Return what reads answers at this precision, in process. Raises UsageError for an unknown precision."""

    @property
    def entailment(self) -> Entailment:
        """What judges claims for reports: the rules, or a model that the settings name."""

    @property
    def judge(self) -> Judge:
        """The model that rates answers beside clinicians. Raises ConfigError where the settings name none."""

    @property
    def overlaps(self) -> Overlaps: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def harness(self) -> Harness: ...
    @property
    def queues(self) -> ReviewQueues: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def withdrawals(self) -> WithdrawalRegister: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def routes(self) -> Routes: ...
    @property
    def feedback(self) -> FeedbackStore: ...
    @property
    def keys(self) -> KeyStore: ...
    @property
    def kill_switch(self) -> KillSwitch: ...
    @property
    def source_indexes(self) -> SourceIndexes: ...
    @property
    def published_indexes(self) -> PublishedIndexes: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def leftovers(self) -> Leftovers: ...
    @property
    def home_copy(self) -> HomeCopy:
        """What copies the home into the object store. Raises ConfigError where the settings name none."""

    @property
    def retention_policy(self) -> RetentionPolicy:
        """After how many days what nothing needs may go. Raises NotFound or ConfigError."""

    @property
    def feedback_policy(self) -> FeedbackPolicy:
        """The limits of what feedback may teach."""

    @property
    def rating_policy(self) -> RatingPolicy:
        """Who may rate answers, by which rubric, and how well raters must agree. Raises NotFound or ConfigError."""

    @property
    def guardrails(self) -> Guardrails:
        """The guardrail policy, compiled and checked against its own examples."""

    @property
    def withdrawal_policy(self) -> WithdrawalPolicy:
        """What follows by itself when a publisher takes a document back. Raises NotFound or ConfigError."""

    @property
    def harm(self) -> Harm:
        """The criteria for replies to high-risk questions, compiled and checked against their own examples."""

    @property
    def workers(self) -> Workers: ...
    @property
    def progress(self) -> Progress: ...
    def source(self, name: str) -> Source:
        """Return the source of that name. Raises NotFound for an unknown name."""

    def official_test(self, name: str) -> OfficialTest:
        """Return the test items of the curated set of that name.

        Raises NotFound for another name, and SourceError when nothing at hand says which items they are.
        """

    def published(self, name: str) -> Published:
        """Return the questions of the published benchmark whose format has that name.

        Raises NotFound for another name, and SourceError when its files are not at hand or cannot be read.
        """

    def source_policy(self, name: str) -> SourcePolicy:
        """Return what is tolerated of the source of that name. Raises NotFound or ConfigError for its file."""

    def recipe(self, name: str) -> Recipe:
        """Return the recipe of that name. Raises NotFound or ConfigError."""

    def tokens(self, base: str, text: str) -> int:
        """Return how many tokens of a base model a text has. Raises ConfigError without the base's tokenizer."""

    def template(self, recipe: Recipe) -> Template:
        """Return the form of a recipe's prompts. Raises ConfigError for a base without the chat template asked for."""

    def base_digest(self, base: str) -> str:
        """Return a digest that differs for two base models of the same name."""

    def benchmark(self, name: str) -> Benchmark:
        """Return the benchmark of that name. Raises NotFound or ConfigError."""

    def benchmarks(self) -> Sequence[Benchmark]:
        """Return every benchmark, sorted by name."""

    def suite(self, name: str) -> str:
        """Return the text of `expectations/{name}.json`. It is part of the key of a validation."""

    def safety(self) -> Sequence[Example]:
        """Return refusals that every knowledge recipe may teach. None of them is a question of a benchmark."""

    def plan(self) -> Plan:
        """Return the promotion plans of gates.yaml."""

    def drift_policy(self) -> DriftPolicy:
        """Return the thresholds of drift.yaml. Raises NotFound or ConfigError."""

    def workspace(self, ref: str) -> Path:
        """Return a private folder for the unfinished work of one artifact."""

    def workspaces(self) -> Sequence[Path]:
        """Return the private folders of all unfinished work."""
