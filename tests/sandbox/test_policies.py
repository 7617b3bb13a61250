"""The sandbox's own policies: as shipped, but feedback teaches at once."""

from __future__ import annotations

from pathlib import Path

from medpipe.core.teaching.feedback_policy import FeedbackPolicy
from medpipe.sandbox.servers import policies
from medpipe.settings import Settings
from medpipe.wiring import Wiring
from tests.policies import FEEDBACK


def test_the_sandbox_waits_for_nothing_and_keeps_every_other_bound(tmp_path: Path) -> None:
    wiring = Wiring(Settings(home=tmp_path, policies=policies(tmp_path)))

    expected = FEEDBACK.model_copy(update={"min_key_days": 0, "min_feedback_hours": 0})
    assert wiring.feedback_policy == FeedbackPolicy.model_validate(expected.model_dump())
    assert wiring.guardrails.digest == Wiring(Settings(home=tmp_path)).guardrails.digest
