"""Ask the champion what is withdrawn, at every precision that may serve, and certify that it asserts none of it.

Runs after each promotion, and every ten minutes, because an event can be lost while a DAG is paused. It is not a part
of the DAG withdrawals: its tasks may wait for hours while a model is trained, and a new withdrawal must not.
"""

from __future__ import annotations

from airflow.sdk import dag
from medpipe_airflow import CHAMPION, DEFAULTS, certificates, every_ten_minutes_and_on, ml_step, step


@dag(
    dag_id="certificates",
    schedule=every_ten_minutes_and_on(CHAMPION),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["medpipe", "withdrawals"],
    doc_md=__doc__,
    dag_display_name="7 · certificates",
)
def certification() -> None:
    champion = step("champion")()
    precisions = step("plan_probes")(champion=champion)
    probes = ml_step("probe_withdrawals").partial(version=champion).expand(precision=precisions)
    certificates(champion, probes)


certification()
