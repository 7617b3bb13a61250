"""The policy `approval`: a hotfix waits in Airflow for a person, who approves or rejects it through the API."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from medpipe import steps
from medpipe.settings import Settings
from tests.dags import light
from tests.dags.conftest import states, values
from tests.policies import approving
from tests.steps.conftest import RETRACTED
from tests.steps.test_ring import first_champion, second_corpus

pytestmark = pytest.mark.slow


@pytest.fixture
def ports(ring, monkeypatch):
    """Ports under the policy `approval`, with a champion that was taught an article which is retracted since."""
    monkeypatch.setenv("MEDPIPE_POLICIES", str(approving(ring / "policies")))
    everything = light.ports(Settings(home=ring))
    first, _ = first_champion(everything)
    second_corpus(everything, first)
    return everything


@pytest.fixture
def api(airflow_home, monkeypatch):
    """Airflow's API in this process, with the rights of its administrator."""
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    with TestClient(create_app()) as client:
        token = client.post("/auth/token", json={"username": "admin", "password": "admin"}).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture
def approval(run, api):
    """`approval(answer)`: a run of the DAG that waits until `answer` was given the request; returns both."""

    def answered(answer):
        forget("approval")  # the run that the DAG withdrawals started: no scheduler is here to run it
        with ThreadPoolExecutor(1) as person:
            request = person.submit(lambda: answer(waiting(api)))
            return run("approval"), request.result(90)

    return answered


@pytest.fixture
def decided(api, approval):
    """`decided("Reject", reason)`: a run of the DAG in which a person says so; returns it with what the person saw."""

    def decide(option: str, reason: str = ""):
        def answer(request):
            body = {"chosen_options": [option], "params_input": {"reason": reason}}
            assert api.patch(request["address"], json=body).status_code == 200
            return request

        return approval(answer)

    return decide


@pytest.fixture(autouse=True)
def nothing_is_left(airflow_home):
    """Delete the requests that a test started and did not answer, and what was asked of the DAG retrain."""
    yield
    forget("approval")
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    with create_session() as session:
        session.query(AssetEvent).delete()


def forget(dag: str) -> None:
    """Delete every run of a DAG."""
    from airflow.models import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        for run in session.query(DagRun).filter_by(dag_id=dag):
            session.delete(run)


def begin(dag: str) -> None:
    """Start the queued run of a DAG, as a scheduler does."""
    from airflow.models import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        session.query(DagRun).filter_by(dag_id=dag).one().state = "running"


def waiting(api):
    """The one request that waits, as Airflow's page of required actions shows it."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        found = api.get("/api/v2/dags/approval/dagRuns/~/hitlDetails", params={"response_received": False}).json()
        for detail in found["hitl_details"]:
            instance = detail["task_instance"]
            if instance["state"] == "awaiting_input":
                address = f"/api/v2/dags/approval/dagRuns/{instance['dag_run_id']}/taskInstances/approve/-1/hitlDetails"
                return {"address": address, "run": instance["dag_run_id"], **detail}
        time.sleep(0.3)
    raise AssertionError("no request waits")


def started(api) -> int:
    """Runs of the DAG approval that were started, whatever became of them."""
    return int(api.get("/api/v2/dags/approval/dagRuns").json()["total_entries"])


def test_a_hotfix_waits_for_a_person_and_the_withdrawals_go_on_meanwhile(run, ports, api):
    first = run("withdrawals")
    begin("approval")
    second = run("withdrawals")
    assert first.state == second.state == "success", states(first)
    assert states(first)["ask_a_person"] == "success"
    assert states(second)["ask_a_person"] == "skipped" and started(api) == 1, "one request at a time"
    assert values(first)["confirm_blocks"] == [RETRACTED]
    assert values(first)["plan_hotfix"]["waiting"] == [RETRACTED]
    assert values(first)["hotfix_request"] is None
    assert {states(one)["announce_retrain_request"] for one in (first, second)} == {"skipped"}


def test_the_request_names_the_documents_their_state_and_what_will_happen(run, ports, decided):
    run("withdrawals")
    _, request = decided("Reject", "not now")
    assert request["subject"] == f"Unlearn {RETRACTED}?"
    for shown in (RETRACTED, "blocked since", "its publisher retracted it", ports.ledger.champion(), "plan `hotfix`"):
        assert shown in request["body"]


def test_an_approved_hotfix_is_asked_for_at_once_and_only_once(run, ports, decided):
    run("withdrawals")
    answered, _ = decided("Approve", "the article was made up")
    assert answered.state == "success", states(answered)
    request = values(answered)["hotfix_request"]
    assert request["documents"] == [RETRACTED]
    assert request["hotfix_of"] == ports.ledger.champion()
    assert states(answered)["announce_retrain_request"] == "success"
    (entry,) = ports.ledger.entries(None, ("hotfix-approved",))
    assert (entry.decision, entry.by, entry.reasons) == (RETRACTED, "admin", ("the article was made up",))

    later = run("withdrawals")
    assert values(later)["plan_hotfix"]["documents"] == [RETRACTED]
    assert values(later)["hotfix_request"] is None, "asked for already"
    assert states(later)["ask_a_person"] == "skipped"


def test_a_rejected_hotfix_starts_nothing_and_is_not_asked_for_again_until_it_is_opened_anew(run, ports, decided, api):
    run("withdrawals")
    answered, _ = decided("Reject")
    assert answered.state == "success", states(answered)
    assert states(answered)["announce_retrain_request"] == "skipped"
    (entry,) = ports.ledger.entries(None, ("hotfix-rejected",))
    assert (entry.by, entry.reasons) == ("admin", ("no reason was given",))

    before = started(api)
    later = run("withdrawals")
    assert values(later)["plan_hotfix"]["rejected"] == [RETRACTED]
    assert states(later)["ask_a_person"] == states(later)["announce_retrain_request"] == "skipped"
    assert started(api) == before
    assert steps.list_withdrawals(ports=ports).withdrawals[0].state.value == "blocked"

    steps.withdraw((RETRACTED,), "a patient is named, too", "Dr. A", ports=ports)
    anew = run("withdrawals")
    assert values(anew)["plan_hotfix"]["waiting"] == [RETRACTED]
    assert states(anew)["ask_a_person"] == "success"


def test_a_request_that_nobody_answers_ends_without_a_decision_and_is_made_again(run, ports, approval):
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.models import TaskInstance
    from airflow.utils.session import create_session

    def nobody_answers(request):
        with create_session() as session:
            task = session.query(TaskInstance).filter_by(run_id=request["run"], task_id="approve").one()
            hours = (task.trigger_timeout - datetime.now(UTC)) / timedelta(hours=1)
            task.trigger_timeout = datetime.now(UTC) - timedelta(seconds=1)
        SchedulerJobRunner(job=Job()).check_awaiting_input_timeouts()
        return hours

    run("withdrawals")
    ended, hours = approval(nobody_answers)
    assert 23 < hours <= 24, "repeat_hours of the policy"
    assert states(ended)["approve"] == states(ended)["announce_retrain_request"] == "skipped"
    assert ports.ledger.entries(None, ("hotfix-approved", "hotfix-rejected")) == []
    assert values(run("withdrawals"))["plan_hotfix"]["waiting"] == [RETRACTED]


def test_an_answer_about_a_withdrawal_that_was_lifted_meanwhile_ends_the_request(run, ports, approval, api):
    def answer(request):
        steps.lift(RETRACTED, "withdrawn by mistake", "Dr. A", ports=ports)
        return api.patch(request["address"], json={"chosen_options": ["Approve"], "params_input": {}}).status_code

    run("withdrawals")
    ended, status = approval(answer)
    assert (status, states(ended)["approve"]) == (200, "failed"), "another try would forget the answer and ask again"
    assert ports.ledger.entries(None, ("hotfix-approved", "hotfix-rejected")) == []
    assert values(run("withdrawals"))["plan_hotfix"]["waiting"] == []


def test_who_may_only_look_cannot_approve(run, ports, api, approval):
    def answer(request):
        admin = api.headers["Authorization"]
        token = api.post("/auth/token", json={"username": "viewer", "password": "viewer"}).json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        refused = api.patch(request["address"], json={"chosen_options": ["Approve"], "params_input": {}})
        api.headers["Authorization"] = admin
        api.patch(request["address"], json={"chosen_options": ["Reject"], "params_input": {}})
        return refused.status_code

    run("withdrawals")
    ended, status = approval(answer)
    assert status == 403
    assert states(ended)["announce_retrain_request"] == "skipped"


def test_a_routine_retrain_leaves_out_only_what_may_be_unlearned(ports, monkeypatch):
    from medpipe_airflow import requests

    corpus = steps.latest("corpus", ports=ports)
    event = SimpleNamespace(extra={"reason": "12 new documents", "recipe": "tiny-sft", "corpus": corpus})
    context = {"params": {"start_from": "auto"}, "triggering_asset_events": {requests.RETRAIN_REQUEST: [event]}}
    monkeypatch.setattr(requests, "get_current_context", lambda: context)
    assert requests.retrain_request.function()["documents"] == []
    steps.decide_hotfix((RETRACTED,), "approve", "it was made up", "Dr. A", ports=ports)
    assert requests.retrain_request.function()["documents"] == [RETRACTED]
