"""Preference pairs from all feedback together: disputes settled, sides kept apart, one identity's influence bounded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.teaching import contradiction
from medpipe.core.teaching.contradiction import Contradiction, Known
from medpipe.core.teaching.drops import Drops, total
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.feedback import FeedbackItem
from medpipe.core.teaching.feedback_policy import FeedbackPolicy
from medpipe.core.teaching.grounds import Grounds
from medpipe.core.teaching.ratings import rated
from medpipe.core.text import folded, in_lines, normalise, stable_share


class BuiltPairs(NamedTuple):
    """`train` and `heldout` share neither a question nor an identity. `drops` counts what was left out, by reason."""

    train: tuple[PreferencePair, ...]
    heldout: tuple[PreferencePair, ...]
    waiting: tuple[Contradiction, ...]
    """Corrections that no current document supports and that wait for a person."""
    drops: Drops


def build(
    items: Iterable[FeedbackItem], policy: FeedbackPolicy, guardrails: Guardrails, grounds: Grounds
) -> BuiltPairs:
    """Return preference pairs from all ratings and corrections, in any order.

    - Barred feedback (`FeedbackItem.barred`) is counted and does nothing else.
    - Of one identity's ratings of one answer, the last counts.
    - A downward rating with a correction: the correction is chosen, the answer rejected. A downward and an upward
      rating of two different answers to one question: the answer liked is chosen.
    - A chosen text that asserts a withdrawn claim never teaches. A text that contradicts a current document waits, and
      so does one about a question that no document is about, unless the policy lets it teach.
    - Of different corrections of one answer, the one that most identities gave wins. It must also have more supporters
      than the answer itself has upward ratings. A tie teaches nothing.
    - A question is on one side and an identity is on one side, both by a hash, the same side every time. A pair is on
      the side of its question, and belongs to the earliest supporter on that side; without one it is left out.
    - Where the policy has `teach_ratings`, ratings of answers that no pair is about teach too (`ratings.rated`). Only
      pairs judge.
    - On each side, one identity has at most `max_pairs_per_identity` pairs and ratings together, the earliest ones and
      pairs first, and at most `max_share_per_identity` of all. Where that cannot be, as with too few identities, the
      side is empty.
    """
    allowed, barred = _allowed(items)
    ratings = _last_ratings(allowed)
    proposed, waiting, unfit = _propose(ratings, policy, guardrails, grounds)
    agreed, settled = _settle(proposed, _likes(ratings))
    train, heldout, astray = _sides(agreed, policy)
    alone, left = _alone(ratings, agreed, policy, guardrails, grounds)
    taught, over_train = _bounded([*train, *alone], policy)
    judging, over_heldout = _bounded(heldout, policy)
    return BuiltPairs(
        tuple(taught),
        tuple(judging),
        tuple(waiting),
        +total(barred, unfit, settled, astray, left, over_train, over_heldout),
    )


def held_out(question: str, share: float) -> bool:
    """Return whether a question is only evaluated and never taught: the same ones every time, `share` (0..1) of all."""
    return stable_share(folded(question)) < share


def judges(identity: str, share: float) -> bool:
    """Return whether an identity's pairs are only evaluated: the same ones every time, `share` (0..1) of all."""
    return stable_share(identity, "held-out identity") < share


def _allowed(items: Iterable[FeedbackItem]) -> tuple[list[FeedbackItem], Drops]:
    """Return the feedback that may teach, and how much may not, by reason. Memory grows with the former only."""
    allowed, dropped = [], Drops()
    for item in items:
        if item.barred:
            dropped[item.barred] += 1
        else:
            allowed.append(item)
    return allowed, dropped


def _last_ratings(items: Iterable[FeedbackItem]) -> list[FeedbackItem]:
    """Return the last rating of each identity on each answer, oldest first."""
    last: dict[tuple[str, str], FeedbackItem] = {}
    for item in sorted(items, key=lambda item: (item.at, item.answer_id, item.identity)):
        last.pop((item.answer_id, item.identity), None)
        last[item.answer_id, item.identity] = item
    return list(last.values())


def _likes(items: Iterable[FeedbackItem]) -> dict[tuple[str, str], frozenset[str]]:
    """Return which identities like an answer to a question, by folded question and answer."""
    likes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in items:
        if item.rating == "up":
            likes[folded(item.question), folded(item.answer)].add(item.identity)
    return {answer: frozenset(identities) for answer, identities in likes.items()}


def _propose(
    items: Sequence[FeedbackItem], policy: FeedbackPolicy, guardrails: Guardrails, grounds: Grounds
) -> tuple[list[PreferencePair], list[Contradiction], Drops]:
    """Return every pair that the ratings support and the corrections that wait, both oldest first."""
    liked: dict[str, FeedbackItem] = {}
    for item in items:
        if item.rating == "up":
            liked.setdefault(folded(item.question), item)
    pairs, waiting, dropped = [], [], Drops()
    for item in items:
        chosen, reason = chosen_for(item, liked.get(folded(item.question)), policy, guardrails)
        if not chosen:
            dropped.update([reason] if reason else [])
            continue
        verdict = verdict_on(item, chosen, policy, grounds)
        if isinstance(verdict, Contradiction):
            waiting.append(verdict)
            dropped["contradicts-a-document" if verdict.document else "no-document"] += 1
        elif verdict:
            dropped[verdict] += 1
        else:
            pairs.append(pair_of(item, chosen, grounds))
    return pairs, waiting, dropped


def pair_of(item: FeedbackItem, chosen: str, grounds: Grounds) -> PreferencePair:
    """Return the pair in which a text is preferred to an answer, with the documents that the question is about."""
    ids, revisions = contradiction.documents(grounds.known.get(normalise(item.question), Known()))
    return PreferencePair(
        question=item.question,
        chosen=chosen,
        rejected=item.answer,
        answer_id=item.answer_id,
        identity=item.identity,
        document_ids=ids,
        document_revisions=revisions,
    )


def chosen_for(
    item: FeedbackItem, liked: FeedbackItem | None, policy: FeedbackPolicy, guardrails: Guardrails
) -> tuple[str, str]:
    """Return (answer to prefer, ""), or ("", why there is none); ("", "") for an upward rating, which is not a drop."""
    if item.rating == "up":
        return "", ""
    if guardrails.screen(item.question).risk == "high":
        return "", "refused-question"
    text = in_lines(item.correction or "") or (liked.answer if liked else "")
    if not text:
        return "", "no-correction"
    if folded(text) == folded(item.answer):
        return "", "same-as-answer"
    if len(text) > policy.max_correction_chars:
        return "", "too-long"
    return (text, "") if guardrails.review(text).safe else ("", "unsafe-correction")


def verdict_on(item: FeedbackItem, chosen: str, policy: FeedbackPolicy, grounds: Grounds) -> Contradiction | str:
    """Return why a chosen text does not teach: a reason, a contradiction that waits, or "" when it teaches."""
    if grounds.claims.asserts(chosen, item.question):
        return "withdrawn-claim"
    id = contradiction.correction_id(item.answer_id, item.identity, chosen)
    if id in grounds.discarded:
        return "discarded"
    about = grounds.known.get(normalise(item.question))
    if id in grounds.released or (about is None and policy.teach_unknown_questions):
        return ""
    if about is None:
        document, states = "", ""
    elif fact := contradiction.contradicted(item.question, item.answer, chosen, about, policy.accepted_additions):
        document, states = fact.document.id, fact.answer
    else:
        return ""
    return Contradiction(id, item.answer_id, item.identity, item.question, item.answer, chosen, document, states)


def _settle(
    pairs: Iterable[PreferencePair], likes: Mapping[tuple[str, str], frozenset[str]]
) -> tuple[list[list[PreferencePair]], Drops]:
    """Return for each question and rejected answer the pairs that agree on the winning correction, oldest first."""
    groups: dict[tuple[str, str], dict[str, list[PreferencePair]]] = defaultdict(lambda: defaultdict(list))
    for pair in pairs:
        groups[folded(pair.question), folded(pair.rejected)][folded(pair.chosen)].append(pair)
    agreed, dropped = [], Drops()
    for answer, corrections in groups.items():
        ranked = sorted(corrections.values(), key=lambda group: -_support(group))
        rival = max([len(likes.get(answer, ())), *map(_support, ranked[1:])])
        if _support(ranked[0]) <= rival:
            dropped["disputed"] += sum(map(len, ranked))
            continue
        agreed.append(ranked[0])
        dropped["outvoted"] += sum(map(len, ranked[1:]))
    return agreed, dropped


def _support(pairs: Iterable[PreferencePair]) -> int:
    """Return how many identities gave these pairs."""
    return len({pair.identity for pair in pairs})


def _alone(
    ratings: Sequence[FeedbackItem],
    agreed: Iterable[Sequence[PreferencePair]],
    policy: FeedbackPolicy,
    guardrails: Guardrails,
    grounds: Grounds,
) -> tuple[list[PreferencePair], Drops]:
    """Return the ratings of single answers that teach; none where the policy does not have them taught."""
    if not policy.teach_ratings:
        return [], Drops()
    rows, dropped = rated(ratings, (pair for group in agreed for pair in group), policy, guardrails, grounds)
    train, heldout, astray = _sides(rows, policy)
    left = total(dropped, astray, Drops({"question-is-held-out": len(heldout)}))
    return train, Drops({f"rating: {reason}": count for reason, count in left.items()})


def _sides(
    agreed: Iterable[Sequence[PreferencePair]], policy: FeedbackPolicy
) -> tuple[list[PreferencePair], list[PreferencePair], Drops]:
    """Return one taught or one held-out pair for each group of agreeing pairs."""
    train: list[PreferencePair] = []
    heldout: list[PreferencePair] = []
    dropped = Drops()
    for group in agreed:
        asked = held_out(group[0].question, policy.heldout_questions)
        fitting = [pair for pair in group if judges(pair.identity, policy.heldout_identities) == asked]
        dropped["on-the-other-side"] += 0 if fitting else len(group)
        dropped["duplicate"] += len(group) - 1 if fitting else 0
        (heldout if asked else train).extend(fitting[:1])
    return train, heldout, dropped


def _bounded(pairs: Sequence[PreferencePair], policy: FeedbackPolicy) -> tuple[list[PreferencePair], Drops]:
    """Return as many pairs as the bounds on one identity allow, the earliest of each identity."""
    counts = Counter(pair.identity for pair in pairs)
    most = _most(counts, policy)
    kept, dropped, used = [], Drops(), Counter[str]()
    for pair in pairs:
        used[pair.identity] += 1
        if used[pair.identity] <= most:
            kept.append(pair)
        elif not most:
            dropped["too-few-identities"] += 1
        else:
            over_cap = used[pair.identity] > policy.max_pairs_per_identity
            dropped["over-the-cap" if over_cap else "over-the-share"] += 1
    return kept, dropped


def _most(counts: Mapping[str, int], policy: FeedbackPolicy) -> int:
    """Return the greatest number of pairs of an identity with which none has more than its share of the result.

    With at most m pairs from each identity the result has S(m) = Σ min(count, m) pairs. S(m)/m falls with m, so there
    is a greatest m with m ≤ share · S(m). It is 0 when even one pair from each identity is too great a share.
    """
    for most in range(min(policy.max_pairs_per_identity, max(counts.values(), default=0)), 0, -1):
        result = sum(min(count, most) for count in counts.values())
        if most <= policy.max_share_per_identity * result + _ROUNDING:
            return most
    return 0


_ROUNDING = 1e-9
"""0.1 · 30 must count as 3."""
