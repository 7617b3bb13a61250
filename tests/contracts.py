"""A serving contract for tests: that of the recipe tiny-sft on a base that is not there."""

from __future__ import annotations

from medpipe.core.contract import ServingContract
from tests.policies import GUARDRAILS

CONTRACT = ServingContract(
    base="medpipe-sandbox/tiny-llama",
    base_digest="hub:medpipe-sandbox/tiny-llama",
    precision="float32",
    max_new_tokens=48,
    guardrails=GUARDRAILS.digest,
)
ON_TINY = CONTRACT.model_copy(update={"base": "tiny"})
"""The same on the base that the engines of the tests have."""
