"""What a run was asked to do: by the asset event that woke it, or by a person's form."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from medpipe import wiring
from medpipe.settings import Settings
from medpipe_airflow.assets import CHALLENGER, RETRAIN_REQUEST, read_facts

log = logging.getLogger("airflow.task.medpipe")


def latest_extra(context: Any, asset: Any) -> dict[str, Any]:
    """The extra of the newest event that woke this run. Queued events are folded: each asks for the newest."""
    events = list((context.get("triggering_asset_events") or {}).get(asset, ()))
    return dict(events[-1].extra) if events else {}


@task(multiple_outputs=False)
def wish(
    verdict: dict[str, Any], recipes: dict[str, str], corpus: str, pairs: str | None, drift: str
) -> dict[str, Any] | None:
    """What to ask the retrain DAG for; None when the verdict is to hold."""
    log.info("%s: %s", verdict["verdict"], "; ".join(verdict["reasons"]))
    if verdict["verdict"] != "retrain":
        return None
    method = verdict["method"]
    if verdict["withdrawn"]:
        log.warning(
            "retracted since the champion was trained: %s. A routine retrain does not unlearn them: start "
            "the DAG retrain by hand with these documents",
            ", ".join(verdict["withdrawn"]),
        )
    return {
        "reason": "; ".join(verdict["reasons"]),
        "recipe": recipes[method],
        "method": method,
        "drift": drift,
        "corpus": corpus,
        "pairs": pairs if method == "dpo" else None,
        "withdrawn": verdict["withdrawn"],
    }


@task(multiple_outputs=True)
def retrain_request() -> dict[str, Any]:
    """Why and how to retrain: the event of `watch` when it woke this run, else the form and the newest data."""
    from medpipe.cli import call

    context = get_current_context()
    asked = {**context["params"], **latest_extra(context, RETRAIN_REQUEST)}
    documents = [_document_id(each, "pmid") for each in asked.get("documents") or ()]
    topics = [_document_id(each, "mplus") for each in asked.get("topics") or ()]
    pairs = None
    if wiring.ports(Settings()).recipe(asked["recipe"]).method == "dpo":
        pairs = asked.get("pairs") or call("latest", {"kind": "pairs"})
    return {
        "reason": asked["reason"],
        "recipe": asked["recipe"],
        "start_from": asked["start_from"],
        "corpus": asked.get("corpus") or call("latest", {"kind": "corpus"}),
        "pairs": pairs,
        # Retracted documents are withdrawn; topics that were learned wrongly are unlearned and read again.
        "withdraw": documents,
        "documents": documents + topics,
    }


@task
def lesson(pairs: str | None, examples: str) -> str:
    """What the recipe's method learns from: preference pairs for DPO, else examples."""
    return pairs or examples


@task(multiple_outputs=True)
def rollout_request() -> dict[str, Any]:
    """Which version, by which decision, against which incumbent: the event of `retrain`, else the form."""
    context = get_current_context()
    version = context["params"].get("version") or _challenger(context)
    if not version:
        raise AirflowFailException("which version? Fill in `version` in the form (the model board lists them)")
    name = version if str(version).startswith("version/") else f"version/{version}"
    judged = read_facts(name)
    expected = judged["incumbent"]
    return {"version": name, "decision": judged["decision"], "expected": None if expected == "base" else expected}


def _challenger(context: Any) -> str | None:
    """The newest challenger among the events that passed, so that none hides an earlier one; else the newest."""
    events = (context.get("triggering_asset_events") or {}).get(CHALLENGER, ())
    versions = [str(event.extra["version"]) for event in events]
    passed = [version for version in versions if read_facts(version)["outcome"] == "pass"]
    chosen = (passed or versions or [None])[-1]
    for version in versions:
        if version != chosen:
            log.warning("passed over %s for %s: judged while this DAG was busy or paused", version, chosen)
    return chosen


@task(multiple_outputs=False)
def outcome(request: dict[str, Any], champion: str | None) -> dict[str, Any] | None:
    """What is announced: the new champion. None when the challenger was held; the log says why."""
    judged = read_facts(request["decision"])
    if champion == request["version"]:
        log.info("promoted: %s", champion)
        return {"champion": champion, "decision": request["decision"]}
    log.info("held (%s): %s", judged["outcome"], "; ".join(judged["reasons"]))
    return None


def _document_id(given: Any, prefix: str) -> str:
    text = str(given).strip()
    return text if ":" in text else f"{prefix}:{text}"
