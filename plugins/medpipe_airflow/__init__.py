"""medpipe's additions to Airflow: tasks made from verbs, assets, NLM's release calendar and the model board."""

from __future__ import annotations

from medpipe_airflow.assets import CHALLENGER, CHAMPION, CORPUS, PAIRS, RETRAIN_REQUEST, announce, outcome_of
from medpipe_airflow.calendar import POSTED, corpus_or_every_ten_minutes, hourly, nlm_releases
from medpipe_airflow.hotfixes import certificates, count_answers, hotfix_request
from medpipe_airflow.requests import lesson, promotion, request_of, retrain_request, rollout_request
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
    "certificates",
    "corpus_or_every_ten_minutes",
    "count_answers",
    "hotfix_request",
    "hourly",
    "lesson",
    "ml_step",
    "nlm_releases",
    "outcome_of",
    "promotion",
    "request_of",
    "retrain_request",
    "rollout_request",
    "step",
]
