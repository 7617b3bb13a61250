"""Sources apart from each other: what one could not deliver in a run is caught up alone, while the others go on."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import get_current_context, task
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from medpipe.core.manifests import CorpusManifest, DocumentsManifest
from medpipe.errors import GapInFiles, MedpipeError, SourceError, Unavailable
from medpipe_airflow.assets import read_manifest

log = logging.getLogger("airflow.task.medpipe")

PATIENCE: dict[str, Any] = {
    "retries": 13,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(hours=2),
    "execution_timeout": timedelta(hours=4),
}
"""Task options that outlast a publisher's outage of 12 hours: the pauses are 1, 2, 4 … 64 minutes, then 2 hours."""

AT_ONCE = 100
"""The most files that `catch_up` takes: they come one after the other, and the next run takes the others in tasks."""

Arguments = Mapping[str, str]
"""The arguments of one `pull`, as `plan_pulls` returns them."""


@task(trigger_rule="all_done")
def pulls_of(plans: Iterable[Sequence[dict[str, str]]]) -> list[dict[str, str]]:
    """Return the pulls of every source whose plan could be made."""
    return [arguments for plan in plans for arguments in plan]


def outstanding(
    sources: Sequence[str], plans: Sequence[Sequence[Arguments] | None], taken: Iterable[Arguments]
) -> list[str]:
    """Return the sources of which something is not taken: without a plan, or with a pull that is not among `taken`.

    `plans`: the plan of each source, None where it could not be made.
    """
    known = [dict(arguments) for arguments in taken]
    return [
        source
        for source, plan in zip(sources, plans, strict=True)
        if plan is None or any(dict(arguments) not in known for arguments in plan)
    ]


def catch_up(**options: Any) -> Any:
    """Return a task that takes what the run did not, source by source, and folds it into the newest corpus.

    It returns that corpus, also where it fails in the end because a source never answered. A source that does not
    answer makes it try again for more than 12 hours; what the others gave is kept. Nothing outstanding skips it.
    `options` are Airflow's task options.
    """

    def run(sources: list[list[str]], accepted: Sequence[str], start: str, end: str, baseline: str) -> str:
        late = outstanding([source for one in sources for source in one], _plans(len(sources)), _taken(accepted))
        if not late:
            raise AirflowSkipException("every source was taken")
        log.info("to catch up: %s", ", ".join(late))
        errors = dict[str, MedpipeError]()
        corpus = ""
        for source in late:
            try:
                corpus = _take(source, start, end, baseline) or corpus
            except MedpipeError as error:
                log.error("%s: %s", source, error)
                errors[source] = error
        if errors:
            if corpus:
                get_current_context()["ti"].xcom_push(BaseXCom.XCOM_RETURN_KEY, corpus)
            _raise(errors)
        if not corpus:
            raise AirflowSkipException("nothing was delivered")
        return corpus

    run.__name__ = "catch_up"
    return task(trigger_rule="all_done", multiple_outputs=False, **PATIENCE, **options)(run)


@task
def caught_up(corpus: str) -> str:
    """Return the corpus of `catch_up`. Without this last task, a run in which a source never answered would succeed."""
    return corpus


def _plans(count: int) -> list[Sequence[Arguments] | None]:
    instance = get_current_context()["ti"]
    return [instance.xcom_pull(task_ids="plan_pulls", map_indexes=index) for index in range(count)]


def _taken(accepted: Iterable[str]) -> list[Arguments]:
    """Return the arguments of the pulls that this run validated."""
    windows = [read_manifest(data, DocumentsManifest).inputs for data in accepted if data is not None]
    return [
        {"source": window.source, "start": window.start.isoformat(), "end": window.end.isoformat()}
        | ({"file": window.file} if window.file else {})
        for window in windows
    ]


def _take(source: str, start: str, end: str, baseline: str) -> str:
    """Plan, pull, validate and fold in one source. Returns the newest corpus; empty if there is none.

    What an earlier try of the task folded in is there already, and makes no corpus again.
    """
    from medpipe.cli import call

    previous = call("latest", {"kind": "corpus"})
    after = {"previous": previous} if previous else {}
    planned = call("plan_pulls", {"sources": [source], "start": start, "end": end, "baseline": baseline, **after})
    accepted = [
        call("validate", {"data": call("pull", pull), "suite": "documents", **after}) for pull in planned[:AT_ONCE]
    ]
    if _folded(accepted, previous):
        return previous or ""
    return str(call("build_corpus", {"pulls": accepted, **after}))


def _folded(pulls: Iterable[str], corpus: str | None) -> bool:
    """Return whether a corpus holds all of some pulls, itself or through those that it continues."""
    waiting = set(pulls)
    while waiting and corpus:
        inputs = read_manifest(corpus, CorpusManifest).inputs
        waiting -= set(inputs.pulls)
        corpus = inputs.previous
    return not waiting


def _raise(errors: Mapping[str, MedpipeError]) -> None:
    """Raise the error of the sources: one that another try may mend, if there is any. A gap has waited for days."""
    words = "; ".join(f"{source}: {error}" for source, error in errors.items())
    if any(isinstance(error, Unavailable) and not isinstance(error, GapInFiles) for error in errors.values()):
        raise SourceError(words)
    raise AirflowFailException(words)
