"""The shipped policies, for tests of the code that applies them."""

from __future__ import annotations

from pathlib import Path

import yaml

from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.safety.harm import Harm
from medpipe.core.safety.red_flags import RedFlags
from medpipe.core.teaching.feedback_policy import FeedbackPolicy
from medpipe.settings import Settings

POLICY_TEXT = (Settings().policies / "guardrails.yaml").read_text(encoding="utf-8")

RED_FLAGS_TEXT = (Settings().policies / "red-flags.yaml").read_text(encoding="utf-8")
RED_FLAGS = RedFlags.of(yaml.safe_load(RED_FLAGS_TEXT))
"""Compiled once for all tests: nothing in it changes."""
GUARDRAILS = Guardrails.of(yaml.safe_load(POLICY_TEXT), RED_FLAGS)
"""Compiled once for all tests: nothing in it changes."""
TRIAGE = Benchmark.model_validate(yaml.safe_load((Settings().benchmarks / "triage.yaml").read_text(encoding="utf-8")))
"""The shipped cases of triage that nothing teaches."""

HARM_TEXT = (Settings().policies / "harm.yaml").read_text(encoding="utf-8")
HARM = Harm.of(yaml.safe_load(HARM_TEXT))
"""Compiled once for all tests: nothing in it changes."""
FEEDBACK = FeedbackPolicy.model_validate(yaml.safe_load((Settings().policies / "feedback.yaml").read_text()))
"""The shipped policy of feedback."""


def policies(folder: Path, **feedback: object) -> Path:
    """Write a folder of policies: the shipped ones, with other values in the policy of feedback. Return it."""
    _copied(folder)
    (folder / "feedback.yaml").write_text(yaml.safe_dump(FEEDBACK.model_dump(mode="json") | feedback), encoding="utf-8")
    return folder


def approving(folder: Path) -> Path:
    """Write a folder of policies: the shipped ones, but a person must approve each hotfix. Return it."""
    policy = _copied(folder) / "withdrawals.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("retrain: automatic", "retrain: approval"))
    return folder


def _copied(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for shipped in Settings().policies.glob("*.yaml"):
        (folder / shipped.name).write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    return folder
