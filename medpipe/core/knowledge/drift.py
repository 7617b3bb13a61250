"""Whether the world has moved away from what the champion carries: signals about facts, and a verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from medpipe.core.corpus.document import Document
from medpipe.core.intervals import wilson
from medpipe.core.knowledge.carried import KnownFact, Role
from medpipe.core.sources import prefix
from medpipe.core.teaching import filters, selection
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.facts import Fact, decompose
from medpipe.core.teaching.feedback import FeedbackItem
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.recipe import Data
from medpipe.core.text import stable_share, words

_LONGEST_TOPIC = 40
"""Words of a topic that are looked for in a question."""


class Policy(BaseModel):
    """How much must have happened before a retrain is worth its risk: `policies/drift.yaml`, which gives the reasons.

    Counts are absolute, because what a patient is told wrongly does not become right when the corpus grows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    new_facts: int = Field(ge=1)
    """Facts that the champion was never taught."""
    changed_facts: int = Field(ge=1)
    """Facts that the champion was taught with another answer."""
    withdrawn_documents: int = Field(ge=1)
    """Withdrawn documents whose claims the champion was taught and that no later training withdrew."""
    unused_pairs: int = Field(ge=1)
    """Preference pairs that no training of the champion's line has used."""
    stale_days: int = Field(ge=1)
    """Days. No change of a fact waits longer than this for a training, however few changes there are."""
    training_days: int = Field(ge=1)
    """Days since the champion was trained, after which anything unlearned is a reason."""
    rest_days: int = Field(ge=0)
    """Days between two routine trainings, at least. A withdrawal never waits."""
    feedback_days: int = Field(ge=1)
    """Days before the measurement whose feedback counts."""
    min_feedback: int = Field(ge=1)
    """Ratings below which nothing is said about feedback."""
    unseen_questions: float = Field(ge=0, le=1)
    """Share of rated questions about no topic that the champion was taught; judged by the interval's lower end."""
    down_ratings: float = Field(ge=0, le=1)
    """Share of ratings of the champion's answers that are `down`; judged by the interval's lower end."""
    correction_facts: int = Field(ge=1)
    """Fewer new and changed facts than this are judged by the promotion plan `correction`."""
    fresh_start_after_loss: bool
    """Whether the next training starts from the base when the newest one was held because it lost what was known."""


class Signal(BaseModel):
    """`count` of `total`, the share with its 95 % interval [low, high], and whether it is over its threshold."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    count: int
    """Facts, documents, questions or ratings; days for ages."""
    total: int
    share: float
    low: float
    high: float
    over: bool
    note: str = ""
    """Why nothing was measured; empty for a measurement."""


class Drift(BaseModel):
    """The verdict, and the signals that it rests on."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    verdict: Literal["retrain", "hold"]
    method: Literal["sft", "dpo"]
    """How to retrain: `dpo` if unused preference pairs are the only signal over its threshold, else `sft`."""
    signals: tuple[Signal, ...]
    reasons: tuple[str, ...]
    withdrawn: tuple[str, ...] = ()
    """Ids of withdrawn documents that the champion asserts. A hotfix must unlearn them before any other retrain."""


class Changes(NamedTuple):
    """The facts of today that a model was not taught, and the current facts in all."""

    new: tuple[Fact, ...]
    """The model was never taught an answer."""
    changed: tuple[Fact, ...]
    """The model was taught another answer."""
    known: int
    """Facts that the model was taught."""

    @property
    def unlearned(self) -> dict[str, str]:
        """Fact id → what it says, for everything that a training would teach."""
        return {fact.id: fact.says for fact in (*self.new, *self.changed)}

    @property
    def oldest(self) -> date | None:
        """The day of the oldest revision that has a fact to teach; None when no revision says its day."""
        return min((day for fact in (*self.new, *self.changed) if (day := _day(fact.document.revision))), default=None)


class Heard(NamedTuple):
    """Feedback on the champion in the window of the policy, and the topics that it was taught."""

    items: Sequence[FeedbackItem]
    topics: Collection[str]


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


def stated(documents: Iterable[Document], data: Data, hygiene: Hygiene) -> Iterator[Fact]:
    """Yield the facts that a recipe with `data` would consider for teaching, with identifiers replaced.

    Facts published from the cut-off on, and documents that no run may teach, are left out. With `clusters`, a
    document's share of `unseen` is taken from its own id here, and from its cluster's name in a training. One document
    is in memory at a time.
    """
    for document in documents:
        chosen, _ = selection.chosen([document], data)
        later = data.cut_off is not None and document.published >= data.cut_off
        unseen = stable_share(document.id, "unseen") < data.unseen.get(prefix(document.id), 0.0)
        if chosen and not later and not unseen:
            facts, _ = filters.redacted(decompose(document, data)[0], data, hygiene)
            yield from facts


def changes(stated: Iterable[Fact], considered: Mapping[str, KnownFact], claims: Iterable[Claim]) -> Changes:
    """Return which facts a training would teach.

    `stated`: the facts of today's documents, as the recipe reads them. `considered`: what the model's trainings did
    with each fact. A fact that a training left out is not news as long as it says the same. `claims`: withdrawn
    claims; no fact that asks the same is ever taught.
    """
    withdrawn = {claim.key for claim in claims}
    documents = {claim.document for claim in claims}
    new: list[Fact] = []
    changed: list[Fact] = []
    for fact in stated:
        before = considered.get(fact.id)
        if fact.key in withdrawn or fact.document.id in documents or (before and before.says == fact.says):
            continue
        (changed if before and before.role is Role.TAUGHT else new).append(fact)
    known = sum(fact.role is Role.TAUGHT for fact in considered.values())
    return Changes(tuple(new), tuple(changed), known)


def verdict(measured: Measured, policy: Policy) -> Drift:
    """Judge the signals. Without a champion, any fact calls for a first training."""
    new, changed = len(measured.changes.new), len(measured.changes.changed)
    pairs = _count("unused preference pairs", measured.pairs_unused, measured.pairs_unused, policy.unused_pairs)
    withdrawn = _count(
        "withdrawn documents that it asserts", len(measured.withdrawn), measured.carried, policy.withdrawn_documents
    )
    signals = (
        _count("new facts", new, new + measured.changes.known, policy.new_facts),
        _count("changed facts", changed, measured.changes.known, policy.changed_facts),
        withdrawn,
        pairs,
        *_ages(measured, policy),
        *_feedback(measured.heard, policy),
    )
    if measured.trained_at is None:
        first = ("no champion yet: everything is new",) if new else ()
        return _judged(signals, first, (), "sft")
    over = [signal for signal in signals if signal.over]
    if over and not (measured.changes.unlearned or measured.pairs_unused or measured.withdrawn):
        nothing = "a person must look at the answers: there is no new fact and no pair to learn from"
        return _judged(signals, (*map(_reason, over), nothing), (), "sft").model_copy(update={"verdict": "hold"})
    method: Literal["sft", "dpo"] = "dpo" if over == [pairs] else "sft"
    judged = _judged(signals, tuple(map(_reason, over)), measured.withdrawn, method)
    return _rested(judged, measured, policy) if over and not withdrawn.over else judged


def _rested(drift: Drift, measured: Measured, policy: Policy) -> Drift:
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


def _ages(measured: Measured, policy: Policy) -> tuple[Signal, Signal]:
    """Return the age of the oldest unlearned change and of the last training, in days."""
    names = "days that the oldest unlearned change waits", "days since the last training"
    if measured.at is None:
        return _unmeasured(names[0], "no time was given"), _unmeasured(names[1], "no time was given")
    oldest = measured.changes.oldest
    waiting = max(0, (measured.at.date() - oldest).days) if oldest else 0
    pending = bool(measured.changes.unlearned or measured.pairs_unused)
    since = max(0, (measured.at - measured.trained_at).days) if measured.trained_at else 0
    return (
        _count(names[0], waiting, waiting, policy.stale_days),
        _count(names[1], since, since, policy.training_days, pending),
    )


def _feedback(heard: Heard | None, policy: Policy) -> tuple[Signal, Signal]:
    """Return the share of rated questions about topics never taught, and of ratings that are `down`."""
    names = "rated questions about topics never taught", "answers rated down"
    if heard is None or len(heard.items) < policy.min_feedback:
        said = "no time was given" if heard is None else f"{len(heard.items)} ratings are too few"
        return _unmeasured(names[0], said), _unmeasured(names[1], said)
    topics = frozenset(heard.topics)
    unseen = sum(not about_any(item.question, topics) for item in heard.items)
    down = sum(item.rating == "down" for item in heard.items)
    return (
        _share(names[0], unseen, len(heard.items), policy.unseen_questions),
        _share(names[1], down, len(heard.items), policy.down_ratings),
    )


def about_any(question: str, topics: Collection[str]) -> bool:
    """Return whether a question names one of the topics (normalised texts) in a row of its words."""
    said = words(question)
    return any(
        " ".join(said[start:end]) in topics
        for start in range(len(said))
        for end in range(start + 1, min(len(said), start + _LONGEST_TOPIC) + 1)
    )


def window(at: datetime, policy: Policy) -> tuple[datetime, datetime]:
    """Return the window [start, end) whose feedback counts."""
    return at - timedelta(days=policy.feedback_days), at


def _reason(signal: Signal) -> str:
    if signal.total == signal.count:
        return f"{signal.name}: {signal.count}"
    return (
        f"{signal.name}: {signal.count} of {signal.total} "
        f"({signal.share:.1%}, 95 % interval {signal.low:.1%} to {signal.high:.1%})"
    )


def _count(name: str, count: int, total: int, threshold: int, counts: bool = True) -> Signal:
    share, low, high = _interval(count, total)
    over = counts and count >= threshold
    return Signal(name=name, count=count, total=total, share=share, low=low, high=high, over=over)


def _share(name: str, count: int, total: int, threshold: float) -> Signal:
    share, low, high = _interval(count, total)
    return Signal(name=name, count=count, total=total, share=share, low=low, high=high, over=low > threshold)


def _unmeasured(name: str, note: str) -> Signal:
    return Signal(name=name, count=0, total=0, share=0.0, low=0.0, high=1.0, over=False, note=f"not measured: {note}")


def _interval(count: int, total: int) -> tuple[float, float, float]:
    """Return a share and its 95 % interval; a share of nothing is 0 in [0, 1]."""
    share = count / total if total else 0.0
    return (share, *wilson(share, total))


def _day(revision: int) -> date | None:
    """Return the day that a revision begins with (YYYYMMDD); None for one that does not."""
    try:
        return date.fromisoformat(str(revision)[:8])
    except ValueError:
        return None
