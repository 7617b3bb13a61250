"""What a DAG run was asked to do: by the asset event that started it, or by a person's form."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from airflow.sdk import get_current_context
from airflow.sdk import task as airflow_task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from medpipe import wiring
from medpipe.core.judging.gates import Outcome
from medpipe.core.knowledge.hotfix import HotfixPlan
from medpipe.core.manifests import VersionManifest
from medpipe.settings import Settings
from medpipe.steps.rollout import HELD
from medpipe_airflow.assets import CHALLENGER, RETRAIN_REQUEST, read_manifest

log = logging.getLogger("airflow.task.medpipe")


def task(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return Airflow's `@task` for a function that DAG files call.

    A DAG file passes and gets XComArgs where the function has plain values, and indexes them. Airflow's own types
    allow neither, so the decorated function has none.
    """
    decorator: Callable[[Callable[..., Any]], Any] = airflow_task(**options)
    return decorator


def extras(context: Any, asset: Any) -> list[dict[str, Any]]:
    """Return the extras of the events that started this run, oldest first; none for a run that a person started.

    Airflow folds events that queued up into one run.
    """
    return [dict(event.extra) for event in (context.get("triggering_asset_events") or {}).get(asset, ())]


@task(multiple_outputs=False)
def request_of(
    verdict: dict[str, Any], recipes: dict[str, str], corpus: str, pairs: str | None, drift: str
) -> dict[str, Any] | None:
    """Return what the DAG retrain is asked for; None when the verdict is to hold.

    `recipes`: method → recipe. `drift`, `corpus` and `pairs` are the refs that the verdict is about. While the champion
    asserts a withdrawn claim, nothing is asked for: the hotfix goes first, and the DAG withdrawals asks for it.
    """
    log.info("%s: %s", verdict["verdict"], "; ".join(verdict["reasons"]))
    if verdict["verdict"] != "retrain":
        return None
    if verdict["withdrawn"]:
        log.warning(
            "the champion asserts what was withdrawn: %s. The DAG withdrawals asks for the hotfix, which goes first",
            ", ".join(verdict["withdrawn"]),
        )
        return None
    method = verdict["method"]
    return {
        "reason": "; ".join(verdict["reasons"]),
        "recipe": recipes[method],
        "method": method,
        "drift": drift,
        "corpus": corpus,
        "pairs": pairs if method == "dpo" else None,
    }


@task(multiple_outputs=True)
def retrain_request() -> dict[str, Any]:
    """Return why and how to retrain: from the events of `watch` and `withdrawals`, else from the form.

    Of several events the newest says which data, and all of them say which documents must be unlearned. A training
    by SFT that events started leaves out every withdrawn document that the champion was taught, except those whose
    hotfix a person has not approved. A hotfix of another champion than the present one is ignored; a run that nothing
    else started is skipped.
    """
    from medpipe.cli import call

    context = get_current_context()
    every, champion = extras(context, RETRAIN_REQUEST), call("champion", {})
    events = [event for event in every if event.get("hotfix_of", champion) == champion]
    if every and not events:
        raise AirflowSkipException("another champion serves since: the DAG withdrawals asks again if it must unlearn")
    request = {**context["params"], **(events[-1] if events else {})}
    by_preference = wiring.ports(Settings()).recipe(request["recipe"]).method != "sft"
    pairs = (request.get("pairs") or call("latest", {"kind": "pairs"})) if by_preference else None
    corpus = request.get("corpus") or call("latest", {"kind": "corpus"})
    planned = _carried(corpus) if events and not by_preference else HotfixPlan()
    documents = [_document_id(id, "pmid") for id in _of_all(events or [request], "documents")]
    # Withdrawn documents stay away; topics that were learned wrongly are unlearned and read again.
    withdraw = list(dict.fromkeys((*documents, *planned.documents)))
    topics = [_document_id(id, "mplus") for id in request.get("topics") or ()]
    reasons = [*(_of_all(events, "reason") or [request["reason"]]), planned.reason]
    return {
        "reason": "; ".join(dict.fromkeys(filter(None, reasons))),
        "recipe": request["recipe"],
        "start_from": request["start_from"],
        "corpus": corpus,
        "pairs": pairs,
        "withdraw": withdraw,
        "documents": list(dict.fromkeys((*withdraw, *topics))),
        "again": bool(request.get("again")),
    }


def _carried(corpus: str) -> HotfixPlan:
    """Return the withdrawn documents that the champion was taught and may unlearn without asking a person.

    The DAG withdrawals may not have seen this corpus yet, so its withdrawals are opened first.
    """
    from medpipe.cli import call

    call("open_withdrawals", {"corpus": corpus})
    plan: HotfixPlan = call("plan_hotfix", {"champion": call("champion", {}) or "none"})
    return plan


@task()
def lesson(pairs: str | None, examples: str) -> str:
    """Return the data that the recipe's method learns from: preference pairs for DPO and KTO, else examples."""
    return pairs or examples


@task(multiple_outputs=True)
def rollout_request() -> dict[str, Any]:
    """Return which version to promote: that of the event of `retrain` that started this run, else that of the form."""
    context = get_current_context()
    version = context["params"].get("version") or _challenger(context)
    if not version:
        raise AirflowFailException("which version? Fill in `version` in the form (the model board lists them)")
    name = version if str(version).startswith("version/") else f"version/{version}"
    read_manifest(name, VersionManifest)
    return {"version": name}


def _challenger(context: Any) -> str | None:
    """Return the newest challenger among the events that passed, so that none hides an earlier one; else the newest."""
    events = (context.get("triggering_asset_events") or {}).get(CHALLENGER, ())
    versions = [str(event.extra["version"]) for event in events]
    passed = [version for version in versions if _passed(version)]
    candidates = passed or versions
    chosen = candidates[-1] if candidates else None
    for version in versions:
        if version != chosen:
            log.warning("passed over %s for %s: judged while this DAG was busy or paused", version, chosen)
    return chosen


def _passed(version: str) -> bool:
    return read_manifest(version, VersionManifest).outcome.outcome is Outcome.PASS


@task(multiple_outputs=False)
def promotion(request: dict[str, Any], served: str | None) -> dict[str, Any] | None:
    """Return what is announced: the version, if it serves as the ledger's champion. None when it does not."""
    version = request["version"]
    ledger = wiring.ports(Settings()).ledger
    if served == version == ledger.champion():
        log.info("promoted: %s", version)
        return {"champion": version, "decision": read_manifest(version, VersionManifest).outcome.decision}
    held = ledger.entries(1, (HELD,), (version,))
    log.info("not promoted: %s", "; ".join(held[0].reasons) if held else f"the champion is {ledger.champion()}")
    return None


def _of_all(requests: Sequence[dict[str, Any]], key: str) -> list[str]:
    """Return what several requests say under a key, a text or a list of texts, each once and in their order."""
    values = [request.get(key) or () for request in requests]
    return list(dict.fromkeys(text for value in values for text in ([value] if isinstance(value, str) else value)))


def _document_id(id: Any, prefix: str) -> str:
    """Return a document id. An operator may type it without its prefix."""
    text = str(id).strip()
    return text if ":" in text else f"{prefix}:{text}"
