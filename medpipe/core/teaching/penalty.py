"""The part of a recipe that holds a training near the weights that it starts from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Penalty(BaseModel):
    """A penalty on how far a training moves an adapter from the one that it continues, added to the loss.

    - `method`: `l2` counts how far the changes move that the adapter makes to the base's weights. `ewc` (elastic weight
      consolidation, Kirkpatrick et al., arXiv:1612.00796) counts how far the adapter's own numbers move, each weighted
      by the diagonal of the Fisher information on older examples: by how much the answers to them depend on it.
    - `strength`: half of it times the distance is added to the loss. Fisher information is scaled to a mean of 1, so
      that a model that is sure of what it knows is not held by less.
    - `rows`: on how many of the replayed examples Fisher information is estimated.
    - `rehearse`: whether the replayed examples are taught too; otherwise they serve the estimate only (`ewc`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    method: Literal["l2", "ewc"]
    strength: float = Field(gt=0)
    rows: int = Field(128, ge=1)
    rehearse: bool = True

    @model_validator(mode="after")
    def _estimates_on_older_examples(self) -> Penalty:
        if self.method != "ewc" and not self.rehearse:
            raise ValueError("only ewc uses examples that it does not teach; for no replay, set data.replay_ratio to 0")
        return self
