"""MLflow: where operators look at runs and versions. The ledger decides; this shows."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.utils.time import get_current_time_millis

from medpipe.core.refs import digest_of
from medpipe.ports import Registered

_CHAMPION = "champion"
_KEY = "medpipe.facts"
_MAX_PARAM, _MAX_TAG = 6000, 5000


class MlflowRegistry:
    """Implements `ports.Registry` over an MLflow server (``http…``) or directly on its database (``sqlite:///…``)."""

    def __init__(self, url: str, model_name: str, experiment: str = "medpipe") -> None:
        """`url` is the tracking address, `model_name` the registered model, `experiment` its runs' place."""
        self._url = url.rstrip("/")
        self._name = model_name
        self._experiment = experiment
        if self._url.startswith("sqlite:///"):
            Path(self._url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # stdout carries refs only
        self._client = MlflowClient(tracking_uri=url, registry_uri=url)

    def register(self, adapter: Path, facts: Mapping[str, Any], metrics: Mapping[str, float]) -> Registered:
        """Log a run with its parameters, metrics and the adapter's files, and make a model version of it.

        The same facts again give the version that they made before, so a repeated verb makes no second one.
        """
        self._make_model()
        key = digest_of(dict(facts))
        known = self._client.search_model_versions(f"name='{self._name}' and tags.`{_KEY}`='{key}'")
        if known:
            return self._registered(int(known[0].version))
        run = self._client.create_run(self._experiment_id(), run_name=str(facts.get("adapter", key)))
        now = get_current_time_millis()
        self._client.log_batch(
            run.info.run_id,
            params=[Param(name, _text(value)[:_MAX_PARAM]) for name, value in facts.items()],
            metrics=[Metric(name, value, now, 0) for name, value in metrics.items()],
            tags=[RunTag(_KEY, key)],
        )
        self._client.log_artifacts(run.info.run_id, str(adapter), "adapter")
        self._client.set_terminated(run.info.run_id)
        version = self._client.create_model_version(
            self._name,
            f"{run.info.artifact_uri}/adapter",
            run.info.run_id,
            await_creation_for=0,
            tags={_KEY: key, **{name: _text(value)[:_MAX_TAG] for name, value in facts.items()}},
        )
        return self._registered(int(version.version))

    def tag(self, number: int, tags: Mapping[str, str]) -> None:
        """Set tags on a version."""
        for name, value in tags.items():
            self._client.set_model_version_tag(self._name, str(number), name, value[:_MAX_TAG])

    def set_champion(self, number: int) -> None:
        """Move the alias. MLflow's last writer wins: call it after the ledger's swap, never instead."""
        self._client.set_registered_model_alias(self._name, _CHAMPION, str(number))

    def champion(self) -> int | None:
        """The version that carries the alias `champion`."""
        try:
            return int(self._client.get_model_version_by_alias(self._name, _CHAMPION).version)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise

    def _make_model(self) -> None:
        try:
            self._client.create_registered_model(self._name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _experiment_id(self) -> str:
        experiment = self._client.get_experiment_by_name(self._experiment)
        if experiment:
            return str(experiment.experiment_id)
        try:
            return str(self._client.create_experiment(self._experiment, artifact_location=self._artifacts()))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return self._experiment_id()

    def _artifacts(self) -> str | None:
        """Beside the database when there is no server; a server knows its own place."""
        if not self._url.startswith("sqlite:///"):
            return None
        return (Path(self._url.removeprefix("sqlite:///")).resolve().parent / "mlflow-artifacts").as_uri()

    def _registered(self, number: int) -> Registered:
        """The version's page; without a server, its MLflow address."""
        page = f"{self._url}/#/models/{self._name}/versions/{number}"
        return Registered(number, page if self._url.startswith("http") else f"models:/{self._name}/{number}")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
