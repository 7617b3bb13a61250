"""The curve of a training: what was measured at its steps. An adapter keeps it beside its weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_serializer

CURVE = "curve.jsonl"
"""The file with the points, in the folder of an adapter."""


class Point(BaseModel):
    """What was measured at one step; None for what was not. No time of day: equal trainings have equal curves."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    step: int
    loss: float | None = None
    """Mean loss, in nats a token, over the steps since the point before, or since the checkpoint of a killed run."""
    learning_rate: float | None = None
    grad_norm: float | None = None
    """Length of the gradient before it is clipped."""
    eval_loss: float | None = None
    """Mean loss, in nats a token, on the validation rows."""

    @model_serializer
    def _measured(self) -> dict[str, Any]:
        return {name: value for name, value in self if value is not None}


def points(history: Iterable[Mapping[str, Any]]) -> list[Point]:
    """Return the points in the logs of transformers' `TrainerState.log_history`. Its summaries at the end are none."""
    measured = (Point.model_validate(dict(logs)) for logs in history)
    return [point for point in measured if len(point.model_dump()) > 1]


def series(curve: Iterable[Point]) -> dict[str, list[tuple[int, float]]]:
    """Return the name of each measure, such as `training/loss` → its steps and values."""
    result: dict[str, list[tuple[int, float]]] = {}
    for point in curve:
        for name, value in point.model_dump().items():
            if name != "step":
                result.setdefault(f"training/{name}", []).append((point.step, value))
    return result
