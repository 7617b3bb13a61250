"""Decide whether the corpus or the feedback has changed enough for a retraining.

The verdict is *retrain* or *hold*, with its reasons. On *retrain*, the retrain DAG starts.
"""

from __future__ import annotations

from airflow.sdk import dag
from medpipe_airflow import CORPUS, DEFAULTS, PAIRS, RETRAIN_REQUEST, announce, outcome_of, request_of, step

RECIPES = {
    "sft": "{{ var.value.get('medpipe_recipe_sft', 'tiny-sft') }}",
    "dpo": "{{ var.value.get('medpipe_recipe_dpo', 'tiny-dpo') }}",
}
"""Method → recipe. They are Airflow Variables, so that an operator can change them without a release."""


@dag(
    schedule=(CORPUS | PAIRS),
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
    drift = step("detect_drift")(corpus=corpus, champion=step("champion")(), pairs=pairs)
    verdict = outcome_of("verdict", "method", "reasons", "signals", "withdrawn", task_id="verdict")(drift)
    announce(RETRAIN_REQUEST)(request_of(verdict, RECIPES, corpus=corpus, pairs=pairs, drift=drift))


watch()
