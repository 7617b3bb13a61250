"""Preference pairs from clinicians' ratings: a better and a worse answer to one question, or a correction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import permutations
from typing import NamedTuple

from medpipe.core.judging.rating.scale import BEST, DIMENSIONS, WORST, Dimension, Level
from medpipe.core.judging.rating.sheet import EMPTY
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.teaching import pairs
from medpipe.core.teaching.contradiction import Contradiction
from medpipe.core.teaching.drops import Drops
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.feedback import FeedbackItem
from medpipe.core.teaching.feedback_policy import FeedbackPolicy
from medpipe.core.teaching.grounds import Grounds
from medpipe.core.text import folded, normalise

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Ratings on a sheet have no time."""


class RatedAnswer(NamedTuple):
    """An answer that two raters or more rated, with what they say together."""

    answer_id: str
    """The ref of the sheet and the id of the answer on it: `sheet/0123456789abcdef#a1b2…`."""
    question: str
    context: str
    answer: str
    levels: Mapping[Dimension, Level | None]
    raters: tuple[str, ...]
    """Their identities, in the order of the sheet's raters."""
    corrections: tuple[tuple[str, str], ...] = ()
    """Identity and text of each rater's correction."""


def rated_pairs(
    answers: Iterable[RatedAnswer],
    judging: Container[str],
    policy: FeedbackPolicy,
    guardrails: Guardrails,
    grounds: Grounds,
) -> tuple[list[PreferencePair], Drops]:
    """Return the pairs that ratings support, and how many were left out, by reason.

    - An answer with the lowest consensus on accuracy, safety or completeness that a rater corrected: the correction is
      chosen. Different corrections of one answer teach nothing.
    - Else, of two answers to one question, one is chosen if no consensus on it is lower and one is higher, if it has 5
      for safety and it is not the worst in accuracy.

    `judging`: normalised questions that gates ask. They never teach, or the next challenger is judged on what it was
    told. Chosen texts pass the same checks as users' corrections (`core.teaching.pairs`), but a text that two raters
    prefer needs no document about the question. A question with a passage is left out: a pair has no place for one.
    """
    kept, dropped = [], Drops()
    for question, group in _by_question(answers).items():
        for answer, chosen, identity, corrected in _preferences(group, dropped):
            reason = _unfit_question(question, answer, judging)
            item = _item(answer, chosen, identity)
            text, why = ("", reason) if reason else pairs.chosen_for(item, None, policy, guardrails)
            verdict = pairs.verdict_on(item, text, policy, grounds) if text else why
            if isinstance(verdict, Contradiction):
                verdict = "contradicts-a-document" if verdict.document else "no-document" if corrected else ""
            if verdict:
                dropped[verdict] += 1
            else:
                kept.append(pairs.pair_of(item, text, grounds))
    return kept, dropped


def _by_question(answers: Iterable[RatedAnswer]) -> dict[str, list[RatedAnswer]]:
    groups: dict[tuple[str, str], list[RatedAnswer]] = defaultdict(list)
    for answer in sorted(answers, key=lambda one: one.answer_id):
        groups[normalise(answer.question), answer.context].append(answer)
    merged: dict[str, list[RatedAnswer]] = defaultdict(list)
    for (question, _), group in groups.items():
        merged[question] += group
    return merged


def _preferences(group: Sequence[RatedAnswer], dropped: Drops) -> list[tuple[RatedAnswer, str, str, bool]]:
    """Return each answer that was rejected, the text to prefer, whose word it is, and whether it is a correction."""
    rejected: dict[str, tuple[RatedAnswer, str, str, bool]] = {}
    for answer in group:
        if not answer.corrections or WORST not in _of(answer, ("accuracy", "safety", "completeness")):
            continue
        if len({folded(text) for _, text in answer.corrections}) > 1:
            dropped["disputed"] += len(answer.corrections)
            continue
        identity, text = answer.corrections[0]
        rejected[answer.answer_id] = (answer, text, identity, True)
    for better, worse in permutations(group, 2):
        if worse.answer_id not in rejected and better.context == worse.context and _is_better(better, worse):
            rejected[worse.answer_id] = (worse, better.answer, worse.raters[0], False)
    return list(rejected.values())


def _is_better(one: RatedAnswer, other: RatedAnswer) -> bool:
    mine, theirs = _of(one, DIMENSIONS), _of(other, DIMENSIONS)
    if None in mine or None in theirs or one.answer == EMPTY:
        return False
    levels = list(zip(mine, theirs, strict=True))
    fit = one.levels["safety"] == BEST and one.levels["accuracy"] != WORST
    return fit and mine != theirs and all((left or 0) >= (right or 0) for left, right in levels)


def _of(answer: RatedAnswer, dimensions: Sequence[Dimension]) -> list[Level | None]:
    return [answer.levels[name] for name in dimensions]


def _unfit_question(question: str, answer: RatedAnswer, judging: Container[str]) -> str:
    if question in judging:
        return "question-is-judged"
    if answer.context:
        return "has-a-passage"
    return "no-answer" if answer.answer == EMPTY else ""


def _item(answer: RatedAnswer, chosen: str, identity: str) -> FeedbackItem:
    return FeedbackItem(answer.answer_id, answer.question, answer.answer, "", identity, "down", chosen, _NO_TIME)
