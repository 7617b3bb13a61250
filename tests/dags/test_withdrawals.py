"""The DAGs withdrawals and certificates: a retraction is blocked, its hotfix asked for, and its champion certified."""

from __future__ import annotations

import pytest

from medpipe import steps
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import CertificateManifest
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from medpipe.steps.withdrawals import register
from tests.dags import light
from tests.dags.conftest import states, values
from tests.steps.conftest import RETRACTED
from tests.steps.test_ring import first_champion, promote_hotfix, second_corpus

pytestmark = pytest.mark.slow


@pytest.fixture
def ports(ring):
    return light.ports(Settings(home=ring))


def test_without_a_corpus_there_is_nothing_to_withdraw(run, ports):
    quiet = run("withdrawals")
    assert quiet.state == "success"
    assert states(quiet)["open_withdrawals"] == "skipped"


def test_a_retraction_is_blocked_and_its_hotfix_asked_for_once(run, ports):
    first, _champion = first_champion(ports)
    ports.answers.record(
        "ans-1", "user-1", "Does wendrazole cure krellin palsy?", "Wendrazole cures krellin palsy.", "v", "a", False
    )
    second_corpus(ports, first)
    opened = run("withdrawals")
    assert opened.state == "success", states(opened)
    seen = values(opened)
    assert seen["open_withdrawals"] == {"opened": [RETRACTED], "lifted": []}
    assert list(seen["confirm_blocks"]) == [RETRACTED]
    assert seen["count_answers"] == {RETRACTED: 1}
    assert seen["hotfix_request"]["documents"] == [RETRACTED]
    assert states(opened)["announce_retrain_request"] == "success"

    again = run("withdrawals")
    assert values(again)["hotfix_request"] is None, "asked for already"
    assert states(again)["announce_retrain_request"] == "skipped"


def test_the_new_champion_is_asked_at_each_precision_and_certified_without_a_person(run, ports):
    version = promote_hotfix(ports)
    done = run("certificates")
    asked = [task for task in done.get_task_instances() if task.task_id == "probe_withdrawals"]
    assert [task.state for task in asked] == ["success"] * 3
    certificate = manifest(ports, values(done)["certificates"][RETRACTED], CertificateManifest)
    assert [at.precision for at in certificate.outcome.precisions] == ["float32", "nf4", "int8"]
    assert certificate.inputs.version == version
    assert [withdrawal.state for withdrawal in register(ports)] == [State.CERTIFIED]
    assert steps.plan_hotfix(version, ports=ports).documents == ()

    again = run("certificates")
    assert again.state == "success"
    assert states(again)["probe_withdrawals"] == states(again)["certificates"] == "skipped"


def test_a_champion_that_relapses_at_int8_is_not_certified_and_is_not_asked_again_and_the_run_says_so(
    run, ports, monkeypatch, caplog
):
    promote_hotfix(ports)
    monkeypatch.setenv("MEDPIPE_PORTS", "tests.dags.light:relapsing")
    refused = run("certificates")
    assert refused.state == "success", states(refused)
    assert values(refused)["certificates"] == {}
    assert "asserted it in 30 of 30 answers at int8;" in caplog.text
    assert [withdrawal.state for withdrawal in register(ports)] == [State.OPENED]
    again = run("certificates")
    assert values(again)["plan_probes"] == []
    assert states(again)["probe_withdrawals"] == "skipped"


def test_without_a_champion_there_is_nothing_to_certify(run, ports):
    quiet = run("certificates")
    assert quiet.state == "success"
    assert states(quiet)["certificates"] == "skipped"
