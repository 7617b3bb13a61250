"""Promote a challenger that passed its gates and let the engine serve it, or hold it with the reasons.

*Held* is a result, not a failure: the run succeeds, and the champion continues to serve. One case fails instead,
because a person has to act: the champion changed since the version was judged, so it must be judged again.
"""

from __future__ import annotations

from typing import Any

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
    request: Any = rollout_request()  # XComArg declares no index, although a task with several outputs has one
    served = step("deploy")()
    step("promote")(version=request["version"]) >> served
    # Runs when a task above failed. Undoes the promotion of this version if it did not go live, and no other.
    restored = step("restore", trigger_rule="one_failed")(version=request["version"], reason="it did not go live")
    served >> restored
    announce(CHAMPION)(promotion(request, served))


rollout()
