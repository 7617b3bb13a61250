"""What to prefer, as users said and as published sets state it: collect_feedback, build_pairs, build_preferences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain

from medpipe import records
from medpipe.core import sources
from medpipe.core.refs import CorpusRef, FeedbackRef, PairsRef
from medpipe.core.teaching import pairs as preference_pairs
from medpipe.core.teaching.example import PreferencePair
from medpipe.errors import MedpipeError
from medpipe.ports import Draft, FeedbackItem, Ports, Redactor
from medpipe.steps.artifact import accepted_rows, once, releases
from medpipe.steps.corpus import table_version

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

    One identity's influence is capped (CAP_PER_IDENTITY pairs); a share of the questions is held out. What
    identifies a person is taken out first: people write of themselves.
    """
    identifiers = Counter[str]()
    items = _redacted([_item(row) for row in accepted_rows(ports, feedback, "feedback")], ports.redactor, identifiers)
    built = preference_pairs.build(items, CAP_PER_IDENTITY, HELDOUT_SHARE, ports.guardrails)
    if not built.train and not built.heldout:
        return None
    inputs = {
        "feedback": feedback,
        "previous": previous,
        "cap": CAP_PER_IDENTITY,
        "heldout": HELDOUT_SHARE,
        "guardrails": ports.guardrails.digest,
        **releases(ports, feedback, "feedback"),
    }

    def fill(draft: Draft) -> None:
        for name, new in (("train", built.train), ("heldout", built.heldout)):
            old = list(_earlier(ports, previous, name))
            known = {pair.answer_id for pair in old}
            rows = [*old, *(pair for pair in new if pair.answer_id not in known)]
            draft.facts[name] = records.write(draft.path / f"{name}.jsonl", rows)
        draft.facts.update(drops=dict(built.drops), identifiers=dict(identifiers))

    return PairsRef(once(ports, "pairs", "build_pairs", inputs, fill))


def build_preferences(
    corpus: CorpusRef, previous: PairsRef | None = None, max_answer_chars: int = 4000, *, ports: Ports
) -> PairsRef | None:
    """Preference pairs that the corpus's documents state, in the place of those that `previous` had of them.

    Pairs of `previous` that users gave stay as they are; give the newest pairs, or the ring forgets those.
    The same share of the questions is held out as of users' ones, and what identifies a person is taken out
    of those that people wrote (`core.sources`). None when no document states a preference.
    """
    version = table_version(ports, corpus)
    if next(_stated(ports, version, max_answer_chars, Counter()), None) is None:
        return None
    inputs = {
        "corpus": corpus,
        "previous": previous,
        "max_answer_chars": max_answer_chars,
        "heldout": HELDOUT_SHARE,
        "guardrails": ports.guardrails.digest,
    }

    def fill(draft: Draft) -> None:
        for name, heldout in (("train", False), ("heldout", True)):
            drops = Counter[str]()
            new = (
                pair
                for pair in _stated(ports, version, max_answer_chars, drops)
                if preference_pairs.held_out(pair.question, HELDOUT_SHARE) == heldout
            )
            old = (pair for pair in _earlier(ports, previous, name) if not pair.identity.startswith("set:"))
            draft.facts[name] = records.write(draft.path / f"{name}.jsonl", chain(old, new))
            draft.facts["drops"] = dict(drops)

    return PairsRef(once(ports, "pairs", "build_preferences", inputs, fill))


def _stated(ports: Ports, version: int, max_answer_chars: int, drops: Counter[str]) -> Iterator[PreferencePair]:
    for document in ports.corpus.read(version):
        pairs, dropped = preference_pairs.stated(document, max_answer_chars, ports.guardrails)
        drops.update(dropped)
        for pair in pairs:
            yield _anonymous(pair, ports.redactor) if sources.by_people(document.source) else pair


def _anonymous(pair: PreferencePair, redactor: Redactor) -> PreferencePair:
    question, chosen, rejected = redactor.redact((pair.question, pair.chosen, pair.rejected), "en")
    return pair.model_copy(update={"question": question.text, "chosen": chosen.text, "rejected": rejected.text})


def _earlier(ports: Ports, previous: PairsRef | None, name: str) -> Iterator[PreferencePair]:
    if previous is not None:
        yield from records.read(ports.store.folder(previous) / f"{name}.jsonl", PreferencePair)


def _redacted(items: Sequence[FeedbackItem], redactor: Redactor, identifiers: Counter[str]) -> list[FeedbackItem]:
    """The items without what identifies people; `identifiers` counts it by type."""
    clean = [
        redactor.redact(texts, "en")
        for texts in zip(*((item.question, item.answer, item.correction or "") for item in items), strict=True)
    ]
    for column in clean:
        for redaction in column:
            identifiers.update(redaction.found)
    return [
        item._replace(question=question.text, answer=answer.text, correction=correction.text or None)
        for item, question, answer, correction in zip(items, *clean, strict=True)
    ]


def _item(row: dict[str, object]) -> FeedbackItem:
    at = datetime.fromisoformat(str(row["at"]))
    return FeedbackItem(**{**row, "at": at})  # type: ignore[arg-type]
