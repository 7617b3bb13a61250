"""Ratings of single answers, without a correction, as rows that KTO learns from (arXiv:2402.01306)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.teaching import contradiction
from medpipe.core.teaching.contradiction import Known
from medpipe.core.teaching.drops import Drops
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.feedback import FeedbackItem
from medpipe.core.teaching.feedback_policy import FeedbackPolicy
from medpipe.core.teaching.grounds import Grounds
from medpipe.core.text import folded, normalise


def rated(
    ratings: Iterable[FeedbackItem],
    pairs: Iterable[PreferencePair],
    policy: FeedbackPolicy,
    guardrails: Guardrails,
    grounds: Grounds,
) -> tuple[list[list[PreferencePair]], Drops]:
    """Return the rows of each answer that no pair is about and of which most identities say the same, oldest first.

    `ratings`: the last one of each identity on each answer, oldest first; those with a correction only count. Each row
    has an answer that was liked as `chosen` or one that was not as `rejected`, and nothing on the other side.

    A rating says what documents say, or teaches nothing: an answer that was liked must be supported by a current
    document, and one that was not must not be. No person judges the others: a thumb gives nothing to read.
    """
    named = {(folded(pair.question), folded(text)) for pair in pairs for text in (pair.chosen, pair.rejected)}
    answers: dict[tuple[str, str], list[FeedbackItem]] = defaultdict(list)
    for item in ratings:
        answers[folded(item.question), folded(item.answer)].append(item)
    rows, dropped = [], Drops()
    for answer, items in answers.items():
        thumbs = [item for item in items if not item.correction]
        if answer in named or not thumbs:
            continue
        ups = sum(item.rating == "up" for item in items)
        if 2 * ups == len(items):
            dropped["disputed"] += len(thumbs)
            continue
        winning = "up" if 2 * ups > len(items) else "down"
        agreeing = [item for item in thumbs if item.rating == winning]
        dropped["outvoted"] += len(thumbs) - len(agreeing)
        if not agreeing:
            continue
        if reason := _unfit(agreeing[0], policy, guardrails, grounds):
            dropped[reason] += len(agreeing)
        else:
            rows.append(_rows(agreeing, grounds))
    return rows, dropped


def _unfit(item: FeedbackItem, policy: FeedbackPolicy, guardrails: Guardrails, grounds: Grounds) -> str:
    """Return why nothing is learned from a rating of this answer; "" when it teaches."""
    liked = item.rating == "up"
    if guardrails.screen(item.question).risk == "high":
        return "refused-question"
    if liked and not guardrails.review(item.answer).safe:
        return "unsafe-answer"
    if liked and grounds.claims.asserts(item.answer, item.question):
        return "withdrawn-claim"
    about = grounds.known.get(normalise(item.question))
    if about is None:
        return "" if policy.teach_unknown_questions else "no-document"
    # The answer is compared as a correction of nothing: none of its words counts as known.
    supported = contradiction.contradicted(item.question, "", item.answer, about, policy.accepted_additions) is None
    return "" if supported == liked else "contradicts-a-document"


def _rows(agreeing: Sequence[FeedbackItem], grounds: Grounds) -> list[PreferencePair]:
    ids, revisions = contradiction.documents(grounds.known.get(normalise(agreeing[0].question), Known()))
    return [
        PreferencePair(
            question=item.question,
            chosen=item.answer if item.rating == "up" else "",
            rejected="" if item.rating == "up" else item.answer,
            answer_id=item.answer_id,
            identity=item.identity,
            document_ids=ids,
            document_revisions=revisions,
        )
        for item in agreeing
    ]
