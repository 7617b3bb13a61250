"""Settings: where things are, from MEDPIPE_* variables. Only wiring, CLI, serving and plugins read them."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from medpipe import faults, object_storage
from medpipe.errors import ConfigError

PREFIX = "MEDPIPE_"
_PACKAGE = Path(__file__).resolve().parent


def _state_home() -> Path:
    """Return `$XDG_STATE_HOME/medpipe`, else `~/.local/state/medpipe` (XDG Base Directory Specification 0.8)."""
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state") / "medpipe"


def _suites() -> Path:
    """Return the folder of the suites: inside an installed package, or beside the package in a checkout."""
    installed = _PACKAGE / "expectations"
    return installed if installed.is_dir() else _PACKAGE.parent / "expectations"


class Settings(BaseSettings):
    """Every field is a `MEDPIPE_<FIELD>` environment variable; an empty variable counts as not set.

    The defaults are the embedded system. docs/settings.md lists all of them. Making the settings raises ConfigError
    for an unknown MEDPIPE_* variable and for a value that a field cannot take.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", ignored_types=(cached_property,)
    )

    home: Path = Field(
        default_factory=_state_home,
        description="state: artifacts, corpus, databases, reports (not set: `medpipe` under $XDG_STATE_HOME)",
    )
    storage: str = Field(
        "",
        description="bucket and prefix for the corpus and all artifacts, `s3://bucket/prefix`; the extra `s3` "
        "(not set: folders under HOME)",
    )
    expectations: Path = Field(default_factory=_suites, description="Great Expectations suites")
    recipes: Path = Field(_PACKAGE / "recipes", description="recipes")
    benchmarks: Path = Field(_PACKAGE / "benchmarks", description="benchmarks and gates.yaml")
    policies: Path = Field(
        _PACKAGE / "policies",
        description="policies: guardrails, harm, withdrawals, drift, feedback, sources, retention (YAML)",
    )
    models: Path | None = Field(
        None, description="folder of local base models, one folder each (not set: `models` under HOME)"
    )

    database_url: str | None = Field(
        None, description="SQLAlchemy address of the ledger, routes, answers and feedback (not set: SQLite under HOME)"
    )
    mlflow_url: str | None = Field(None, description="MLflow tracking address (not set: SQLite under HOME)")
    mlflow_pages: str | None = Field(
        None, description="MLflow's address as browsers see it, for links on the model board (not set: as MLflow says)"
    )
    model_name: str = Field("medqa", description="name of the registered model; versions are named after it")
    engine_url: str | None = Field(
        None,
        description="vLLM's address (not set: transformers generates in the same process, and nothing is deployed)",
    )
    engine_key: SecretStr | None = Field(None, description="key that vLLM asks for (its `--api-key`)")

    engine_precision: str = Field(
        "float32",
        pattern=r"^[a-z][a-z0-9_]{1,31}$",
        description="number format of the engine's weights, as vLLM was started (`--dtype` or `--quantization`)",
    )

    anonymous: bool = Field(
        False,
        description="whether clients on the gateway's machine may ask without a key; it then listens there only",
    )

    requests_per_minute: int = Field(
        0, ge=0, description="requests a minute of each key that was issued without a number (0: without a limit)"
    )
    tokens_per_minute: int = Field(
        0, ge=0, description="tokens a minute of each key that was issued without a number (0: without a limit)"
    )
    limits_url: SecretStr | None = Field(
        None,
        description="Redis where all gateways count these limits together, `redis://…` (not set: each counts alone)",
    )

    entailment_model: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$",
        description="model of natural language inference that grades answers for `measure`: a hub id, or a folder "
        "under MODELS (not set: rules)",
    )

    judge_url: str | None = Field(None, description="address of the model that rates answers for `estimate_ratings`")
    judge_model: str = Field("judge", description="the name under which that server has it")
    judge_key: SecretStr | None = Field(None, description="key that it asks for")

    medlineplus_url: str = Field("https://medlineplus.gov", description="address of MedlinePlus's topic files")
    medlineplus_search_url: str = Field(
        "https://wsearch.nlm.nih.gov/ws/query", description="address of MedlinePlus's web service"
    )
    genetics_url: str = Field(
        "https://medlineplus.gov/download/ghr-summaries.xml", description="address of MedlinePlus Genetics' file"
    )
    pubmed_url: str = Field(
        "https://ftp.ncbi.nlm.nih.gov/pubmed", description="address of PubMed's baseline and update files"
    )
    eutils_url: str = Field(
        "https://eutils.ncbi.nlm.nih.gov/entrez/eutils", description="address of NCBI's E-utilities"
    )
    retraction_watch_url: str = Field(
        "https://gitlab.com/crossref/retraction-watch-data/-/raw/main/retraction_watch.csv",
        description="address of the Retraction Watch Database's file",
    )
    ncbi_email: str = Field("", description="contact address, sent to NLM's services as their policy asks")
    ncbi_api_key: SecretStr | None = Field(
        None, description="key for NCBI's E-utilities: ten requests a second instead of three"
    )
    curated: Path | None = Field(
        None, description="folder with curated sets, one folder each: medquad, pubmedqa, … (not set: none)"
    )

    benchmarks_data: Path | None = Field(
        None, description="folder with published benchmarks, one folder each: medqa, headqa, … (not set: none)"
    )

    person_models: dict[str, str] = Field(
        {},
        description='language and installed spaCy model that finds names of people and places, as JSON: {"en": '
        '"en_core_web_lg"} (not set: patterns only)',
    )
    signing_key: SecretStr | None = Field(
        None,
        description="keys with spaces between them: the first signs ids of answers, ids signed by any are accepted "
        "(not set: one is made and kept under HOME)",
    )
    weights_private_key: Path | None = Field(
        None, description="EC key in PEM that signs weights where they are made (not set: they are not signed)"
    )
    weights_public_key: Path | None = Field(
        None, description="EC key in PEM that every adapter must be signed with (not set: signatures are not checked)"
    )
    threads: int = Field(1, ge=1, description="torch threads; 1 beside other servers on a small machine")
    processes: int = Field(
        1,
        ge=1,
        description="processes that train together on this machine, each with a GPU of its own, or with a share of the "
        "CPU; a step has the same rows whatever their number",
    )
    sharded: bool = Field(
        False,
        description="whether the processes that train together share the base's weights between them (FSDP), "
        "instead of having a copy each (DDP)",
    )
    workers: int = Field(
        0,
        ge=0,
        description="processes that read documents and phrase facts when examples are built (0: one a core, 4 at most)",
    )
    offline: bool = Field(True, description="never look a model or a curated set up on a hub")

    calendar: Literal["nlm", "off"] = Field(
        "nlm",
        description="`nlm`: DAGs run by timetables, the corpus on NLM's release days; `off`: only by hand or event",
    )
    python: str | None = Field(
        None, description="interpreter of Airflow's training and evaluation tasks (not set: Airflow's own)"
    )
    engine_python: str | None = Field(
        None, description="interpreter that the sandbox starts vLLM with (not set: .venv-engine in the checkout)"
    )
    ports: str | None = Field(
        None, description="`module:function` that makes all ports instead of `medpipe.wiring`; for tests"
    )

    def __init__(self, **values: Any) -> None:
        """Read the variables; `values` are fields that replace them. Raises ConfigError."""
        _refuse_unknown_variables()
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigError(f"the settings cannot be used: {_in_words(error)}") from None
        except SettingsError as error:  # a variable that must be JSON and is not; the message names the field
            names = [name for name in type(self).model_fields if f'"{name}"' in str(error)]
            named = " or ".join(map(variable, names)) or str(error)
            raise ConfigError(f'{named} must be JSON, such as {{"en": "en_core_web_lg"}}') from None

    @field_validator("storage")
    @classmethod
    def _is_an_address(cls, storage: str) -> str:
        if storage and not object_storage.ADDRESS.fullmatch(storage.rstrip("/")):
            raise ValueError("should be an address such as s3://bucket/prefix")
        return storage.rstrip("/")

    @field_validator("limits_url")
    @classmethod
    def _is_redis(cls, address: SecretStr | None) -> SecretStr | None:
        if address and not address.get_secret_value().startswith(("redis://", "rediss://")):
            raise ValueError("should be an address such as redis://host:6379/0")
        return address

    @field_validator("*", mode="after")
    @classmethod
    def _absolute(cls, value: Any) -> Any:
        """Make a relative path absolute: Great Expectations refuses one, and a child may run in another folder."""
        return value.absolute() if isinstance(value, Path) else value

    @cached_property
    def models_folder(self) -> Path:
        """The folder of local base models."""
        return self.models or self.home / "models"

    @cached_property
    def database(self) -> str:
        """The SQLAlchemy address of the ledger, routes, answers and feedback."""
        return self.database_url or f"sqlite:///{self.home / 'medpipe.db'}"

    @cached_property
    def mlflow(self) -> str:
        """The MLflow tracking address."""
        return self.mlflow_url or f"sqlite:///{self.home / 'mlflow.db'}"


def variable(field: str) -> str:
    """Return the environment variable of a field of the settings."""
    return f"{PREFIX}{field.upper()}"


def _refuse_unknown_variables() -> None:
    """Raise ConfigError for a MEDPIPE_* variable without a field: pydantic-settings passes over a misspelt one."""
    known = [variable(field) for field in Settings.model_fields]
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            likely = faults.nearest(name.upper(), known)
            meant = f" (did you mean {likely}?)" if likely else ""
            raise ConfigError(
                f"{name} is not a setting{meant}: correct or unset it (docs/settings.md lists all settings)"
            )


def _in_words(error: ValidationError) -> str:
    """Name the variable, what is wrong and the value; a secret's value is left out."""
    sentences = []
    for fault in error.errors():
        field = str(fault["loc"][0]) if fault["loc"] else ""
        secret = field.endswith(("_key", "limits_url")) or fault["type"] == "extra_forbidden"
        value = "" if secret else f"; it is {fault['input']!r}"
        sentences.append(
            f"{variable(field)}: {fault['msg'].removeprefix('Input ').removeprefix('Value error, ')}{value}"
        )
    return "; ".join(sentences)
