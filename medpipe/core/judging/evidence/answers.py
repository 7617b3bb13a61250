"""What an answer to an evidence twin says of what is in question, and whether the passage supports that."""

from __future__ import annotations

from medpipe.core.judging.evaluation import Sample
from medpipe.core.judging.evidence.edits import says
from medpipe.core.text import normalise


def said(sample: Sample, answer: str) -> str:
    """Return the label, or those of the two values in question that an answer says and does not deny; "" for none."""
    if sample.choices:
        return answer
    values = sorted({normalise(value) for value in (sample.slot, sample.rejected) if value and says(value, answer)})
    return " and ".join(values)


def supported(sample: Sample, answer: str) -> float:
    """Return 1 if an answer says what the passage supports, and nothing else that is in question.

    Where the passage supports nothing any more, any answer is right that does not say what it supported before.
    """
    if sample.choices:
        return float(answer == sample.target if sample.target else answer != sample.rejected)
    return float(said(sample, answer) == normalise(sample.slot))
