"""What follows an opened withdrawal: answers are counted, a hotfix is asked for, and its champion is certified."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import get_current_context

from medpipe import wiring
from medpipe.core.refs import VersionRef
from medpipe.errors import NotCertified, UsageError
from medpipe.settings import Settings
from medpipe.steps.certifying import certifiable
from medpipe.steps.given import count_given
from medpipe_airflow.assets import RETRAIN_REQUEST
from medpipe_airflow.requests import task

log = logging.getLogger("airflow.task.medpipe")

HOTFIX_RECIPE = "{{ var.value.get('medpipe_recipe_sft', 'tiny-sft') }}"
"""The recipe of a hotfix: the one that the DAG watch asks for."""


@task(multiple_outputs=False)
def count_answers(changed: dict[str, Any]) -> dict[str, int]:
    """Return for each document that was opened how many answers had asserted its claims.

    `medpipe answers-given --document DOCUMENT` lists them.
    """
    counts = count_given(changed["opened"], ports=wiring.ports(Settings()))
    for document, count in counts.items():
        log.warning(
            "%s: %s answers asserted it; `medpipe answers-given --document %s` lists them", document, count, document
        )
    return counts


@task(multiple_outputs=False, inlets=[RETRAIN_REQUEST])
def hotfix_request(plan: dict[str, Any], corpus: str, champion: str | None, recipe: str) -> dict[str, Any] | None:
    """Return what the DAG retrain is asked for; None when nothing may be unlearned now.

    The same hotfix is asked for again only after `repeat_hours` of the policy withdrawals.yaml.
    """
    if not plan["documents"]:
        return None
    policy = wiring.ports(Settings()).withdrawal_policy
    events = get_current_context()["inlet_events"][RETRAIN_REQUEST]
    recent = datetime.now(UTC) - timedelta(hours=policy.repeat_hours)
    if any(event.timestamp > recent and _asked(event.extra or {}, plan["documents"], champion) for event in events):
        log.info("asked for already, less than %s hours ago: %s", policy.repeat_hours, plan["reason"])
        return None
    return {
        "reason": plan["reason"],
        "recipe": recipe,
        "corpus": corpus,
        "documents": plan["documents"],
        "hotfix_of": champion,
    }


@task(multiple_outputs=False)
def certificates(champion: str, probes: Sequence[str]) -> dict[str, str]:
    """Return document → certificate, for every withdrawal that the champion's probes can certify.

    `probes`: one ref for each precision that may serve. A champion that asserts a claim at any of them is not
    certified: the log says where it did.
    """
    from medpipe.cli import call

    certified: dict[str, str] = {}
    for document in certifiable(wiring.ports(Settings()), VersionRef(champion)):
        try:
            certified[document] = call("certify", {"document": document, "version": champion, "probes": list(probes)})
        except (UsageError, NotCertified) as error:  # UsageError: a claim or a champion came after the probes
            log.warning("not certified: %s", error)
    return certified


def _asked(extra: Mapping[str, Any], documents: list[str], champion: str | None) -> bool:
    return extra.get("hotfix_of") == champion and set(documents) <= set(extra.get("documents") or ())
