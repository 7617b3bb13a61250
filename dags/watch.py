"""Decide whether facts, withdrawals, erasures or feedback have changed enough for a retraining.

Runs after each new corpus and each new batch of pairs, and every morning, because Airflow drops the events of a DAG
that is paused. The verdict is *retrain* or *hold*, with its reasons. On *retrain*, the retrain DAG starts. While the
champion asserts a withdrawn claim, no routine retrain starts: the DAG withdrawals asks for the hotfix first.
"""

from __future__ import annotations

from airflow.sdk import dag
from medpipe_airflow import (
    CORPUS,
    DEFAULTS,
    PAIRS,
    RETRAIN_REQUEST,
    announce,
    daily_and_on,
    outcome_of,
    request_of,
    step,
    time_of_run,
)

RECIPES = {
    "sft": "{{ var.value.get('medpipe_recipe_sft', 'tiny-sft') }}",
    "dpo": "{{ var.value.get('medpipe_recipe_dpo', 'tiny-dpo') }}",
}
"""Method → recipe. They are Airflow Variables, so that an operator can change them without a release."""


@dag(
    schedule=daily_and_on(CORPUS | PAIRS),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["medpipe", "drift"],
    doc_md=__doc__,
    dag_display_name="2 · watch",
)
def watch() -> None:
    # Events that queued up while this DAG was busy start one run, so it takes the newest corpus and pairs.
    corpus = step("latest", task_id="newest_corpus")(kind="corpus")
    pairs = step("latest", task_id="newest_pairs")(kind="pairs")
    drift = step("detect_drift")(
        corpus=corpus,
        champion=step("champion")(),
        pairs=pairs,
        at=time_of_run(),
        recipe=RECIPES["sft"],
        dpo_recipe=RECIPES["dpo"],
    )
    verdict = outcome_of("verdict", "method", "reasons", "signals", "withdrawn", task_id="verdict")(drift)
    announce(RETRAIN_REQUEST)(request_of(verdict, RECIPES, corpus=corpus, pairs=pairs, drift=drift))


watch()
