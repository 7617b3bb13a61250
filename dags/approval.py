"""Ask a person whether the champion shall unlearn what was withdrawn, and ask for the hotfix if so.

Runs under the policy `approval` of withdrawals.yaml only. The DAG withdrawals starts it and does not wait for it. The
task `approve` waits under *Required Actions* in Airflow and takes no worker meanwhile. The decision is in the ledger:
after a rejection nobody is asked again until one of the withdrawals is opened anew.
"""

from __future__ import annotations

from airflow.sdk import dag
from medpipe_airflow import (
    DEFAULTS,
    HOTFIX_RECIPE,
    RETRAIN_REQUEST,
    HotfixApproval,
    announce,
    hotfix_request,
    hotfix_to_approve,
    step,
)


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["medpipe", "withdrawals"],
    doc_md=__doc__,
    dag_display_name="7 · approval",
)
def approval() -> None:
    champion = step("champion")()
    plan = step("plan_hotfix")(champion=champion)
    request = hotfix_to_approve(plan, champion)
    asked = HotfixApproval(
        task_id="approve", subject=request["subject"], body=request["body"], documents=request["documents"]
    )
    # Days may have passed, so everything is read again.
    corpus_now = step("latest", task_id="corpus_now")(kind="corpus")
    champion_now = step("champion", task_id="champion_now")()
    plan_now = step("plan_hotfix", task_id="plan_now")(champion=champion_now)
    asked >> [corpus_now, champion_now]
    announce(RETRAIN_REQUEST)(hotfix_request(plan_now, corpus_now, champion_now, HOTFIX_RECIPE))


approval()
