"""Preferences that users give and that published sets state: collect_feedback, build_pairs, build_preferences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from medpipe import records
from medpipe.core import sources
from medpipe.core.manifests import (
    FeedbackInputs,
    FeedbackOutcome,
    PairsFromCorpus,
    PairsFromFeedback,
    PairsManifest,
    PairsOutcome,
)
from medpipe.core.refs import CorpusRef, FeedbackRef, PairsRef
from medpipe.core.teaching import pairs as preference_pairs
from medpipe.core.teaching.example import PreferencePair
from medpipe.errors import UsageError
from medpipe.ports import FeedbackItem, Ports, Redactor
from medpipe.steps.artifact import accepted_rows, manifest, once, release_refs
from medpipe.steps.corpus import table_version

CAP_PER_IDENTITY = 20
"""The greatest number of pairs from one identity, so that no single user can steer the model."""
HELDOUT_SHARE = 0.3
"""The share of the questions, 0..1, that are only evaluated and never taught."""


def collect_feedback(start: datetime, end: datetime, *, ports: Ports) -> FeedbackRef:
    """Collect the feedback given in [start, end), each item with the answer that it is about.

    Raises UsageError for a time without a zone, and for a window that ends before it begins.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise UsageError("give start and end with a time zone, such as 2026-03-04T00:00:00Z")
    if start > end:
        raise UsageError(f"the window starts at {start}, after it ends at {end}: give start <= end")

    def fill(folder: Path) -> FeedbackOutcome:
        rows = [item._asdict() for item in ports.feedback.between(start, end)]
        return FeedbackOutcome(feedback=records.write_rows(folder / "feedback.jsonl", rows))

    inputs = FeedbackInputs(start=start, end=end)
    return FeedbackRef(once(ports, "feedback", "collect_feedback", inputs, fill))


def build_pairs(feedback: FeedbackRef, previous: PairsRef | None = None, *, ports: Ports) -> PairsRef | None:
    """Make preference pairs for DPO from feedback, and add them to the previous ones.

    One identity's influence is capped (CAP_PER_IDENTITY), and a share of the questions is held out. Identifiers of
    people are replaced first, since people write about themselves. Returns None when the feedback has no pair.
    """
    rows = accepted_rows(ports, feedback, "feedback")
    _check_previous(ports, previous)
    items, identifiers = _redacted([_item(row) for row in rows], ports.redactor)
    built = preference_pairs.build(items, CAP_PER_IDENTITY, HELDOUT_SHARE, ports.guardrails)
    if not built.train and not built.heldout:
        return None

    def fill(folder: Path) -> PairsOutcome:
        train = records.write(folder / "train.jsonl", _added(_earlier(ports, previous, "train"), built.train))
        heldout = records.write(folder / "heldout.jsonl", _added(_earlier(ports, previous, "heldout"), built.heldout))
        return PairsOutcome(train=train, heldout=heldout, drops=dict(built.drops), identifiers=dict(identifiers))

    inputs = PairsFromFeedback(
        feedback=feedback,
        previous=previous,
        cap=CAP_PER_IDENTITY,
        heldout=HELDOUT_SHARE,
        guardrails=ports.guardrails.digest,
        released=release_refs(ports, feedback, "feedback"),
    )
    return PairsRef(once(ports, "pairs", "build_pairs", inputs, fill))


def build_preferences(
    corpus: CorpusRef, previous: PairsRef | None = None, max_answer_chars: int = 4000, *, ports: Ports
) -> PairsRef | None:
    """Make preference pairs from documents that state them; they replace those that `previous` had from documents.

    Pairs of `previous` that users gave stay: give the newest pairs, or users' pairs are lost. The same share of
    the questions is held out as of users' pairs, and identifiers are replaced in pairs from sources that people wrote.
    `max_answer_chars`: pairs with a longer answer are dropped. Returns None when no document states a preference.
    """
    version = table_version(ports, corpus)
    _check_previous(ports, previous)
    if not any(pairs for pairs, _ in _stated(ports, version, max_answer_chars)):
        return None

    def fill(folder: Path) -> PairsOutcome:
        drops = Counter[str]()

        def rows(name: str, heldout: bool) -> Iterator[PreferencePair]:
            yield from (pair for pair in _earlier(ports, previous, name) if not pair.identity.startswith("set:"))
            for pairs, left_out in _stated(ports, version, max_answer_chars):
                if heldout:  # both passes leave the same pairs out: count them once
                    drops.update(left_out)
                yield from (pair for pair in pairs if _held_out(pair) == heldout)

        train = records.write(folder / "train.jsonl", rows("train", heldout=False))
        heldout = records.write(folder / "heldout.jsonl", rows("heldout", heldout=True))
        return PairsOutcome(train=train, heldout=heldout, drops=dict(drops))

    inputs = PairsFromCorpus(
        corpus=corpus,
        previous=previous,
        max_answer_chars=max_answer_chars,
        heldout=HELDOUT_SHARE,
        guardrails=ports.guardrails.digest,
    )
    return PairsRef(once(ports, "pairs", "build_preferences", inputs, fill))


def _check_previous(ports: Ports, previous: PairsRef | None) -> None:
    if previous is not None:
        manifest(ports, previous, PairsManifest)


def _held_out(pair: PreferencePair) -> bool:
    return preference_pairs.held_out(pair.question, HELDOUT_SHARE)


def _stated(ports: Ports, version: int, max_answer_chars: int) -> Iterator[tuple[list[PreferencePair], Counter[str]]]:
    """Yield for each document the pairs that it states, and how many were left out by reason."""
    for document in ports.corpus.read(version):
        pairs, left_out = preference_pairs.stated(document, max_answer_chars, ports.guardrails)
        if sources.by_people(document.source):
            pairs = [_anonymous(pair, ports.redactor) for pair in pairs]
        yield pairs, left_out


def _anonymous(pair: PreferencePair, redactor: Redactor) -> PreferencePair:
    question, chosen, rejected = redactor.redact((pair.question, pair.chosen, pair.rejected), "en")
    return pair.model_copy(update={"question": question.text, "chosen": chosen.text, "rejected": rejected.text})


def _added(earlier: Iterator[PreferencePair], new: Sequence[PreferencePair]) -> Iterator[PreferencePair]:
    """Yield the earlier pairs, then the new ones about other answers."""
    kept = list(earlier)
    known = {pair.answer_id for pair in kept}
    return chain(kept, (pair for pair in new if pair.answer_id not in known))


def _earlier(ports: Ports, previous: PairsRef | None, name: str) -> Iterator[PreferencePair]:
    if previous is not None:
        yield from records.read(ports.store.folder(previous) / f"{name}.jsonl", PreferencePair)


def _redacted(items: Sequence[FeedbackItem], redactor: Redactor) -> tuple[list[FeedbackItem], Counter[str]]:
    """Return the items with identifiers of people replaced, and how many identifiers there were by type."""
    questions = redactor.redact([item.question for item in items], "en")
    answers = redactor.redact([item.answer for item in items], "en")
    corrections = redactor.redact([item.correction or "" for item in items], "en")
    identifiers = Counter[str]()
    for redaction in (*questions, *answers, *corrections):
        identifiers.update(redaction.counts)
    redacted = [
        item._replace(question=question.text, answer=answer.text, correction=correction.text or None)
        for item, question, answer, correction in zip(items, questions, answers, corrections, strict=True)
    ]
    return redacted, identifiers


def _item(row: dict[str, Any]) -> FeedbackItem:
    return FeedbackItem(**{**row, "at": datetime.fromisoformat(str(row["at"]))})
