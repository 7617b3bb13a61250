"""Block, list and unlearn what a publisher takes back.

Runs after each new corpus, and every ten minutes, because an event can be lost while a DAG is paused. The gateways
block a withdrawn claim as soon as it is in the register; the tasks that follow confirm that, count the answers already
given, and ask the DAG retrain for a hotfix if the champion was taught the document. Under the policy `approval` a
hotfix is asked for only after a person approved it: the DAG approval waits for that. The DAG certificates certifies.
"""

from __future__ import annotations

from airflow.sdk import dag
from medpipe_airflow import (
    CORPUS,
    DEFAULTS,
    HOTFIX_RECIPE,
    RETRAIN_REQUEST,
    announce,
    ask_a_person,
    count_answers,
    every_ten_minutes_and_on,
    hotfix_request,
    hotfix_waits,
    step,
)


@dag(
    schedule=every_ten_minutes_and_on(CORPUS),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["medpipe", "withdrawals"],
    doc_md=__doc__,
    dag_display_name="6 · withdrawals",
)
def withdrawals() -> None:
    corpus = step("latest", task_id="newest_corpus", skip_when_none=True)(kind="corpus")
    changed = step("open_withdrawals")(corpus=corpus)
    champion = step("champion")()
    plan = step("plan_hotfix")(champion=champion)
    changed >> [step("confirm_blocks")(), plan]
    count_answers(changed)
    announce(RETRAIN_REQUEST)(hotfix_request(plan, corpus, champion, HOTFIX_RECIPE))
    hotfix_waits(plan) >> ask_a_person()


withdrawals()
