"""The policy of sources as a value: `medpipe/policies/sources.yaml`, whose head explains the fields."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class SourcePolicy(BaseModel):
    """What medpipe tolerates of one source before a person must look."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    max_bad_records: int = Field(ge=0)
    max_bad_share: float = Field(ge=0, le=1)
    overlap_days: int = Field(ge=0, le=365)
    gap_days: int = Field(ge=0)
    never_posted: tuple[str, ...] = ()
    files_a_run: int = Field(ge=1, le=1000)
    vanished_days: int | None = Field(None, ge=1)
    """Days after which a document that whole deliveries no longer have is on hold, and a notice has ended; None:
    never."""

    def allows(self, bad: int, records: int) -> bool:
        """Return whether a file with `bad` unreadable ones among its `records` is taken without these."""
        return bad <= self.max_bad_records or bad <= self.max_bad_share * records


class SourcePolicies(BaseModel):
    """The policy of each source: its own, else the default."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    default: SourcePolicy
    sources: dict[str, SourcePolicy] = {}

    def of(self, source: str) -> SourcePolicy:
        """Return the policy of the source with this name."""
        return self.sources.get(source, self.default)
