"""Preference pairs from feedback, with every identity's influence capped, and from sets that state preferences."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from medpipe.core.corpus.document import Document, Section
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.teaching.drops import Drops, total
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.feedback import FeedbackItem
from medpipe.core.text import folded, one_line, stable_share

MAX_CORRECTION_CHARS = 1000
"""Longer corrections are dropped: they would dominate the loss, and answers are one paragraph."""


class BuiltPairs(NamedTuple):
    """`train` and `heldout` never share a question. `drops` counts what was left out, by reason."""

    train: tuple[PreferencePair, ...]
    heldout: tuple[PreferencePair, ...]
    drops: Drops


def build(
    items: Sequence[FeedbackItem], cap_per_identity: int, heldout_share: float, guardrails: Guardrails
) -> BuiltPairs:
    """Return preference pairs from ratings and corrections.

    - A downward rating with a correction: the correction is chosen, the answer rejected.
    - A downward and an upward rating of two different answers to one question: the answer liked is chosen.
    - Of one identity's ratings of one answer, the last counts.
    - At most `cap_per_identity` pairs stem from one identity, the earliest first, so no single identity decides
      what the model learns.
    - Where identities correct one answer differently, the most supported correction wins; a tie is dropped.
    - Questions that `guardrails` refuse, and corrections that they call unsafe, never teach.

    A question's hash puts `heldout_share` (0..1) of the questions into `heldout`, the same ones every time.
    Raises ValueError for a cap below 1 or a share outside 0..1.
    """
    if cap_per_identity < 1 or not 0 <= heldout_share <= 1:
        raise ValueError(
            f"cap_per_identity {cap_per_identity} must be at least 1, heldout_share {heldout_share} within 0..1"
        )
    proposed, unfit = _propose(_last_ratings(items), guardrails)
    capped, over = _cap(proposed, cap_per_identity)
    kept, settled = _settle(capped)
    heldout = tuple(pair for pair in kept if held_out(pair.question, heldout_share))
    train = tuple(pair for pair in kept if not held_out(pair.question, heldout_share))
    return BuiltPairs(train, heldout, +total(unfit, over, settled))


def stated(document: Document, max_answer_chars: int, guardrails: Guardrails) -> tuple[list[PreferencePair], Drops]:
    """Return the preferences that a document states: of each section with a `rejected` answer, its text is chosen.

    No user gave them, so no cap applies: `identity` is `set:` with the source, `answer_id` is the document's id
    with the section's number. Also returns by reason what was left out: questions that are refused, chosen
    answers that may not be served, and pairs with an answer of more than `max_answer_chars` characters.
    """
    pairs, dropped = [], Drops()
    for number, section in enumerate(document.sections):
        if not section.rejected:
            continue
        if reason := _unfit(section, max_answer_chars, guardrails):
            dropped[reason] += 1
        else:
            pairs.append(_stated_pair(document, number, section))
    return pairs, dropped


def held_out(question: str, share: float) -> bool:
    """Return whether a question is only evaluated and never taught: the same ones every time, `share` (0..1) of all."""
    return stable_share(folded(question)) < share


def _stated_pair(document: Document, number: int, section: Section) -> PreferencePair:
    return PreferencePair(
        question=section.heading,
        chosen=section.text,
        rejected=section.rejected,
        answer_id=f"{document.id}#{number}",
        identity=f"set:{document.source}",
        document_ids=(document.id,),
    )


def _unfit(section: Section, max_chars: int, guardrails: Guardrails) -> str:
    """Return why a stated preference may not teach, or "" when it may."""
    if folded(section.text) == folded(section.rejected):
        return "same-as-answer"
    if max(len(section.text), len(section.rejected)) > max_chars:
        return "too-long"
    if guardrails.screen(section.heading).risk == "high":
        return "refused-question"
    return "" if guardrails.review(section.text).safe else "unsafe-answer"


def _last_ratings(items: Iterable[FeedbackItem]) -> list[FeedbackItem]:
    """Return the last rating of each identity on each answer, oldest first."""
    last: dict[tuple[str, str], FeedbackItem] = {}
    for item in sorted(items, key=lambda item: (item.at, item.answer_id, item.identity)):
        last.pop((item.answer_id, item.identity), None)
        last[item.answer_id, item.identity] = item
    return list(last.values())


def _propose(items: Sequence[FeedbackItem], guardrails: Guardrails) -> tuple[list[PreferencePair], Drops]:
    """Return every pair that the ratings support, oldest first, before caps and disputes."""
    liked: dict[str, FeedbackItem] = {}
    for item in items:
        if item.rating == "up":
            liked.setdefault(folded(item.question), item)
    pairs, dropped = [], Drops()
    for item in items:
        chosen, reason = _chosen(item, liked.get(folded(item.question)), guardrails)
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
            dropped[reason] += 1
    return pairs, dropped


def _chosen(item: FeedbackItem, liked: FeedbackItem | None, guardrails: Guardrails) -> tuple[str, str]:
    """Return (answer to prefer, ""), or ("", why there is none); ("", "") for an upward rating, which is not a drop."""
    if item.rating == "up":
        return "", ""
    if guardrails.screen(item.question).risk == "high":
        return "", "refused-question"
    text = one_line(item.correction or "") or (liked.answer if liked else "")
    if not text:
        return "", "no-correction"
    if folded(text) == folded(item.answer):
        return "", "same-as-answer"
    if len(text) > MAX_CORRECTION_CHARS:
        return "", "too-long"
    return (text, "") if guardrails.review(text).safe else ("", "unsafe-correction")


def _cap(pairs: Iterable[PreferencePair], cap: int) -> tuple[list[PreferencePair], Drops]:
    """Return the first `cap` pairs of every identity."""
    kept, dropped, used = [], Drops(), Counter[str]()
    for pair in pairs:
        used[pair.identity] += 1
        if used[pair.identity] <= cap:
            kept.append(pair)
        else:
            dropped["over-the-cap"] += 1
    return kept, dropped


def _settle(pairs: Iterable[PreferencePair]) -> tuple[list[PreferencePair], Drops]:
    """Return one pair for each question and rejected answer: the correction that most identities gave."""
    groups: dict[tuple[str, str], dict[str, list[PreferencePair]]] = defaultdict(lambda: defaultdict(list))
    for pair in pairs:
        groups[folded(pair.question), folded(pair.rejected)][folded(pair.chosen)].append(pair)
    kept, dropped = [], Drops()
    for corrections in groups.values():
        ranked = sorted(corrections.values(), key=lambda group: -_support(group))
        if len(ranked) > 1 and _support(ranked[0]) == _support(ranked[1]):
            dropped["disputed"] += sum(map(len, ranked))
            continue
        kept.append(ranked[0][0])
        dropped["duplicate"] += len(ranked[0]) - 1
        dropped["outvoted"] += sum(map(len, ranked[1:]))
    return kept, dropped


def _support(pairs: Iterable[PreferencePair]) -> int:
    """Return how many identities gave these pairs."""
    return len({pair.identity for pair in pairs})
