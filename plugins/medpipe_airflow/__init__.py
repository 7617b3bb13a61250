"""medpipe's additions to Airflow: tasks made from verbs, assets, NLM's release calendar and the model board."""

from __future__ import annotations

from medpipe_airflow.approvals import HotfixApproval, ask_a_person, hotfix_to_approve, hotfix_waits
from medpipe_airflow.assets import CHALLENGER, CHAMPION, CORPUS, PAIRS, RETRAIN_REQUEST, announce, outcome_of
from medpipe_airflow.calendar import (
    POSTED,
    daily_and_on,
    every_ten_minutes_and_on,
    hourly,
    nlm_releases,
    time_of_run,
    weekly,
)
from medpipe_airflow.catching_up import catch_up, caught_up, pulls_of
from medpipe_airflow.hotfixes import HOTFIX_RECIPE, certificates, count_answers, hotfix_request
from medpipe_airflow.loading import go_on, rest_of_load
from medpipe_airflow.requests import lesson, promotion, request_of, retrain_request, rollout_request
from medpipe_airflow.steps import DEFAULTS, HOURS, ml_step, step

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "CORPUS",
    "DEFAULTS",
    "HOTFIX_RECIPE",
    "HOURS",
    "PAIRS",
    "POSTED",
    "RETRAIN_REQUEST",
    "HotfixApproval",
    "announce",
    "ask_a_person",
    "catch_up",
    "caught_up",
    "certificates",
    "count_answers",
    "daily_and_on",
    "every_ten_minutes_and_on",
    "go_on",
    "hotfix_request",
    "hotfix_to_approve",
    "hotfix_waits",
    "hourly",
    "lesson",
    "ml_step",
    "nlm_releases",
    "outcome_of",
    "promotion",
    "pulls_of",
    "request_of",
    "rest_of_load",
    "retrain_request",
    "rollout_request",
    "step",
    "time_of_run",
    "weekly",
]
