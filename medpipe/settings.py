"""Where things are. Read once, at the edge (`medpipe.wiring`, `serving.app`), from MEDPIPE_* variables."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_PACKAGE = Path(__file__).resolve().parent


def _state_home() -> Path:
    """`$XDG_STATE_HOME/medpipe`, else `~/.local/state/medpipe` (XDG Base Directory Specification 0.8)."""
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state") / "medpipe"


def _suites() -> Path:
    """The suites inside an installed package, or beside the package in a checkout."""
    installed = _PACKAGE / "expectations"
    return installed if installed.is_dir() else _PACKAGE.parent / "expectations"


class Settings(BaseSettings):
    """Each field is a `MEDPIPE_<FIELD>` environment variable; the defaults are the embedded system."""

    model_config = SettingsConfigDict(
        env_prefix="MEDPIPE_", frozen=True, extra="forbid", ignored_types=(cached_property,)
    )

    home: Path = Field(
        default_factory=_state_home,
        description="state: artifacts, corpus, databases, reports (default $XDG_STATE_HOME/medpipe)",
    )
    expectations: Path = Field(default_factory=_suites, description="Great Expectations suites")
    recipes: Path = Field(_PACKAGE / "recipes", description="recipes")
    benchmarks: Path = Field(_PACKAGE / "benchmarks", description="benchmarks and gates.yaml")
    policies: Path = Field(_PACKAGE / "policies", description="the guardrail policy: guardrails.yaml")
    models: Path | None = Field(None, description="folder of local base models; else the hub (default HOME/models)")

    database_url: str | None = Field(None, description="SQLAlchemy address (default: SQLite under HOME)")
    mlflow_url: str | None = Field(None, description="MLflow tracking address (default: SQLite under HOME)")
    model_name: str = Field("medqa", description="name of the registered model")
    engine_url: str | None = Field(None, description="vLLM's address; without it, transformers generates in process")
    engine_key: SecretStr | None = None
    service_url: str = "http://127.0.0.1:8100"

    medlineplus_url: str = "https://medlineplus.gov"
    medlineplus_search_url: str = "https://wsearch.nlm.nih.gov/ws/query"
    genetics_url: str = "https://medlineplus.gov/download/ghr-summaries.xml"
    pubmed_url: str = "https://ftp.ncbi.nlm.nih.gov/pubmed"
    eutils_url: str = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
    ncbi_email: str = ""
    ncbi_api_key: SecretStr | None = None
    curated: Path | None = Field(None, description="folder with curated sets, one folder each: medquad, pubmedqa, …")

    person_models: dict[str, str] = Field(
        {},
        description="language → installed spaCy model that finds names of people "
        'and places, as {"en": "en_core_web_lg"}; without, patterns',
    )
    signing_key: SecretStr | None = Field(None, description="key that signs answer ids (default: made once under HOME)")
    threads: int = Field(1, ge=1, description="torch threads; 1 beside other servers on a small machine")
    offline: bool = Field(True, description="never look a model or a curated set up on a hub")

    @cached_property
    def models_folder(self) -> Path:
        return self.models or self.home / "models"

    @cached_property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'medpipe.db'}"

    @cached_property
    def mlflow(self) -> str:
        return self.mlflow_url or f"sqlite:///{self.home / 'mlflow.db'}"
