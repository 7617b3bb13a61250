"""Preference pairs from feedback, every identity's influence capped, and from sets that state preferences."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from medpipe.core.corpus.document import Document
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.teaching.example import PreferencePair

MAX_CORRECTION_CHARS = 1000
"""Longer corrections are dropped: they would dominate the loss, and answers are one paragraph."""


class Rated(Protocol):
    """What `build` reads of a feedback item (`medpipe.ports.FeedbackItem` has these)."""

    @property
    def answer_id(self) -> str: ...
    @property
    def question(self) -> str: ...
    @property
    def answer(self) -> str: ...
    @property
    def identity(self) -> str: ...
    @property
    def rating(self) -> str: ...
    @property
    def correction(self) -> str | None: ...
    @property
    def at(self) -> datetime: ...


class BuiltPairs(NamedTuple):
    """`train` and `heldout` never share a question. `drops` counts what was left out, by reason."""

    train: tuple[PreferencePair, ...]
    heldout: tuple[PreferencePair, ...]
    drops: Counter[str]


def build(items: Sequence[Rated], cap_per_identity: int, heldout_share: float, guardrails: Guardrails) -> BuiltPairs:
    """Preference pairs from ratings and corrections.

    - A downward rating with a correction: the correction is chosen, the answer rejected.
    - A downward and an upward rating of two different answers to one question: the answer liked is chosen.
    - Of one identity's ratings of one answer, the last counts.
    - At most `cap_per_identity` pairs stem from one identity, the earliest first, so nobody buys the model.
    - Where identities correct one answer differently, the most supported correction wins; a tie is dropped.
    - Refused questions and unsafe corrections never teach.

    A question's hash puts `heldout_share` (0..1) of the questions into `heldout`, the same ones every time.
    Raises ValueError for a cap below 1 or a share outside 0..1.
    """
    if cap_per_identity < 1 or not 0 <= heldout_share <= 1:
        raise ValueError(
            f"cap_per_identity {cap_per_identity} must be at least 1, heldout_share {heldout_share} within 0..1"
        )
    drops: Counter[str] = Counter()
    proposed = _propose(_last_ratings(items), guardrails, drops)
    kept = _settle(_cap(proposed, cap_per_identity, drops), drops)
    heldout = tuple(pair for pair in kept if held_out(pair.question, heldout_share))
    train = tuple(pair for pair in kept if not held_out(pair.question, heldout_share))
    return BuiltPairs(train, heldout, drops)


def stated(
    document: Document, max_answer_chars: int, guardrails: Guardrails, drops: Counter[str]
) -> Iterator[PreferencePair]:
    """The preferences that a document states: of each section with a `rejected` answer, its text is chosen.

    No user gave them, so no cap applies: `identity` is `set:` with the source, `answer_id` is the document's id
    with the section's number. `drops` counts by reason what is left out: questions that are refused, chosen
    answers that may not be served, and pairs of which an answer has more than `max_answer_chars` characters.
    """
    for number, section in enumerate(document.sections):
        if not section.rejected:
            continue
        reason = _unfit(section.heading, section.text, section.rejected, max_answer_chars, guardrails)
        if reason:
            drops[reason] += 1
            continue
        yield PreferencePair(
            question=section.heading,
            chosen=section.text,
            rejected=section.rejected,
            answer_id=f"{document.id}#{number}",
            identity=f"set:{document.source}",
            document_ids=(document.id,),
        )


def held_out(question: str, share: float) -> bool:
    """Whether a question is only asked and never taught: the same ones every time, `share` (0..1) of all."""
    return _share_of(question) < share


def _unfit(question: str, chosen: str, rejected: str, max_chars: int, guardrails: Guardrails) -> str:
    if _key(chosen) == _key(rejected):
        return "same-as-answer"
    if max(len(chosen), len(rejected)) > max_chars:
        return "too-long"
    if guardrails.screen(question).risk == "high":
        return "refused-question"
    return "" if guardrails.review(chosen).safe else "unsafe-answer"


def _last_ratings(items: Iterable[Rated]) -> list[Rated]:
    """The last rating of each identity on each answer, oldest first."""
    last: dict[tuple[str, str], Rated] = {}
    for item in sorted(items, key=lambda item: (item.at, item.answer_id, item.identity)):
        last.pop((item.answer_id, item.identity), None)
        last[item.answer_id, item.identity] = item
    return list(last.values())


def _propose(items: Sequence[Rated], guardrails: Guardrails, drops: Counter[str]) -> list[PreferencePair]:
    """Every pair that the ratings support, oldest first, before caps and disputes."""
    liked: dict[str, Rated] = {}
    for item in items:
        if item.rating == "up":
            liked.setdefault(_key(item.question), item)
    pairs = []
    for item in items:
        chosen, reason = _chosen(item, liked.get(_key(item.question)), guardrails)
        if chosen:
            pairs.append(
                PreferencePair(
                    question=item.question,
                    chosen=chosen,
                    rejected=item.answer,
                    answer_id=item.answer_id,
                    identity=item.identity,
                )
            )
        elif reason:
            drops[reason] += 1
    return pairs


def _chosen(item: Rated, liked: Rated | None, guardrails: Guardrails) -> tuple[str, str]:
    """The text that should have been answered, or "" and why there is none ("" for a plain upward rating)."""
    if item.rating == "up":
        return "", ""
    if guardrails.screen(item.question).risk == "high":
        return "", "refused-question"
    text = " ".join((item.correction or "").split()) or (liked.answer if liked else "")
    if not text:
        return "", "no-correction"
    if _key(text) == _key(item.answer):
        return "", "same-as-answer"
    if len(text) > MAX_CORRECTION_CHARS:
        return "", "too-long"
    return (text, "") if guardrails.review(text).safe else ("", "unsafe-correction")


def _cap(pairs: Iterable[PreferencePair], cap: int, drops: Counter[str]) -> list[PreferencePair]:
    """The first `cap` pairs of every identity."""
    kept, used = [], Counter[str]()
    for pair in pairs:
        used[pair.identity] += 1
        if used[pair.identity] <= cap:
            kept.append(pair)
        else:
            drops["over-the-cap"] += 1
    return kept


def _settle(pairs: Iterable[PreferencePair], drops: Counter[str]) -> list[PreferencePair]:
    """One pair for each question and rejected answer: the correction that most identities gave."""
    groups: dict[tuple[str, str], dict[str, list[PreferencePair]]] = defaultdict(lambda: defaultdict(list))
    for pair in pairs:
        groups[_key(pair.question), _key(pair.rejected)][_key(pair.chosen)].append(pair)
    kept = []
    for corrections in groups.values():
        ranked = sorted(corrections.values(), key=lambda group: -len({pair.identity for pair in group}))
        support = [len({pair.identity for pair in group}) for group in ranked]
        if len(support) > 1 and support[0] == support[1]:
            drops["disputed"] += sum(map(len, ranked))
            continue
        kept.append(ranked[0][0])
        drops["duplicate"] += len(ranked[0]) - 1
        drops["outvoted"] += sum(map(len, ranked[1:]))
    for reason in [reason for reason, number in drops.items() if not number]:
        del drops[reason]
    return kept


def _key(text: str) -> str:
    return " ".join(text.lower().split())


def _share_of(question: str) -> float:
    """A number in [0, 1) that depends on the question alone."""
    return int(hashlib.sha256(_key(question).encode()).hexdigest()[:12], 16) / 16**12
