"""A judged challenger: promote it inside the plan, switch the engine to it, or hold it with reasons.

*Held* is a result, not a failure: the run succeeds, and the incumbent serves on.
"""

from __future__ import annotations

from airflow.sdk import Param, dag
from medpipe_airflow import CHALLENGER, CHAMPION, DEFAULTS, announce, outcome, rollout_request, step


@dag(
    schedule=CHALLENGER,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["medpipe", "serving"],
    doc_md=__doc__,
    dag_display_name="4 · rollout",
    params={
        "version": Param(None, type=["null", "string"], title="Version", description="As the model board names it"),
    },
)
def rollout() -> None:
    request = rollout_request()
    champion = step("promote")(version=request["version"], decision=request["decision"], expected=request["expected"])
    served = step("deploy")(version=champion)
    # Whatever failed above, this undoes no more than this run's own promotion.
    restored = step("restore", trigger_rule="one_failed")(version=request["version"], reason="it did not go live")
    served >> restored
    announce(CHAMPION)(outcome(request, served))


rollout()
