"""The shipped policies, for tests of the code that applies them."""

from __future__ import annotations

import yaml

from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.teaching.feedback_policy import FeedbackPolicy
from medpipe.settings import Settings

POLICY_TEXT = (Settings().policies / "guardrails.yaml").read_text(encoding="utf-8")
GUARDRAILS = Guardrails.of(yaml.safe_load(POLICY_TEXT))
"""Compiled once for all tests: nothing in it changes."""
FEEDBACK = FeedbackPolicy.model_validate(yaml.safe_load((Settings().policies / "feedback.yaml").read_text()))
"""The shipped policy of feedback."""
