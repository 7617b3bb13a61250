"""The composition root: the only module that names backends. Each is imported and made on first use."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from medpipe import base_models
from medpipe import ports as port
from medpipe.core import sources
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.gates import Plan
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import MedpipeError
from medpipe.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine as Database

    from medpipe.backends.vllm_engine import VllmEngine


def ports(settings: Settings) -> port.Ports:
    """Everything outside, as the settings say. MEDPIPE_PORTS=`module:function` puts another in its place (tests)."""
    override = os.environ.get("MEDPIPE_PORTS")
    if override:
        module, _, name = override.partition(":")
        return getattr(importlib.import_module(module), name)(settings)  # type: ignore[no-any-return]
    return Wiring(settings)


class GatewayState(NamedTuple):
    """What a gateway reads and writes."""

    routes: port.Routes
    answers: port.AnswerLog
    guardrails: Guardrails


def gateway_state(settings: Settings) -> GatewayState:
    """The part of the outside that `serving` needs, on a migrated database."""
    wiring = Wiring(settings)
    return GatewayState(wiring.routes, wiring.answers, wiring.guardrails)


class Wiring:
    """`medpipe.ports.Ports` over the real backends."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @property
    def model_name(self) -> str:
        return self.settings.model_name

    @cached_property
    def store(self) -> port.ArtifactStore:
        from medpipe.backends.artifacts import FolderStore

        return FolderStore(self.settings.home / "artifacts")

    @cached_property
    def corpus(self) -> port.CorpusTable:
        from medpipe.backends.delta.corpus import DeltaCorpus

        return DeltaCorpus(self.settings.home / "corpus")

    @cached_property
    def validator(self) -> port.Validator:
        from medpipe.backends.gx_validator import GxValidator

        return GxValidator(
            self.settings.expectations,
            self.settings.home / "data_docs",
            lambda texts, language: [each.found for each in self.redactor.redact(texts, language)],
        )

    @cached_property
    def redactor(self) -> port.Redactor:
        from medpipe.backends.presidio_redactor import PresidioRedactor

        return PresidioRedactor(self.settings.person_models)

    @cached_property
    def near_duplicates(self) -> port.NearDuplicates:
        from medpipe.backends.rensa_duplicates import RensaDuplicates

        return RensaDuplicates()

    @cached_property
    def languages(self) -> port.Languages:
        from medpipe.backends.languages import LangidLanguages

        return LangidLanguages()

    @cached_property
    def trainer(self) -> port.Trainer:
        from medpipe.backends.trl_trainer import TrlTrainer

        return TrlTrainer(self.settings.models_folder, self.settings.threads, self.settings.offline)

    @cached_property
    def generator(self) -> port.Generator:
        if self.settings.engine_url:
            return self.vllm
        from medpipe.backends.transformers_generator import TransformersGenerator

        return TransformersGenerator(self.settings.models_folder, self.settings.threads, self.settings.offline)

    @cached_property
    def engine(self) -> port.Engine:
        return self.vllm

    @cached_property
    def vllm(self) -> VllmEngine:
        """The engine, which is a generator too: evaluation asks what serves."""
        from medpipe.backends.vllm_engine import VllmEngine

        if not self.settings.engine_url:
            raise MedpipeError("no inference engine: set MEDPIPE_ENGINE_URL to vLLM's address")
        return VllmEngine(self.settings.engine_url, self.settings.engine_key)

    @cached_property
    def registry(self) -> port.Registry:
        from medpipe.backends.mlflow_registry import MlflowRegistry

        return MlflowRegistry(self.settings.mlflow, self.settings.model_name)

    @cached_property
    def database(self) -> Database:
        from medpipe.backends.sql.database import connect, migrate

        self.settings.home.mkdir(parents=True, exist_ok=True)
        migrate(self.settings.database)
        return connect(self.settings.database)

    @cached_property
    def ledger(self) -> port.Ledger:
        from medpipe.backends.sql.ledger import SqlLedger

        return SqlLedger(self.database)

    @cached_property
    def routes(self) -> port.Routes:
        from medpipe.backends.sql.routes import SqlRoutes

        return SqlRoutes(self.database)

    @cached_property
    def feedback(self) -> port.FeedbackStore:
        from medpipe.backends.sql.feedback_store import SqlFeedbackStore

        return SqlFeedbackStore(self.database)

    @cached_property
    def answers(self) -> port.AnswerLog:
        from medpipe.backends.sql.feedback_store import SqlFeedbackStore

        return SqlFeedbackStore(self.database)

    def source(self, name: str) -> port.Source:
        """Return the reader of a source (`core.sources`); raises NotFound, which lists the sources that there are."""
        row = sources.named(name)
        readers: dict[str, Callable[[Path], port.Source]] = {
            "medlineplus": self._medlineplus,
            "medlineplus-search": self._medlineplus_search,
            "genetics": self._genetics,
            "pubmed": self._pubmed,
            "eutils": self._eutils,
        }
        cache = self.settings.home / "downloads"
        return readers[row.name](cache) if row.name in readers else self._curated(row.name, cache)

    def _medlineplus(self, cache: Path) -> port.Source:
        from medpipe.sources.medlineplus.topics_source import MedlinePlusSource

        return MedlinePlusSource(self.settings.medlineplus_url, cache)

    def _medlineplus_search(self, cache: Path) -> port.Source:
        from medpipe.sources.medlineplus.search_source import MedlinePlusSearchSource

        return MedlinePlusSearchSource(self.settings.medlineplus_search_url, self.settings.ncbi_email, cache)

    def _genetics(self, cache: Path) -> port.Source:
        from medpipe.sources.medlineplus.genetics_source import GeneticsSource

        return GeneticsSource(self.settings.genetics_url, cache)

    def _pubmed(self, cache: Path) -> port.Source:
        from medpipe.sources.pubmed.files_source import PubMedSource

        return PubMedSource(self.settings.pubmed_url, cache)

    def _eutils(self, cache: Path) -> port.Source:
        from medpipe.sources.pubmed.eutils_source import EutilsSource

        return EutilsSource(self.settings.eutils_url, self.settings.ncbi_email, self.settings.ncbi_api_key, cache)

    def _curated(self, name: str, cache: Path) -> port.Source:
        from medpipe.sources.curated.source import CuratedSource

        shipped = self.settings.recipes / "data" / "triage.yaml" if name == "triage" else None
        return CuratedSource(self.settings.curated, name, self.settings.offline, cache / "hub", shipped=shipped)

    def recipe(self, name: str) -> Recipe:
        return Recipe.model_validate(_yaml(self.settings.recipes, name, "recipe"))

    def base_digest(self, base: str) -> str:
        return base_models.digest(base, self.settings.models_folder)

    def benchmark(self, name: str) -> Benchmark:
        return Benchmark.model_validate(_yaml(self.settings.benchmarks, name, "benchmark"))

    def benchmarks(self) -> Sequence[Benchmark]:
        names = sorted(path.stem for path in self.settings.benchmarks.glob("*.yaml"))
        return [self.benchmark(name) for name in names if name != "gates"]

    def suite(self, name: str) -> str:
        return _text(self.settings.expectations / f"{name}.json", "suite")

    def safety(self) -> Sequence[Example]:
        return [Example.model_validate(row) for row in _yaml(self.settings.recipes / "data", "safety", "data set")]

    def plan(self) -> Plan:
        return Plan.load(_text(self.settings.benchmarks / "gates.yaml", "plan"))

    def workspace(self, ref: str) -> Path:
        folder = self.settings.home / "work" / ref.replace("/", "-")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @cached_property
    def guardrails(self) -> Guardrails:
        return Guardrails.load(_text(self.settings.policies / "guardrails.yaml", "policy"))

    @cached_property
    def progress(self) -> port.Progress:
        return print_progress


def print_progress(share: float, text: str) -> None:
    """A line of percentage and text on standard error, where Airflow's task log and a shell show it."""
    print(f"{share:4.0%} {text}", file=sys.stderr, flush=True)


def _text(path: Path, kind: str) -> str:
    if not path.is_file():
        names = ", ".join(sorted(other.stem for other in path.parent.glob(f"*{path.suffix}"))) or "none"
        raise MedpipeError(f"no {kind} {path.stem!r} in {path.parent}; there are: {names}")
    return path.read_text(encoding="utf-8")


def _yaml(folder: Path, name: str, kind: str) -> Any:
    try:
        return yaml.safe_load(_text(folder / f"{name}.yaml", kind))
    except yaml.YAMLError as error:
        raise MedpipeError(f"{kind} {name!r} in {folder} is not YAML: {error}") from error
