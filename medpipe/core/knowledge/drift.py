"""Whether the world has moved away from what the champion carries: a verdict on signals about facts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from medpipe.core.knowledge.drift_policy import DriftPolicy
from medpipe.core.knowledge.drift_signal import Signal
from medpipe.core.knowledge.fact_changes import Changes
from medpipe.core.text import words

_LONGEST_TOPIC = 40
"""Words of a topic that are looked for in a question."""


class Drift(BaseModel):
    """The verdict, and the signals that it rests on."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    verdict: Literal["retrain", "hold"]
    method: Literal["sft", "dpo"]
    """How to retrain: `dpo` if unused preference pairs are the only signal over its threshold, else `sft`. After an
    erasure, `dpo` if the version that training goes back to knows every fact."""
    signals: tuple[Signal, ...]
    reasons: tuple[str, ...]
    withdrawn: tuple[str, ...] = ()
    """Ids of withdrawn documents that the champion asserts. A hotfix must unlearn them before any other retrain."""


class Heard(NamedTuple):
    """What readers got from the champion, and said about it, in the window of the policy."""

    ratings: int = 0
    down: int = 0
    unseen: int = 0
    """Ratings of answers to questions about topics that the champion was never taught (`about_any`)."""
    answers: int = 0
    """Questions that were answered or refused."""
    refused: int = 0


class Canaries(NamedTuple):
    """Questions that the champion answered right when it was judged, asked of what serves."""

    asked: int = 0
    wrong: int = 0
    fault: str = ""
    """Why nothing could be asked; empty if it could."""


class ErasedPairs(NamedTuple):
    """Pairs that the champion's line learned and that were erased since, and what a training without them would do."""

    pairs: int = 0
    learned: int = 0
    """All pairs that the line learned."""
    start: str = ""
    """The newest version that never learned what was erased, or `base`."""
    learns: Mapping[str, str] = {}
    """Fact id → what it says, for the facts that `start` was not taught."""
    unused: int = 0
    """Pairs of the newest ones that `start` can learn from."""

    @property
    def method(self) -> Literal["sft", "dpo"] | None:
        """By which method there is something to learn after `start`; None: by neither."""
        return "sft" if self.learns else "dpo" if self.unused else None


class Measured(NamedTuple):
    """What `verdict` judges."""

    changes: Changes
    withdrawn: tuple[str, ...]
    """Ids of withdrawn documents that the champion asserts."""
    carried: int
    """Documents that the champion was taught."""
    pairs_unused: int
    trained_at: datetime | None
    """When the champion was trained; None without a champion."""
    at: datetime | None
    """The time of the measurement; None: ages and feedback are not measured."""
    heard: Heard | None
    """None: feedback is not measured."""
    canaries: Canaries | None = None
    """None: what serves was not asked."""
    erased: ErasedPairs = ErasedPairs()


def verdict(measured: Measured, policy: DriftPolicy) -> Drift:
    """Judge the signals. Without a champion, any fact calls for a first training."""
    new, changed = len(measured.changes.new), len(measured.changes.changed)
    unused = measured.pairs_unused
    pairs = Signal.of_count("unused preference pairs", unused, unused, policy.unused_pairs)
    withdrawn = Signal.of_count(
        "withdrawn documents that it asserts", len(measured.withdrawn), measured.carried, policy.withdrawn_documents
    )
    gone = measured.erased
    erased = Signal.of_count("erased pairs that it learned", gone.pairs, gone.learned, policy.erased_pairs)
    signals = (
        Signal.of_count("new facts", new, new + measured.changes.known, policy.new_facts),
        Signal.of_count("changed facts", changed, measured.changes.known, policy.changed_facts),
        withdrawn,
        erased,
        pairs,
        *_ages(measured, policy),
        *_feedback(measured.heard, policy),
        _refusals(measured.heard, policy),
        _canaries(measured.canaries, policy),
    )
    if measured.trained_at is None:
        first = ("no champion yet: everything is new",) if new else ()
        return _judged(signals, first, (), "sft")
    over = [signal for signal in signals if signal.over]
    reasons = tuple(signal.reason for signal in over)
    if erased.over and not withdrawn.over:
        return _without_erased(_judged(signals, reasons, (), gone.method or "sft"), measured, policy)
    if over and not (measured.changes.unlearned or measured.pairs_unused or measured.withdrawn):
        nothing = "a person must look at the answers: there is no new fact and no pair to learn from"
        return _judged(signals, (*reasons, nothing), (), "sft").model_copy(update={"verdict": "hold"})
    method: Literal["sft", "dpo"] = "dpo" if over == [pairs] else "sft"
    judged = _judged(signals, reasons, measured.withdrawn, method)
    return _rested(judged, measured, policy) if over and not withdrawn.over else judged


def _without_erased(drift: Drift, measured: Measured, policy: DriftPolicy) -> Drift:
    """Return the verdict after an erasure, turned to hold where only a person can take what was erased out of serving.

    The next retrain, whatever it is asked for, starts before the erased pairs.
    """
    if measured.erased.method is None:
        return held(drift, f"a person must roll back to {measured.erased.start}: it has nothing to learn")
    return _rested(drift, measured, policy)


def _rested(drift: Drift, measured: Measured, policy: DriftPolicy) -> Drift:
    """Return the verdict, turned to hold when the last training was too short a time ago."""
    if measured.at is None or measured.trained_at is None:
        return drift
    since = measured.at - measured.trained_at
    if not timedelta(0) <= since < timedelta(days=policy.rest_days):
        return drift
    return held(drift, f"trained {since.days} days ago: routine trainings are {policy.rest_days} days apart")


def held(drift: Drift, reason: str) -> Drift:
    """Return the same signals with the verdict to hold, for this reason first."""
    return drift.model_copy(update={"verdict": "hold", "reasons": (reason, *drift.reasons)})


def _judged(
    signals: tuple[Signal, ...], reasons: tuple[str, ...], withdrawn: tuple[str, ...], method: Literal["sft", "dpo"]
) -> Drift:
    calm = "no signal is over its threshold: " + "; ".join(
        f"{signal.name} {signal.note or signal.count}" for signal in signals
    )
    return Drift(
        verdict="retrain" if reasons else "hold",
        method=method,
        signals=signals,
        reasons=reasons or (calm,),
        withdrawn=withdrawn,
    )


def _ages(measured: Measured, policy: DriftPolicy) -> tuple[Signal, Signal]:
    """Return the age of the oldest unlearned change and of the last training, in days."""
    names = "days that the oldest unlearned change waits", "days since the last training"
    if measured.at is None:
        return Signal.unmeasured(names[0], "no time was given"), Signal.unmeasured(names[1], "no time was given")
    oldest = measured.changes.oldest
    waiting = max(0, (measured.at.date() - oldest).days) if oldest else 0
    pending = bool(measured.changes.unlearned or measured.pairs_unused)
    since = max(0, (measured.at - measured.trained_at).days) if measured.trained_at else 0
    return (
        Signal.of_count(names[0], waiting, waiting, policy.stale_days),
        Signal.of_count(names[1], since, since, policy.training_days, pending),
    )


def _feedback(heard: Heard | None, policy: DriftPolicy) -> tuple[Signal, Signal]:
    """Return the share of rated questions about topics never taught, and of ratings that are `down`."""
    names = "rated questions about topics never taught", "answers rated down"
    if heard is None or heard.ratings < policy.min_feedback:
        said = "no time was given" if heard is None else f"{heard.ratings} ratings are too few"
        return Signal.unmeasured(names[0], said), Signal.unmeasured(names[1], said)
    return (
        Signal.of_share(names[0], heard.unseen, heard.ratings, policy.unseen_questions),
        Signal.of_share(names[1], heard.down, heard.ratings, policy.down_ratings),
    )


def _refusals(heard: Heard | None, policy: DriftPolicy) -> Signal:
    """Return the share of the questions in the window that got a refusal."""
    name = "questions refused"
    if heard is None or heard.answers < policy.min_feedback:
        return Signal.unmeasured(
            name, "no time was given" if heard is None else f"{heard.answers} questions are too few"
        )
    return Signal.of_share(name, heard.refused, heard.answers, policy.refused_questions)


def _canaries(canaries: Canaries | None, policy: DriftPolicy) -> Signal:
    """Return the share of what the champion knew when it was judged and what serves gets wrong."""
    name = "canaries answered wrong by what serves"
    if canaries is None or canaries.fault or not canaries.asked:
        said = "no time was given" if canaries is None else canaries.fault or "the champion answered nothing right"
        return Signal.unmeasured(name, said)
    return Signal.of_share(name, canaries.wrong, canaries.asked, policy.wrong_canaries)


def about_any(question: str, topics: Collection[str]) -> bool:
    """Return whether a question names one of the topics (normalised texts) in a row of its words."""
    said = words(question)
    return any(
        " ".join(said[start:end]) in topics
        for start in range(len(said))
        for end in range(start + 1, min(len(said), start + _LONGEST_TOPIC) + 1)
    )


def window(at: datetime, policy: DriftPolicy) -> tuple[datetime, datetime]:
    """Return the window [start, end) whose feedback counts."""
    return at - timedelta(days=policy.feedback_days), at
