"""Make room on the disk, every Sunday: what nothing needs any more goes, by the policy retention.yaml.

The first task says what would go. The second one removes it, unless the form says that it must not.
"""

from __future__ import annotations

from airflow.sdk import Param, dag
from medpipe_airflow import DEFAULTS, step, weekly


@dag(
    schedule=weekly(),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["medpipe", "operations"],
    doc_md=__doc__,
    dag_display_name="9 · retention",
    params={"apply": Param(True, type="boolean", title="Remove it", description="Unticked: only say what would go")},
)
def retention() -> None:
    step("gc", task_id="list")() >> step("gc", task_id="remove")(apply="{{ params.apply }}")


retention()
