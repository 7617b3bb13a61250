"""The three answers of triage. They are codes, and so English in every language."""

from __future__ import annotations

import re
from typing import Literal

from medpipe.core.text import words

Label = Literal["immediate", "medium", "delayed"]

IMMEDIATE: Label = "immediate"
"""Minutes count."""
MEDIUM: Label = "medium"
"""Stable now, but needs a doctor within hours."""
DELAYED: Label = "delayed"
"""Can wait for an appointment, or be cared for at home."""
LABELS: tuple[Label, ...] = (IMMEDIATE, MEDIUM, DELAYED)
"""All labels, the most urgent first."""


_FIRST = re.compile(r"[.!?](?=[\s\"')\]*_])|\n")
"""Where the first sentence or line of an answer ends."""


def leading_label(text: str) -> Label | None:
    """Return the label that a text is, or that is its first sentence or line; None for any other text.

    "Delayed. Stay home." begins with `delayed`.
    """
    return label_of(_FIRST.split(text.strip(), maxsplit=1)[0])


def label_of(text: str) -> Label | None:
    """Return the label that a text is, in whatever case and punctuation; None for a text with other words."""
    said = words(text)
    return next((label for label in LABELS if said == [label]), None)
