"""Keys by the verbs, and the policy of feedback as it is loaded."""

from __future__ import annotations

from typing import Any

import pytest

from medpipe import errors, steps
from medpipe.settings import Settings
from tests import fakes
from tests.policies import policies


def test_a_key_is_issued_listed_and_revoked(ports: fakes.FakePorts) -> None:
    assert steps.keys(ports=ports) == "No keys were issued."
    issued = steps.issue_key("  Dr.  Calder ", ports=ports)
    assert issued.key.label == "Dr. Calder"
    assert f"{issued.key.id} person {issued.key.holder} issued" in steps.keys(ports=ports)
    assert issued.secret not in steps.keys(ports=ports)
    steps.revoke_key(issued.key.id, " lost ", ports=ports)
    assert steps.keys(ports=ports).endswith(": lost")


def test_a_key_needs_somebody_and_a_revocation_a_reason(ports: fakes.FakePorts) -> None:
    for label in ("", "  ", "x" * 201):
        with pytest.raises(errors.UsageError, match="whom the key is for"):
            steps.issue_key(label, ports=ports)
    with pytest.raises(errors.UsageError, match="say why"):
        steps.revoke_key(steps.issue_key("ann", ports=ports).key.id, " ", ports=ports)
    with pytest.raises(errors.NotFound, match="`medpipe keys` lists the keys"):
        steps.revoke_key("key-0", "lost", ports=ports)


def test_a_key_is_listed_with_what_it_may_do_and_until_when(ports: fakes.FakePorts) -> None:
    issued = steps.issue_key("ann", scopes=("admin", "ask"), days=30, requests_per_minute=60, ports=ports)
    assert issued.key.scopes == ("ask", "admin")
    (line,) = steps.keys(ports=ports).splitlines()
    assert "to ann for ask+admin, 60 requests a minute, in force until 20" in line
    successor = steps.rotate_key(issued.key.id, 0, ports=ports)
    old, new = sorted(steps.keys(ports=ports).splitlines(), key=lambda line: not line.startswith(issued.key.id))
    assert "expired at" in old and new.startswith(successor.key.id) and "in force until" in new


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"scopes": ()}, "what the key may do"),
        ({"days": 0}, "days=0"),
        ({"days": 10**6}, "days=1000000"),
        ({"requests_per_minute": -1}, "requests_per_minute=-1"),
        ({"tokens_per_minute": 2**31}, "tokens_per_minute"),
    ],
)
def test_a_key_that_cannot_be_is_not_issued(ports: fakes.FakePorts, values: Any, message: str) -> None:
    with pytest.raises(errors.UsageError, match=message):
        steps.issue_key("ann", **values, ports=ports)
    with pytest.raises(errors.UsageError, match="overlap_hours=-1"):
        steps.rotate_key("key-0", -1, ports=ports)
    assert steps.keys(ports=ports) == "No keys were issued."


def test_a_decision_about_a_correction_needs_its_id_a_reason_and_a_name(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.UsageError, match="16 hex digits"):
        steps.judge_correction("answer-1", "release", "right", "Dr. A", ports=ports)
    with pytest.raises(errors.UsageError, match="say why"):
        steps.judge_correction("0123456789abcdef", "release", "right", " ", ports=ports)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_share_per_identity": 1.5}, "max_share_per_identity"),
        ({"min_key_dayz": 3}, "min_key_dayz"),
        ({"max_pairs_per_identity": "20"}, "max_pairs_per_identity"),
    ],
)
def test_a_policy_that_cannot_work_is_refused_with_its_field(
    ports: fakes.FakePorts, values: dict[str, object], message: str
) -> None:
    folder = policies(ports.settings.home / "policies", **values)
    broken = fakes.ports(Settings(home=ports.settings.home, policies=folder))
    with pytest.raises(errors.ConfigError, match=f"feedback.yaml.*{message}"):
        _ = broken.feedback_policy
