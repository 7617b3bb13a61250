"""Corrections that contradict a document, and people's decisions about them: contradictions, judge_correction."""

from __future__ import annotations

from typing import Literal

from medpipe.core.refs import CorpusRef, FeedbackRef
from medpipe.core.teaching.contradiction import Contradiction
from medpipe.errors import UsageError
from medpipe.ports import CorrectionReview, Ports
from medpipe.steps.artifact import accepted_rows
from medpipe.steps.feedback import judged


def contradictions(feedback: FeedbackRef, corpus: CorpusRef, texts: bool = False, *, ports: Ports) -> str:
    """List the corrections that no current document supports and that await a decision, with the document's id.

    `feedback`, `corpus`: as `build_pairs` read them. `texts` adds what was asked, answered and corrected, and what the
    document states: people wrote it.
    """
    built, _ = judged(ports, accepted_rows(ports, feedback, "feedback"), corpus)
    return "\n".join(line for waiting in built.waiting for line in _listed(waiting, texts)) or "No corrections wait."


def judge_correction(
    correction: str, decision: Literal["release", "discard"], reason: str, by: str, *, ports: Ports
) -> str:
    """Let a correction teach, or keep it out for good: a person's decision, with name and reason. The last one counts.

    `correction`: its id, as `contradictions` lists it. The decision is about this text only, and also holds when the
    same correction is collected again. A released correction that asserts a withdrawn claim still never teaches.
    """
    if not reason.strip() or not by.strip():
        raise UsageError("say why (reason) and who decides (by): both are kept")
    if len(correction) != _ID_CHARS or set(correction) - set("0123456789abcdef"):
        raise UsageError(f"a correction is named by {_ID_CHARS} hex digits; `medpipe contradictions` lists them")
    ports.feedback.review(CorrectionReview(correction, decision, reason.strip(), by.strip()[:_NAME_CHARS]))
    return f"{correction}: {decision}"


_ID_CHARS = 16
_NAME_CHARS = 200


def _listed(waiting: Contradiction, texts: bool) -> list[str]:
    why = f"contradicts {waiting.document}" if waiting.document else "no document is about the question"
    line = f"{waiting.id} {waiting.answer_id} by {waiting.identity}: {why}"
    if not texts:
        return [line]
    told = {"question": waiting.question, "answer": waiting.answer, "correction": waiting.correction}
    return [line, *(f"  {name}: {text}" for name, text in (told | {"document": waiting.states}).items())]
