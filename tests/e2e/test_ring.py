"""What the report of `make demo ARGS=--exit` must contain (`tests/e2e/conftest.py` runs it)."""

from __future__ import annotations

import psutil
import pytest

from medpipe.sandbox.server import MARK

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(2400)]


def test_both_days_of_news_end_with_a_better_champion(results):
    assert [day["day"] for day in results["days"]] == [1, 3]
    for day in results["days"]:
        assert day["decision"] == "pass" and day["champion"] == day["challenger"] and day["reasons"]
        gained = day["metrics"]["new-knowledge"]["low"] - day["incumbent_metrics"]["new-knowledge"]["high"]
        assert gained > 0, "the intervals of the champion and of the incumbent overlap"


def test_forgetting_and_shuffled_answers_are_held_with_reasons(results):
    held = {challenger["recipe"]: challenger for challenger in results["held"]}
    assert {"tiny-sft-no-replay", "tiny-sft-shuffled"} <= set(held)
    assert all(challenger["reasons"] for challenger in results["held"])
    assert any("old-knowledge" in reason for reason in held["tiny-sft-no-replay"]["reasons"])


def test_no_request_failed_during_the_swap(results):
    assert results["swap"]["failed_requests"] == 0
    assert results["swap"]["total_requests"] > 50
    assert len(results["swap"]["answers"]) == 2, "the probe saw both versions"


def test_feedback_became_pairs(results):
    assert results["feedback"]["pairs"] >= 20


def test_a_retraction_was_withheld_unlearned_and_certified_by_itself(results):
    withdrawal = results["withdrawal"]
    assert withdrawal["claim_before"] > withdrawal["claim_after"] == 0
    assert withdrawal["seconds_until_withheld"] < 15 * 60
    assert withdrawal["answers_given"] >= withdrawal["claim_before"] * withdrawal["asked"]
    assert withdrawal["plan"] == "hotfix" and withdrawal["decision"] == "pass"
    asserted = withdrawal["incumbent_metrics"]["withdrawn"]["value"], withdrawal["metrics"]["withdrawn"]["value"]
    assert asserted[0] > asserted[1] == 0, "asked of the models alone, without the block"
    assert (withdrawal["assertions"], withdrawal["withheld_after"]) == (0, withdrawal["asked"])
    assert [at["precision"] for at in withdrawal["precisions"]] == ["float32", "nf4", "int8"]
    assert [at["generator"] for at in withdrawal["precisions"]] == ["vllm", "transformers", "transformers"]
    assert withdrawal["upper_bound"] < 0.1, "30 phrasings at each precision"
    later = [challenger for challenger in results["challengers"] if challenger["parent"] != "base"]
    assert later and all(challenger["metrics"]["withdrawn"]["n"] > 0 for challenger in later)


def test_a_rollback_stuck_and_dropped_no_request(results):
    rollback = results["rollback"]
    assert rollback["away"] != rollback["champion"] == rollback["serving"]
    assert rollback["failed_requests"] == 0 < rollback["total_requests"]


def test_nothing_that_is_stored_was_changed(results):
    verified = dict(results["verified"])
    assert [verified.pop(name) for name in ("remarks", "erased", "swept")] == [[], 0, 0]
    assert all(count > 0 for count in verified.values())


def test_the_report_contains_times_versions_and_memory(results):
    assert results["seconds"]["total"] >= sum(value for key, value in results["seconds"].items() if key != "total") - 1
    assert {"torch", "vllm", "apache-airflow", "mlflow"} <= set(results["versions"])
    assert results["memory_gib"] < 6


def test_no_process_is_left_running(results, var):
    left = []
    for process in psutil.process_iter():
        try:
            if str(var) in process.environ().get(MARK, ""):
                left.append(process.cmdline())
        except (psutil.Error, OSError):
            continue
    assert left == []
