"""A change of the switch that stops every gateway."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Stop(BaseModel):
    """That a person stopped serving, or lifted the stop."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    stopped: bool
    at: datetime
    reason: str
    by: str

    def sentence(self) -> str:
        """Return who stopped serving, when and why, for people."""
        return f"serving was stopped by {self.by} at {self.at:%Y-%m-%d %H:%M} UTC: {self.reason}"
