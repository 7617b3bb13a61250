"""Pull the documents that each source revised, validate them, and merge them into the corpus.

The DAG runs on NLM's release calendar and takes everything above the corpus's watermarks. A source that cannot be read
keeps no other out: `catch_up` takes it when it answers. Start the DAG by hand to load other days, or PubMed's baseline:
then it starts itself again until no file is left.
"""

from __future__ import annotations

from airflow.sdk import Param, dag, task
from medpipe_airflow import (
    CORPUS,
    DEFAULTS,
    POSTED,
    announce,
    catch_up,
    caught_up,
    go_on,
    nlm_releases,
    pulls_of,
    rest_of_load,
    step,
)

WINDOW = {
    "start": "{{ params.start or (data_interval_start | ds) }}",
    "end": "{{ params.end or (data_interval_end | ds) }}",
    "baseline": "{{ params.baseline }}",
}


@task
def sources(params: dict[str, list[str]] | None = None) -> list[list[str]]:
    """Return the sources that the form names, each by itself: one that fails does not stop the others."""
    assert params is not None
    return [[source] for source in params["sources"]]


@dag(
    schedule=nlm_releases(),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["medpipe", "data"],
    doc_md=__doc__,
    dag_display_name="1 · corpus",
    params={
        "sources": Param(POSTED, type="array", items={"type": "string"}, title="Sources"),
        "start": Param(
            None,
            type=["null", "string"],
            format="date",
            title="From",
            description="First day. Empty: the release window of the run",
        ),
        "end": Param(
            None, type=["null", "string"], format="date", title="Up to", description="The day after the last day"
        ),
        "baseline": Param(
            False,
            type="boolean",
            title="Load the baseline",
            description="Load all files that PubMed posted up to that day, each in a task: for a first corpus. "
            "The DAG starts itself again until no file is left",
        ),
    },
)
def corpus() -> None:
    previous = step("latest", task_id="previous")(kind="corpus")
    chosen = sources()
    planned = step("plan_pulls").partial(previous=previous, **WINDOW).expand(sources=chosen)
    pulled = step("pull").expand_kwargs(pulls_of(planned))
    accepted = (
        step("validate", trigger_rule="all_done").partial(suite="documents", previous=previous).expand(data=pulled)
    )
    built = step("build_corpus", trigger_rule="all_done", skip_without="pulls")(pulls=accepted, previous=previous)
    announce(CORPUS)({"corpus": built})
    late = catch_up()(chosen, accepted, **WINDOW)
    built >> late  # the newest corpus is the one that it continues
    announce(CORPUS, task_id="announce_late_corpus", trigger_rule="all_done")({"corpus": late})
    caught_up(late)
    left = rest_of_load(chosen, previous, **WINDOW)
    late >> left
    go_on(left)


corpus()
