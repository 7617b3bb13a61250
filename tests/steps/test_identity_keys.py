"""Keys by the verbs, and the policy of feedback as it is loaded."""

from __future__ import annotations

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
