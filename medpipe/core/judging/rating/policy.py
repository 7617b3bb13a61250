"""The policy of ratings, `policies/ratings.yaml`: who may rate, by which rubric, and how well raters must agree."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from medpipe.core.judging.rating.scale import DIMENSIONS, LEVELS, Dimension, Level


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Criterion(_Value):
    """What raters ask themselves about one dimension, and what each level means."""

    asks: str = Field(min_length=1)
    levels: dict[Level, str]

    @field_validator("levels", mode="before")
    @classmethod
    def _keys_are_numbers(cls, levels: Any) -> Any:
        """Keys are texts in the JSON of a manifest."""
        if not isinstance(levels, dict):
            return levels
        return {int(key) if isinstance(key, str) and key.isdecimal() else key: text for key, text in levels.items()}

    @model_validator(mode="after")
    def _explains_each_level(self) -> Self:
        if missing := [str(level) for level in LEVELS if not self.levels.get(level, "").strip()]:
            raise ValueError(f"levels: {', '.join(missing)} is not explained")
        return self


class RatingPolicy(_Value):
    """The reasons stand in the file."""

    raters: dict[str, str] = {}
    """Holder of an issued key → qualification. Nobody else's ratings count."""
    rubric: dict[Dimension, Criterion]
    least_agreement: float = Field(gt=0, le=1)
    """Least Krippendorff's alpha of a dimension on which a gate may decide."""

    @model_validator(mode="after")
    def _has_every_dimension(self) -> Self:
        if missing := [name for name in DIMENSIONS if name not in self.rubric]:
            raise ValueError(f"rubric: {', '.join(missing)} is missing")
        return self

    def in_words(self) -> str:
        """Return the rubric as a Markdown page for raters."""
        lines = [
            "# Rubric",
            "",
            "Rate every answer on four dimensions with 1, 3 or 5. Rate what is written.",
            "Leave all four empty where you cannot judge the answer. `correction`: the answer that you would give, if",
            "this one should not have been given.",
        ]
        for name in DIMENSIONS:
            criterion = self.rubric[name]
            lines += ["", f"## {name.capitalize()}", "", criterion.asks, ""]
            lines += [f"- **{level}** {criterion.levels[level]}" for level in reversed(LEVELS)]
        return "\n".join(lines) + "\n"
