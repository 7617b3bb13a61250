"""Vital signs that make a case immediate: what each value scores, by age and pregnancy.

Pure. The bands are in `medpipe/policies/red-flags.yaml`, with their sources. One score of 3 is immediate, and so is a
sum of 7 over the signs of an adult (NEWS2, Royal College of Physicians 2017).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import Field

from medpipe.core.safety.patient import Patient
from medpipe.core.safety.patterns import Examples, Value
from medpipe.core.safety.vital_readings import Reading, Sign

ALONE = 3
"""The score of one sign that is immediate by itself."""


class Band(Value):
    """What the values of a sign score in some patients. The bounds belong to the band."""

    sign: Sign
    score: int = Field(ge=1, le=ALONE)
    least: float = -math.inf
    most: float = math.inf
    from_years: float = 0.0
    """Age of the youngest patients; somebody of unknown age counts as an adult."""
    below_years: float = math.inf
    pregnant: bool = False
    """Whether the band is for pregnant women only."""

    def holds(self, reading: Reading, patient: Patient) -> bool:
        """Return whether the value of a patient is in the band."""
        return (
            reading.sign == self.sign
            and self.least <= reading.value <= self.most
            and self.from_years <= patient.years < self.below_years
            and (patient.pregnant or not self.pregnant)
        )


class VitalSigns(Value):
    """The bands, the sum that is immediate, and sentences that hold them."""

    total: int = Field(ge=ALONE)
    """The sum of scores that is immediate."""
    bands: tuple[Band, ...] = Field(min_length=1)
    examples: Examples

    def urgent(self, readings: Sequence[Reading], patient: Patient) -> list[Reading]:
        """Return the readings that make a case immediate: each that does alone, or all that score if their sum does."""
        scores = {reading: self._score(reading, patient) for reading in readings}
        if alone := [reading for reading, score in scores.items() if score >= ALONE]:
            return alone
        worst: dict[Sign, int] = {}
        for reading, score in scores.items():
            worst[reading.sign] = max(score, worst.get(reading.sign, 0))
        return [reading for reading, score in scores.items() if score] if sum(worst.values()) >= self.total else []

    def _score(self, reading: Reading, patient: Patient) -> int:
        return max((band.score for band in self.bands if band.holds(reading, patient)), default=0)
