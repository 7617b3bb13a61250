"""The assets that connect the DAGs, the tasks that announce them, and a task that shows an artifact's outcome."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow.sdk import Asset, Metadata, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from medpipe.core.manifests import AnyManifest
from medpipe.errors import UsageError

CORPUS = Asset(name="corpus", uri="medpipe://corpus", group="medpipe")
PAIRS = Asset(name="pairs", uri="medpipe://pairs", group="medpipe")
RETRAIN_REQUEST = Asset(name="retrain_request", uri="medpipe://retrain-request", group="medpipe")
CHALLENGER = Asset(name="challenger", uri="medpipe://challenger", group="medpipe")
CHAMPION = Asset(name="champion", uri="medpipe://champion", group="medpipe")


def announce(asset: Asset, **options: Any) -> Any:
    """Return a task that publishes an event of `asset`, with a mapping as its `extra`.

    Given None, or None for every key, the task is skipped and no DAG is started. `options` are Airflow's task options.
    """

    def run(extra: dict[str, Any] | None) -> Iterator[Metadata]:
        known = {key: value for key, value in (extra or {}).items() if value is not None}
        if not known:
            raise AirflowSkipException(f"no event for the asset {asset.name}")
        yield Metadata(asset, known)

    run.__name__ = f"announce_{asset.name}"
    run.__doc__ = f"Start the DAGs that are scheduled on the asset `{asset.name}`."
    return task(outlets=[asset], multiple_outputs=False, doc_md=run.__doc__, **options)(run)


def read_manifest(ref: str, kind: type[AnyManifest]) -> AnyManifest:
    """Return the manifest of a ref, of the given kind. Raises AirflowFailException: another try cannot help."""
    from medpipe.settings import Settings
    from medpipe.steps.artifact import manifest
    from medpipe.wiring import ports

    try:
        return manifest(ports(Settings()), ref, kind)
    except UsageError as error:
        raise AirflowFailException(f"{error}. Look at the log of the task that makes it") from error


def outcome_of(*fields: str, task_id: str) -> Any:
    """Return a task that shows fields of a ref's outcome as its value, for people and for the tasks that follow."""

    def run(ref: str) -> dict[str, Any]:
        from medpipe.core.manifests import manifest_type

        outcome = read_manifest(ref, manifest_type(ref)).outcome.model_dump(mode="json")
        return {field: outcome[field] for field in fields}

    run.__name__ = task_id
    return task(multiple_outputs=True, doc_md=f"Shows {', '.join(fields)}.")(run)
