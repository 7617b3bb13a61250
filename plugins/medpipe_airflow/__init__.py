"""What medpipe adds to Airflow: tasks made of verbs, assets, NLM's release calendar and the model board."""

from medpipe_airflow.assets import CHALLENGER, CHAMPION, CORPUS, PAIRS, RETRAIN_REQUEST, announce, facts_of
from medpipe_airflow.calendar import POSTED, hourly, nlm_releases
from medpipe_airflow.requests import lesson, outcome, retrain_request, rollout_request, wish
from medpipe_airflow.steps import DEFAULTS, ml_step, step

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "CORPUS",
    "DEFAULTS",
    "PAIRS",
    "POSTED",
    "RETRAIN_REQUEST",
    "announce",
    "facts_of",
    "hourly",
    "lesson",
    "ml_step",
    "nlm_releases",
    "outcome",
    "retrain_request",
    "rollout_request",
    "step",
    "wish",
]
