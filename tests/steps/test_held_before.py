"""Drift asks for a retrain exactly when planning would start it: whether it was held before is judged in one place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from medpipe import errors, steps
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import DriftManifest, VersionManifest
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.manifests import put
from tests.steps.conftest import topic
from tests.steps.test_planning import (
    changed_recipe,
    erased,
    held,
    held_fresh_start,
    held_on_pairs,
    pairs_of,
    tuned,
    withdraw,
)
from tests.steps.test_ring import first_champion

pytestmark = pytest.mark.integration

FRESH = "tiny-sft-no-replay"


def agreed(ports: fakes.FakePorts, corpus: str, champion: str, pairs: str | None = None, **more: Any) -> str:
    """Why drift holds, which planning says too; "" when drift asks for a retrain and planning starts it."""
    ref = steps.detect_drift(corpus, champion, pairs, dpo_recipe="tiny-dpo", ports=ports, **more)
    found = manifest(ports, ref, DriftManifest).outcome
    method = {"sft": (more.get("recipe", "tiny-sft"), None), "dpo": ("tiny-dpo", pairs)}
    recipe, data = method[found.method]
    try:
        steps.plan_retrain(champion, recipe, corpus=corpus, pairs=data, ports=ports)
    except errors.CannotPass as error:
        assert (found.verdict, found.reasons[0]) == ("hold", str(error))
        return str(error)
    assert found.verdict == "retrain"
    return ""


def test_a_fresh_start_that_lacked_a_document_of_today_is_another_training(ports: fakes.FakePorts) -> None:
    champion, corpus, lost = held(ports)
    withdraw(ports, topic(3).id)
    held_fresh_start(ports, corpus, champion)
    withdraw(ports, topic(3).id, State.LIFTED)
    known = manifest(ports, lost, VersionManifest).outcome
    about = {"adapter": known.adapter, "decision": known.decision, "outcome": known.outcome}
    put(ports.store, "version/medqa-v10-abcdef", **about, incumbent=champion, parent=champion)
    assert agreed(ports, corpus, champion, recipe=FRESH) == "", "the champion knows the topic, and a fresh start must"


def test_pairs_that_were_held_by_a_recipe_are_trained_by_another(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus, champion = first_champion(ports)
    pairs = pairs_of(ports, "many", *(str(number) for number in range(25)))
    version = held_on_pairs(ports, pairs, champion)
    assert agreed(ports, corpus, champion, pairs).startswith(f"{version} learned the same and was held on ")
    monkeypatch.setattr(ports, "recipe", changed_recipe(ports, summary="Another."))
    assert agreed(ports, corpus, champion, pairs, recipe="tiny-sft") == ""


def test_what_was_held_on_top_of_erased_pairs_is_trained_again_without_them(ports: fakes.FakePorts) -> None:
    corpus, parent = first_champion(ports)
    used, newer = pairs_of(ports, "used", "a", "b"), pairs_of(ports, "newer", *(str(number) for number in range(25)))
    champion = tuned(ports, used, parent)
    erased(ports, used)
    assert agreed(ports, corpus, champion, newer) == ""


def test_readers_who_are_not_helped_start_no_training_where_there_is_too_little_to_learn_from(
    ports: fakes.FakePorts,
) -> None:
    corpus, champion = first_champion(ports)
    for number in range(60):
        ports.answers.record(f"a{number}", "user", "What is a cold?", "Dust.", champion, "a", refused=False)
        ports.answers.rate(f"a{number}", "user", "down", None)
    few = pairs_of(ports, "few", "1", "2")
    later = datetime.now(UTC) + timedelta(days=8)
    assert agreed(ports, corpus, champion, few, at=later).startswith("nothing to learn: ")


def test_without_a_recipe_for_pairs_drift_asks_and_planning_decides(ports: fakes.FakePorts) -> None:
    corpus, champion = first_champion(ports)
    pairs = pairs_of(ports, "many", *(str(number) for number in range(25)))
    held_on_pairs(ports, pairs, champion)
    found = manifest(ports, steps.detect_drift(corpus, champion, pairs, ports=ports), DriftManifest).outcome
    assert (found.verdict, found.method) == ("retrain", "dpo")
    with pytest.raises(errors.CannotPass):
        steps.plan_retrain(champion, "tiny-dpo", pairs=pairs, ports=ports)
