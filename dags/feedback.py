"""Turn all feedback up to now into preference pairs, every hour.

Nothing is built when the pairs would be those of the last run, and the remaining tasks are skipped. Beside that, the
answers and ratings of the hour are chained, so that a later change of them is found.
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
        "end": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="Up to",
            description="Empty: the end of the run's hour",
        ),
    },
)
def feedback() -> None:
    step("chain_answers")()
    corpus = step("latest", skip_when_none=True, task_id="corpus")(kind="corpus")
    collected = step("collect_feedback")(end="{{ params.end or data_interval_end }}")
    accepted = step("validate", task_id="validate_feedback")(data=collected, suite="feedback")
    built = step("build_pairs", skip_when_none=True)(
        feedback=accepted, corpus=corpus, previous=step("latest", task_id="previous")(kind="pairs")
    )
    pairs = step("validate", task_id="validate_pairs")(data=built, suite="pairs")
    announce(PAIRS)({"pairs": pairs})


feedback()
