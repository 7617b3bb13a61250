"""A judged challenger: promote it if its decision is a pass and switch the engine to it, or hold it with reasons.

*Held* is a result, not a failure: the run succeeds, and the incumbent still serves.
"""

from __future__ import annotations

from airflow.sdk import Param, dag
from medpipe_airflow import CHALLENGER, CHAMPION, DEFAULTS, announce, promotion, rollout_request, step


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
    # Whichever task failed, this undoes only the promotion of this run.
    restored = step("restore", trigger_rule="one_failed")(version=request["version"], reason="it did not go live")
    served >> restored
    announce(CHAMPION)(promotion(request, served))


rollout()
