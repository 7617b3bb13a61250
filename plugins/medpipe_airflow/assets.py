"""The assets that connect the DAGs, and the tasks that announce them and read what refs say."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, Metadata, task
from airflow.sdk.exceptions import AirflowSkipException

CORPUS = Asset(name="corpus", uri="medpipe://corpus", group="medpipe")
PAIRS = Asset(name="pairs", uri="medpipe://pairs", group="medpipe")
RETRAIN_REQUEST = Asset(name="retrain_request", uri="medpipe://retrain-request", group="medpipe")
CHALLENGER = Asset(name="challenger", uri="medpipe://challenger", group="medpipe")
CHAMPION = Asset(name="champion", uri="medpipe://champion", group="medpipe")


def announce(asset: Asset, **options: Any) -> Any:
    """A task that publishes an event of `asset` with a mapping as its `extra`; None skips it and wakes nobody."""

    def run(extra: dict[str, Any] | None) -> Any:
        if extra is None:
            raise AirflowSkipException(f"nothing new for {asset.name}")
        yield Metadata(asset, {key: value for key, value in extra.items() if value is not None})

    run.__name__ = f"announce_{asset.name}"
    run.__doc__ = f"Wake the DAGs that follow the asset `{asset.name}`."
    return task(outlets=[asset], multiple_outputs=False, doc_md=run.__doc__, **options)(run)


def read_facts(ref: str) -> dict[str, Any]:
    """The facts in a ref's manifest. Raises NotFound when there is no whole artifact."""
    from medpipe.errors import NotFound
    from medpipe.settings import Settings
    from medpipe.wiring import ports

    manifest = ports(Settings()).store.find(ref)
    if manifest is None:
        raise NotFound(f"{ref} does not exist: look at the log of the task that was to make it")
    return dict(manifest.facts)


def facts_of(*names: str, task_id: str) -> Any:
    """A task that shows the named facts of a ref as its value, for people and for the tasks that follow."""

    def run(ref: str) -> dict[str, Any]:
        facts = read_facts(ref)
        return {name: facts.get(name) for name in names}

    run.__name__ = task_id
    return task(multiple_outputs=True, doc_md=f"Shows {', '.join(names)}.")(run)
