"""The shipped policies, for tests of the code that applies them."""

from __future__ import annotations

import yaml

from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.safety.harm import Harm
from medpipe.settings import Settings

POLICY_TEXT = (Settings().policies / "guardrails.yaml").read_text(encoding="utf-8")
GUARDRAILS = Guardrails.of(yaml.safe_load(POLICY_TEXT))
"""Compiled once for all tests: nothing in it changes."""

HARM_TEXT = (Settings().policies / "harm.yaml").read_text(encoding="utf-8")
HARM = Harm.of(yaml.safe_load(HARM_TEXT))
"""Compiled once for all tests: nothing in it changes."""
