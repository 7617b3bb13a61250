"""The result of taking identifiers of persons out of a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Redaction(NamedTuple):
    """A text with its identifiers replaced, and how many there were of each type."""

    text: str
    """Each identifier is replaced by a typed placeholder, such as `[NAME]`, `[PHONE]` or `[MRN]`."""
    counts: Mapping[str, int]
    """Type (the placeholder's word: NAME, PHONE, …) → count; empty when the text is unchanged."""
