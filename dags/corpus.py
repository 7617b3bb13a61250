"""Pull the documents that each source revised, validate them, and merge them into the corpus.

The DAG runs on NLM's release calendar. Start it by hand to load other days, or PubMed's baseline.
"""

from __future__ import annotations

from airflow.sdk import Param, dag, task
from medpipe_airflow import CORPUS, DEFAULTS, POSTED, announce, nlm_releases, step

WINDOW = {
    "start": "{{ params.start or (data_interval_start | ds) }}",
    "end": "{{ params.end or (data_interval_end | ds) }}",
}


@task
def sources(params: dict[str, list[str]] | None = None) -> list[str]:
    """Return the sources that the form names."""
    assert params is not None
    return params["sources"]


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
            description="Load all files that PubMed posted up to that day, each in a task: for a first corpus",
        ),
    },
)
def corpus() -> None:
    planned = step("plan_pulls")(sources=sources(), baseline="{{ params.baseline }}", **WINDOW)
    pulled = step("pull").expand_kwargs(planned)
    previous = step("latest", task_id="previous")(kind="corpus")
    accepted = step("validate").partial(suite="documents", previous=previous).expand(data=pulled)
    built = step("build_corpus")(pulls=accepted, previous=previous)
    announce(CORPUS)({"corpus": built})


corpus()
