"""MLflow as the model registry that operators look at. The ledger decides which version serves."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import LifecycleStage, Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.utils.time import get_current_time_millis

from medpipe.core.batches import batched
from medpipe.core.refs import digest_of
from medpipe.errors import Unavailable
from medpipe.ports import Curves, Registered, WeightsCopy

_CHAMPION = "champion"
_KEY_TAG = "medpipe.description"
"""Tag with the digest of a version's description. Registered versions are found by it, so its name must not change."""

_WEIGHTS_TAG, _REMOVED = "medpipe.weights", "removed by medpipe gc"
"""Tag of a version, and of its run once the files are gone."""
_FOLDER = "adapter"
"""Of a run's artifacts, the one with the weights."""

_MAX_PARAM, _MAX_TAG = 6000, 5000
"""Characters that MLflow stores of a parameter and of a version's tag."""

_MAX_METRICS = 1000
"""Values that MLflow takes in one request."""


class MlflowRegistry:
    """Implements `ports.Registry` over an MLflow server (``http…``) or directly on its database (``sqlite:///…``).

    Every method raises Unavailable when MLflow does not answer or refuses.
    """

    def __init__(self, url: str, model_name: str, experiment: str = "medpipe") -> None:
        """Prepare the client.

        `url`: the tracking address. `model_name`: the registered model. `experiment`: the experiment of its runs.
        """
        self._url = url.rstrip("/")
        self._name = model_name
        self._experiment = experiment
        if self._url.startswith("sqlite:///"):
            Path(self._url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # standard output carries refs only
        with self._answering():
            self._client = MlflowClient(tracking_uri=url, registry_uri=url)

    def register(
        self, adapter: Path, description: Mapping[str, Any], metrics: Mapping[str, float], curves: Curves
    ) -> Registered:
        """Log a run with its parameters, metrics and the adapter's files, and make a model version of it.

        `adapter`: the adapter's folder. `description`: what the version is and came from. `metrics`: value by name.
        `curves`: values by step; MLflow plots them.
        The same description again returns the version that it made before, so a repeated verb makes no second one.
        """
        key = digest_of(dict(description))
        with self._answering():
            self._make_model()
            known = self._client.search_model_versions(f"name='{self._name}' and tags.`{_KEY_TAG}`='{key}'")
            if known:
                return self._registered(int(known[0].version))
            run_id, source = self._logged_run(key) or self._log_run(adapter, description, metrics, curves, key)
            version = self._client.create_model_version(
                self._name,
                source,
                run_id,
                await_creation_for=0,
                tags={_KEY_TAG: key, **{name: _text(value)[:_MAX_TAG] for name, value in description.items()}},
            )
            return self._registered(int(version.version))

    def tag(self, number: int, tags: Mapping[str, str]) -> None:
        """Set tags on a version."""
        with self._answering():
            for name, value in tags.items():
                self._client.set_model_version_tag(self._name, str(number), name, value[:_MAX_TAG])

    def set_champion(self, number: int) -> None:
        """Move the alias. In MLflow the last writer wins: call this after the ledger's swap, never instead of it."""
        with self._answering():
            self._client.set_registered_model_alias(self._name, _CHAMPION, str(number))

    def champion(self) -> int | None:
        """Return the version that carries the alias `champion`; None without one."""
        with self._answering():
            try:
                return int(self._client.get_model_version_by_alias(self._name, _CHAMPION).version)
            except MlflowException as error:
                if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                    return None
                raise

    def copies(self, adapters: Collection[str]) -> Iterator[WeightsCopy]:
        """Yield the weights of each run. A run that is deleted in MLflow's pages still has them.

        The files of other adapters' runs, and of those whose copy was removed, are not looked up.
        """
        with self._answering():
            experiment, token = self._client.get_experiment_by_name(self._experiment), None
            while experiment is not None:
                runs = self._client.search_runs([experiment.experiment_id], "", ViewType.ALL, page_token=token)
                for run in runs:
                    adapter, tags = run.data.params.get("adapter", ""), run.data.tags
                    if adapter not in adapters or _KEY_TAG not in tags or _WEIGHTS_TAG in tags:
                        continue
                    if size := self._size(run.info.run_id, _FOLDER):
                        yield WeightsCopy(run.info.run_id, adapter, size)
                token = runs.token
                if not token:
                    return

    def remove_copy(self, copy: WeightsCopy) -> None:
        """Remove the run's adapter from MLflow's artifact store. Run, metrics and version stay; the version says so."""
        with self._answering():
            for version in self._client.search_model_versions(f"run_id='{copy.run}'"):
                self._client.set_model_version_tag(version.name, version.version, _WEIGHTS_TAG, _REMOVED)
            run = self._client.get_run(copy.run).info
            get_artifact_repository(run.artifact_uri, tracking_uri=self._url).delete_artifacts(_FOLDER)
            if run.lifecycle_stage == LifecycleStage.ACTIVE:  # MLflow refuses tags on a deleted one
                self._client.set_tag(copy.run, _WEIGHTS_TAG, _REMOVED)

    def _size(self, run: str, folder: str) -> int:
        files = self._client.list_artifacts(run, folder)
        return sum(self._size(run, file.path) if file.is_dir else file.file_size or 0 for file in files)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn MLflow's errors into Unavailable."""
        try:
            yield
        except MlflowException as error:
            raise Unavailable(
                f"MLflow at {self._url} does not answer or refuses ({error.error_code}): {error.message}; "
                "is it up, and is MEDPIPE_MLFLOW_URL right?"
            ) from error

    def _logged_run(self, key: str) -> tuple[str, str] | None:
        """Return the id and the adapter's address of the finished run that a killed process left without a version."""
        finished = f"tags.`{_KEY_TAG}` = '{key}' and attributes.status = 'FINISHED'"
        runs = self._client.search_runs([self._experiment_id()], finished, max_results=1)
        return (str(runs[0].info.run_id), f"{runs[0].info.artifact_uri}/{_FOLDER}") if runs else None

    def _log_run(
        self,
        adapter: Path,
        description: Mapping[str, Any],
        metrics: Mapping[str, float],
        curves: Curves,
        key: str,
    ) -> tuple[str, str]:
        """Log a finished run, and return its id and the address of its adapter."""
        run = self._client.create_run(self._experiment_id(), run_name=str(description.get("adapter", key)))
        now = get_current_time_millis()
        self._client.log_batch(
            run.info.run_id,
            params=[Param(name, _text(value)[:_MAX_PARAM]) for name, value in description.items()],
            metrics=[Metric(name, value, now, 0) for name, value in metrics.items()],
            tags=[RunTag(_KEY_TAG, key)],
        )
        measured = (Metric(name, value, now, step) for name, values in curves.items() for step, value in values)
        for block in batched(measured, _MAX_METRICS):
            self._client.log_batch(run.info.run_id, metrics=block)
        self._client.log_artifacts(run.info.run_id, str(adapter), _FOLDER)
        self._client.set_terminated(run.info.run_id)
        return str(run.info.run_id), f"{run.info.artifact_uri}/{_FOLDER}"

    def _make_model(self) -> None:
        try:
            self._client.create_registered_model(self._name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _experiment_id(self) -> str:
        """Return the id of the experiment, after creating it where there is none."""
        experiment = self._client.get_experiment_by_name(self._experiment)
        if experiment is None:
            try:
                return str(self._client.create_experiment(self._experiment, artifact_location=self._artifacts()))
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            experiment = self._client.get_experiment_by_name(self._experiment)  # another process has created it
        return str(experiment.experiment_id)

    def _artifacts(self) -> str | None:
        """Return a folder beside the database; None with a server, which has an artifact store of its own."""
        if not self._url.startswith("sqlite:///"):
            return None
        return (Path(self._url.removeprefix("sqlite:///")).resolve().parent / "mlflow-artifacts").as_uri()

    def _registered(self, number: int) -> Registered:
        """Return the version with its page; without a server, with its MLflow address."""
        page = f"{self._url}/#/models/{self._name}/versions/{number}"
        return Registered(number, page if self._url.startswith("http") else f"models:/{self._name}/{number}")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
