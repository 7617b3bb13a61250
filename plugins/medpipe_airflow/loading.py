"""A load of PubMed's baseline: one request goes on by itself, run after run, until no file is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from medpipe_airflow.requests import task


@task(trigger_rule="all_done", multiple_outputs=False)
def rest_of_load(
    sources: Sequence[Sequence[str]], previous: str | None, start: str, end: str, baseline: str
) -> dict[str, Any]:
    """Return the form of the run that goes on with a load of the baseline.

    Skipped when no baseline was asked for, or no file is left. Fails when files are left and this run took none: the
    next one would take none either.
    """
    from medpipe.cli import call

    if baseline != "True":
        raise AirflowSkipException("no baseline was asked for")
    corpus = call("latest", {"kind": "corpus"})
    after = {"previous": corpus} if corpus else {}
    window = {"start": start, "end": end, "baseline": True}
    plans = {
        source: call("plan_pulls", {"sources": [source], **window, **after}) for chosen in sources for source in chosen
    }
    left = {
        source: files for source, plan in plans.items() if (files := [pull["file"] for pull in plan if "file" in pull])
    }
    if not left:
        raise AirflowSkipException("the baseline is loaded")
    if corpus == previous:
        files = [file for names in left.values() for file in names]
        raise AirflowFailException(
            f"the load stands still: this run took nothing, and {files[0]} is the next file. Look at the log of its "
            "pull, and start the DAG again with the baseline: it goes on from here"
        )
    return {"sources": list(left), **window}


def go_on(form: Any) -> TriggerDagRunOperator:
    """Return the task that starts the corpus DAG again with a form, and does not wait for its end."""
    return TriggerDagRunOperator(
        task_id="go_on",
        trigger_dag_id="corpus",
        conf=form,
        logical_date=None,
        doc_md="Starts this DAG again while files of the baseline are left. This run does not wait.",
    )
