"""All ports, over the real backends. Here and in `wiring_database`, backends are imported and constructed on first use.

No other module names them.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from medpipe import base_models, object_storage, owner_only
from medpipe import ports as port
from medpipe.core.judging.entailment import RULES
from medpipe.core.judging.published import Published
from medpipe.core.manifests import PreparedManifest
from medpipe.core.prompt import Template
from medpipe.core.teaching.official_tests import OfficialTest
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError, NotFound
from medpipe.readers import Readers
from medpipe.settings import Settings
from medpipe.wiring_database import DatabaseWiring

if TYPE_CHECKING:
    from medpipe.backends.transformers_generator import TransformersGenerator
    from medpipe.backends.vllm_engine import VllmEngine

_progress_log = logging.getLogger("medpipe.progress")


def ports(settings: Settings) -> port.Ports:
    """Return all ports as the settings say; `settings.ports` (MEDPIPE_PORTS) names a function that makes others.

    Raises ConfigError when that function cannot be imported.
    """
    if not settings.ports:
        return Wiring(settings)
    module, _, name = settings.ports.partition(":")
    try:
        make = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError(
            f"MEDPIPE_PORTS={settings.ports!r}: {error}; give it as module:function, or unset it to use the real ports"
        ) from error
    return make(settings)  # type: ignore[no-any-return]  # a function that is named at run time


class Wiring(DatabaseWiring):
    """`medpipe.ports.Ports` over the real backends, and the files that people review."""

    @property
    def model_name(self) -> str:
        return self.settings.model_name

    @cached_property
    def storage(self) -> str:
        """The address that has the corpus and the artifacts, seen to answer; empty where they are in folders."""
        if self.settings.storage:
            object_storage.check(self.settings.storage)
        return self.settings.storage

    @cached_property
    def store(self) -> port.ArtifactStore:
        if self.storage:
            from medpipe.backends.artifacts.remote import ObjectStore

            return ObjectStore(f"{self.storage}/artifacts", self.settings.home / "cache", self.signer)
        from medpipe.backends.artifacts import FolderStore

        return FolderStore(self.settings.home / "artifacts", self.signer)

    @cached_property
    def leftovers(self) -> port.Leftovers:
        from medpipe.backends.artifacts import unfinished
        from medpipe.backends.leftover_folders import LeftoverFolders

        home = self.settings.home
        drafts = (unfinished.drafts(home / name) for name in ("artifacts", "cache"))
        folders = LeftoverFolders(home / "data_docs", (home / "work", *drafts), home / "downloads", unfinished.in_use)
        if not self.storage:
            return folders
        from medpipe.backends.artifacts.leftover_uploads import LeftoverUploads
        from medpipe.backends.leftovers import AllLeftovers

        return AllLeftovers(folders, LeftoverUploads(self.storage, self.store))

    @cached_property
    def home_copy(self) -> port.HomeCopy:
        if not self.storage:
            raise ConfigError("MEDPIPE_STORAGE is not set: it says where to copy to, such as s3://bucket/prefix")
        from medpipe.home_copy import HomeCopy

        return HomeCopy(self.settings.home, self.storage)

    @cached_property
    def signer(self) -> port.Signer:
        """Signs and checks adapters where the settings name keys."""
        from medpipe.backends.model_signer import ModelSigner

        return ModelSigner(self.settings.weights_private_key, self.settings.weights_public_key)

    @cached_property
    def corpus(self) -> port.CorpusTable:
        from medpipe.backends.delta.corpus import DeltaCorpus

        return DeltaCorpus(f"{self.storage}/corpus" if self.storage else self.settings.home / "corpus")

    @cached_property
    def validator(self) -> port.Validator:
        from medpipe.backends.gx.validator import GxValidator

        return GxValidator(
            self.settings.expectations,
            self.settings.home / "data_docs",
            lambda texts, language: [redaction.counts for redaction in self.redactor.redact(texts, language)],
        )

    @cached_property
    def redactor(self) -> port.Redactor:
        from medpipe.backends.presidio_redactor import PresidioRedactor

        return PresidioRedactor(self.settings.person_models)

    @cached_property
    def near_duplicates(self) -> port.NearDuplicates:
        from medpipe.backends.rensa_duplicates import RensaDuplicates

        return RensaDuplicates(self.settings.home / "work")

    @cached_property
    def languages(self) -> port.Languages:
        from medpipe.backends.languages import LangidLanguages

        return LangidLanguages()

    @cached_property
    def embedder(self) -> port.Embedder:
        from medpipe.backends.e5_embedder import E5Embedder

        return E5Embedder()

    @cached_property
    def trainer(self) -> port.Trainer:
        models, threads, offline = self.settings.models_folder, self.settings.threads, self.settings.offline
        processes, sharded = self.settings.processes, self.settings.sharded
        if processes > 1:
            from medpipe.backends.trl.ranks import Ranks

            return Ranks(processes, models, threads, offline, self._prepared, sharded)
        from medpipe.backends.trl.trainer import TrlTrainer

        return TrlTrainer(models, threads, offline, self._prepared, sharded=sharded)

    @cached_property
    def preparer(self) -> port.Preparer:
        from medpipe.backends.preparer import TransformersPreparer

        return TransformersPreparer(
            self.settings.models_folder, self.settings.threads, self.settings.offline, self._prepared
        )

    @cached_property
    def generator(self) -> port.Generator:
        return self.vllm if self.settings.engine_url else self._in_process()

    def generator_at(self, precision: str) -> port.Generator:
        """Return the generator that serves if it has this precision, else one in process; raises UsageError."""
        return self.generator if precision == self.generator.precision else self._in_process(precision)

    def likelihoods_at(self, precision: str) -> port.Likelihoods:
        """Return transformers at this precision; raises UsageError. The engine cannot tell likelihoods safely."""
        return self._in_process(precision)

    def _in_process(self, precision: str = "float32") -> TransformersGenerator:
        from medpipe.backends.transformers_generator import TransformersGenerator

        return TransformersGenerator(
            self.settings.models_folder,
            self.settings.threads,
            self.settings.offline,
            precision=precision,
            prepared=self._prepared,
        )

    @cached_property
    def entailment(self) -> port.Entailment:
        if not (model := self.settings.entailment_model):
            return RULES
        from medpipe.backends.transformers_entailment import TransformersEntailment

        models, threads, offline = self.settings.models_folder, self.settings.threads, self.settings.offline
        return TransformersEntailment(model, base_models.digest(model, models), models, threads, offline)

    @cached_property
    def judge(self) -> port.Judge:
        from medpipe.backends.openai_judge import OpenAiJudge

        if not self.settings.judge_url:
            raise ConfigError("there is no judge: set MEDPIPE_JUDGE_URL to the address of the model that rates answers")
        return OpenAiJudge(self.settings.judge_url, self.settings.judge_model, self.settings.judge_key)

    @cached_property
    def overlaps(self) -> port.Overlaps:
        from medpipe.backends.overlaps import PublishedOverlaps

        return PublishedOverlaps()

    @cached_property
    def engine(self) -> port.Engine:
        return self.vllm

    @cached_property
    def harness(self) -> port.Harness:
        from medpipe.backends.lm_eval_harness import LmEvalHarness

        return LmEvalHarness(
            self.settings.models_folder, self.settings.threads, self.settings.offline, prepared=self._prepared
        )

    @cached_property
    def vllm(self) -> VllmEngine:
        """The inference engine. It is also the generator, so that evaluation asks the process that serves."""
        from medpipe.backends.vllm_engine import VllmEngine

        if not self.settings.engine_url:
            raise ConfigError("there is no inference engine: set MEDPIPE_ENGINE_URL to vLLM's address")
        return VllmEngine(self.settings.engine_url, self.settings.engine_key, precision=self.settings.engine_precision)

    @cached_property
    def source_indexes(self) -> port.SourceIndexes:
        from medpipe.backends.bm25_index import Bm25Indexes

        return Bm25Indexes()

    @cached_property
    def queues(self) -> port.ReviewQueues:
        from medpipe.backends.mlflow_queues import MlflowQueues

        return MlflowQueues(self._mlflow)

    @cached_property
    def registry(self) -> port.Registry:
        from medpipe.backends.mlflow_registry import MlflowRegistry

        return MlflowRegistry(self._mlflow, self.settings.model_name)

    @property
    def _mlflow(self) -> str:
        """MLflow's address. Its database in the home has what clinicians wrote into review queues."""
        if self.settings.mlflow_url is None:
            self.settings.home.mkdir(parents=True, exist_ok=True)
            owner_only.file(self.settings.home / "mlflow.db")
        return self.settings.mlflow

    def source(self, name: str) -> port.Source:
        """Return the reader of a source; see `readers.Readers`."""
        return Readers(self.settings).source(name)

    def official_test(self, name: str) -> OfficialTest:
        """Return the test items of a curated set; see `readers.Readers`."""
        return Readers(self.settings).official_test(name)

    def published(self, name: str) -> Published:
        """Return the questions of a published benchmark; see `readers.Readers`."""
        return Readers(self.settings).published(name)

    def tokens(self, base: str, text: str) -> int:
        """Count tokens by the tokenizer in the base's folder, which is read once."""
        from medpipe.backends.base_tokens import token_counter

        if base not in self._token_counters:
            self._token_counters[base] = token_counter(base, self.settings.models_folder, self._prepared)
        return self._token_counters[base](text)

    @cached_property
    def _token_counters(self) -> dict[str, Callable[[str], int]]:
        return {}

    def template(self, recipe: Recipe) -> Template:
        """Return the form of a recipe's prompts; see `chat_templates.template_of`."""
        from medpipe.chat_templates import template_of

        return template_of(recipe, self.settings.models_folder, self._prepared)

    def base_digest(self, base: str) -> str:
        """Return the digest of a base model's files; see `base_models.digest`. A prepared base's manifest has it."""
        if not base_models.is_prepared(base):
            return base_models.digest(base, self.settings.models_folder)
        stored = self.store.find(base)
        if not isinstance(stored, PreparedManifest):
            raise NotFound(f"{base} does not exist: `medpipe prepare-base` makes it")
        return stored.outcome.digest

    def _prepared(self, base: str) -> Path:
        return self.store.folder(base)

    def workspace(self, ref: str) -> Path:
        """Return a private folder for the unfinished work of one artifact, after making it if necessary."""
        owner_only.folder(self.settings.home / "work")
        folder = self.settings.home / "work" / ref.replace("/", "-")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def workspaces(self) -> Sequence[Path]:
        """Return the folders of all unfinished work, sorted."""
        return sorted((self.settings.home / "work").glob("*/"))

    @cached_property
    def workers(self) -> port.Workers:
        from medpipe.backends.processes import Processes, by_default

        return Processes(self, ports, self.settings, self.settings.workers or by_default())

    @cached_property
    def progress(self) -> port.Progress:
        """Return the function that verbs report progress to."""
        return log_progress


def log_progress(share: float, text: str) -> None:
    """Log a share of the work (0 to 1, as a percentage) and a text to `medpipe.progress`."""
    _progress_log.info("%s %s", f"{share:4.0%}", text)
