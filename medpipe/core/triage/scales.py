"""Scales of emergency departments, and which of the three labels each of their levels is."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.text import unaccented
from medpipe.core.triage.labels import Label

_APART = re.compile(r"[\s_-]+")


class Scale(BaseModel):
    """One scale in use: its levels, the most urgent first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    source: str = Field(min_length=1)
    """The publication that defines the levels."""
    levels: dict[str, Label] = Field(min_length=2)
    """A level, as the scale writes it → its label."""
    note: str = ""

    def label_of(self, level: str) -> Label:
        """Return the label of a level, in whatever case and with or without accents. Raises ValueError for others."""
        known = {_plain(name): label for name, label in self.levels.items()}
        if (label := known.get(_plain(level))) is None:
            raise ValueError(f"a label that is not one of {', '.join(self.levels)}")
        return label


class Scales(BaseModel):
    """Every scale by its key, such as `esi`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scales: dict[str, Scale]

    def named(self, key: str) -> Scale:
        """Return a scale. Raises ValueError for a key that there is not."""
        if (scale := self.scales.get(_plain(key))) is None:
            raise ValueError(f"a scale that is not one of {', '.join(self.scales)}")
        return scale


def _plain(text: str) -> str:
    return _APART.sub("", unaccented(text).casefold())
