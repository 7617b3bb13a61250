"""The block: which questions and answers are withheld because of the claims that are withdrawn.

A question is stopped when it asks what a withdrawn claim answers, in any phrasing. An answer is stopped when it
asserts a withdrawn claim, whatever was asked. The block errs towards withholding (`recognition.WITHHOLD`): a reply that
points to a clinician costs less than a finding that its publisher took back.
"""

from __future__ import annotations

from typing import Literal

from medpipe.core.teaching.recognition import Claims

WITHHELD = (
    "The finding that this answer would rest on was withdrawn by its publisher, so it is not given here. "
    "Please ask a clinician, such as your doctor or pharmacist."
)
"""The reply that is served instead. It passes the guardrails."""

Reason = Literal["", "withdrawn-question", "withdrawn-answer"]
"""Why a text is withheld, as metrics name it; empty when it is not."""


class ClaimBlock(Claims):
    """The withdrawn claims that a gateway withholds."""

    def reason(self, question: str, answer: str = "", conversation: str = "") -> Reason:
        """Return why an exchange must be withheld. `conversation`: everything else that the person wrote."""
        if self.asks(question):
            return "withdrawn-question"
        return "withdrawn-answer" if self.asserts(answer, f"{conversation} {question}") else ""
