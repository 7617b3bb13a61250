"""Rows without the texts of people: what an erasure leaves of feedback, pairs and scores.

Rows stay in their places, because other artifacts name them by number, and keep what decisions and lineage rest on:
ids, times, ratings, documents, scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from medpipe.core.teaching.feedback import ERASED

Kind = Literal["feedback", "pairs", "ratings"]

_TEXTS: dict[Kind, dict[str, str | None]] = {
    "feedback": {"question": "", "answer": "", "correction": None},
    "pairs": {"question": "", "chosen": "", "rejected": ""},
    "ratings": {"correction": ""},
}
"""Kind of rows → each field that holds what people wrote or read, and what an erasure leaves of it."""


def blank(row: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    """Return a row of feedback, pairs or ratings without texts and identity."""
    return {**row, **_TEXTS[kind], "identity": ERASED}


def blank_score(score: Mapping[str, Any]) -> dict[str, Any]:
    """Return a score without the model's answer to the erased question. Its value and cluster stay."""
    return {**score, "answer": ""}
