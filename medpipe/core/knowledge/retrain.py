"""What a retrain starts from, what it is compared with, and which promotion plan judges it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from medpipe.core.refs import BASE


class RetrainPlan(BaseModel):
    """The arguments of the verbs that a retrain runs after `plan_retrain`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    start: str = BASE
    """`base` or the version that training continues (`train --start-from`, `register --parent`)."""
    knows: str | None = None
    """The corpus that the start has learned; None: nothing (`build_examples --knows`)."""
    since: str | None = None
    """The incumbent's corpus; None: everything is evaluated as new (`build_examples --since`)."""
    incumbent: str = BASE
    """`base` or the champion that the challenger is compared with (`evaluate`, `register --incumbent`)."""
    gates: str = "first"
    """Name of the promotion plan in gates.yaml (`compare --plan`)."""
