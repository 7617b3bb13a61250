"""From what users said to preference pairs: collect_feedback, build_pairs."""

from __future__ import annotations

from datetime import datetime

from medpipe import records
from medpipe.core import pairs as preference_pairs
from medpipe.core.example import PreferencePair
from medpipe.core.refs import FeedbackRef, PairsRef
from medpipe.errors import MedpipeError
from medpipe.ports import Draft, FeedbackItem, Ports
from medpipe.steps.artifact import accepted_rows, once

CAP_PER_IDENTITY = 20
HELDOUT_SHARE = 0.3


def collect_feedback(start: datetime, end: datetime, *, ports: Ports) -> FeedbackRef:
    """The feedback given in [start, end), with the answers that it is about."""
    if start.tzinfo is None or end.tzinfo is None:
        raise MedpipeError("collect_feedback: say start and end with a time zone, such as 2026-03-04T00:00:00Z")

    def fill(draft: Draft) -> None:
        found = [item._asdict() for item in ports.feedback.between(start, end)]
        draft.facts["feedback"] = records.write_rows(draft.path / "feedback.jsonl", found)

    inputs = {"start": start.isoformat(), "end": end.isoformat()}
    return FeedbackRef(once(ports, "feedback", "collect_feedback", inputs, fill))


def build_pairs(feedback: FeedbackRef, previous: PairsRef | None = None, *, ports: Ports) -> PairsRef | None:
    """Preference pairs for DPO, added to the previous ones; None when the feedback yields no new pair.

    One identity's influence is capped (CAP_PER_IDENTITY pairs); a share of the questions is held out.
    """
    items = [_item(row) for row in accepted_rows(ports, feedback, "feedback")]
    built = preference_pairs.build(items, CAP_PER_IDENTITY, HELDOUT_SHARE)
    if not built.train and not built.heldout:
        return None
    inputs = {"feedback": feedback, "previous": previous, "cap": CAP_PER_IDENTITY, "heldout": HELDOUT_SHARE}

    def fill(draft: Draft) -> None:
        for name, new in (("train", built.train), ("heldout", built.heldout)):
            old = [] if previous is None else list(records.read(
                ports.store.folder(previous) / f"{name}.jsonl", PreferencePair))
            known = {pair.answer_id for pair in old}
            rows = [*old, *(pair for pair in new if pair.answer_id not in known)]
            draft.facts[name] = records.write(draft.path / f"{name}.jsonl", rows)
        draft.facts["drops"] = dict(built.drops)

    return PairsRef(once(ports, "pairs", "build_pairs", inputs, fill))


def _item(row: dict[str, object]) -> FeedbackItem:
    at = datetime.fromisoformat(str(row["at"]))
    return FeedbackItem(**{**row, "at": at})  # type: ignore[arg-type]
