"""Whether a person is asked for a hotfix: once at a time, and never where nobody would see the request."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

PLAN = {"waiting": ["pmid:1"]}


@pytest.fixture
def waits(bag, monkeypatch):
    """`waits(plan, state=count, …)`: the documents to ask about while the DAG approval has runs in these states."""
    from medpipe_airflow import approvals

    def asked(plan, **runs):
        counts = SimpleNamespace(get_dr_count=lambda dag, states: sum(runs.get(state, 0) for state in states))
        monkeypatch.setattr(approvals, "get_current_context", lambda: {"ti": counts})
        return approvals.hotfix_waits.function(plan)

    return asked


def test_a_person_is_asked_when_no_request_waits(waits):
    assert waits(PLAN) == ["pmid:1"]


def test_nobody_is_asked_twice_or_without_a_reason(waits):
    from airflow.sdk.exceptions import AirflowSkipException

    for plan, runs in ((PLAN, {"running": 1}), (PLAN, {"running": 1, "queued": 1}), ({"waiting": []}, {})):
        with pytest.raises(AirflowSkipException):
            waits(plan, **runs)


def test_a_request_that_does_not_start_is_reported(waits):
    from airflow.sdk.exceptions import AirflowException, AirflowSkipException

    with pytest.raises(AirflowException, match="does not start: is that DAG paused") as error:
        waits(PLAN, queued=1)
    assert not isinstance(error.value, AirflowSkipException)
