"""Turn the feedback of the last hour into preference pairs.

When there are no new pairs, the remaining tasks are skipped.
"""

from __future__ import annotations

from airflow.sdk import Param, dag
from medpipe_airflow import DEFAULTS, PAIRS, announce, hourly, step


@dag(
    schedule=hourly(),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["medpipe", "feedback"],
    doc_md=__doc__,
    dag_display_name="5 · feedback",
    params={
        "start": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="From",
            description="Empty: the hour before the run",
        ),
        "end": Param(None, type=["null", "string"], format="date-time", title="Up to"),
    },
)
def feedback() -> None:
    collected = step("collect_feedback")(
        start="{{ params.start or data_interval_start }}", end="{{ params.end or data_interval_end }}"
    )
    accepted = step("validate", task_id="validate_feedback")(data=collected, suite="feedback")
    built = step("build_pairs", skip_when_none=True)(
        feedback=accepted, previous=step("latest", task_id="previous")(kind="pairs")
    )
    pairs = step("validate", task_id="validate_pairs")(data=built, suite="pairs")
    announce(PAIRS)({"pairs": pairs})


feedback()
