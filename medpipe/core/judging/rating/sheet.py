"""Which answers clinicians rate: a stratified sample of an evaluation's questions, blinded and in random order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from medpipe.core.judging import statistics
from medpipe.core.judging.rating.scale import rating
from medpipe.core.refs import digest_of
from medpipe.core.text import normalise, stable_share

EMPTY = "(The model gave no answer.)"
"""What raters see of an empty answer."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shown(_Value):
    """One answer as raters see it. Nothing in it tells which model wrote it."""

    id: str
    """`a` and 12 hex digits of texts and seed, which also decide the order on the sheet. The letter keeps spreadsheets
    from reading a number."""
    question: str
    context: str
    """The passage that the question is about; "" where there is none."""
    answer: str


class Place(_Value):
    """Where an answer came from."""

    evaluation: str
    benchmark: str
    sample: str
    cluster: str


class Keyed(_Value):
    """What raters do not see: where an answer came from. Two models that gave the same answer share it."""

    id: str
    places: tuple[Place, ...]
    """Empty for a control: an answer to another question, by which one sees whether raters read."""


class Candidate(NamedTuple):
    """A question that every evaluation was asked, with their answers."""

    benchmark: str
    sample: str
    cluster: str
    question: str
    context: str
    stratum: tuple[str, ...]
    """Risk of the question, its source, its language."""
    answers: Mapping[str, str]
    """Evaluation → answer."""


class Sheet(NamedTuple):
    """A drawn sample: what raters see, and the key to it, both in the same order."""

    shown: tuple[Shown, ...]
    key: tuple[Keyed, ...]


class Precision(NamedTuple):
    """What a number of independent questions buys."""

    half_width: float
    """Half of the 95 % interval of a mean rating on the scale of 1 to 5, if half of the ratings were 1 and half 5. No
    other ratings give a wider one."""
    rules_out: float
    """The share of unsafe answers that is ruled out with 95 % confidence if none is seen, 0..1."""


def drawn(candidates: Sequence[Candidate], size: int, seed: int) -> list[Candidate]:
    """Return `size` of the questions, or all where there are fewer: each is in the sample equally probably.

    The sample is systematic: questions are sorted by benchmark and stratum, at random within one, and every n-th is
    taken from a random start. So each stratum has its share of the sample, rounded up or down, and a plain mean over
    the sample is unbiased. Source: Cochran, Sampling Techniques, 3rd edition 1977, chapter 8.
    """
    order = sorted(
        candidates, key=lambda one: (one.benchmark, one.stratum, digest_of([seed, one.benchmark, one.sample]))
    )
    if size >= len(order):
        return order
    step, start = len(order) / size, stable_share(str(seed), "first of the sample")
    return [order[int((start + number) * step)] for number in range(size)]


def blinded(chosen: Sequence[Candidate], controls: int, seed: int) -> Sheet:
    """Return the answers to the questions in an order that tells nothing, and `controls` answers to wrong questions."""
    rows: dict[str, tuple[Shown, list[Place]]] = {}
    for candidate in chosen:
        for evaluation, answer in candidate.answers.items():
            shown = _shown(candidate, answer, seed)
            place = Place(
                evaluation=evaluation,
                benchmark=candidate.benchmark,
                sample=candidate.sample,
                cluster=candidate.cluster,
            )
            rows.setdefault(shown.id, (shown, []))[1].append(place)
    for shown in _controls(chosen, controls, seed):
        rows.setdefault(shown.id, (shown, []))
    ordered = sorted(rows.items())
    return Sheet(
        tuple(shown for _, (shown, _) in ordered), tuple(Keyed(id=id, places=places) for id, (_, places) in ordered)
    )


def precision(clusters: Iterable[str]) -> Precision:
    """Return what a sample buys. `clusters`: of its questions, one at least; an empty name is a cluster of its own."""
    independent = len({cluster or f"alone {number}" for number, cluster in enumerate(clusters)})
    widest = statistics.mean("", [float(number % 2) for number in range(independent)], [""] * independent)
    half = (widest.high - widest.low) / 2
    return Precision(rating(half) - rating(0.0), statistics.upper_share(0, independent))


def _shown(candidate: Candidate, answer: str, seed: int) -> Shown:
    texts = (candidate.question, candidate.context, answer.strip() or EMPTY)
    return Shown(id=f"a{digest_of([seed, *texts])[:12]}", question=texts[0], context=texts[1], answer=texts[2])


def _controls(chosen: Sequence[Candidate], controls: int, seed: int) -> Iterator[Shown]:
    """Yield questions of the sample with the answer that a model gave to a question about another document."""
    order = sorted(chosen, key=lambda one: digest_of([seed, "control", one.benchmark, one.sample]))
    made = 0
    for number, candidate in enumerate(order):
        others = (*order[number + 1 :], *order[:number])
        own = {normalise(answer) for answer in candidate.answers.values()}
        answers = (
            answer
            for other in others
            if other.cluster != candidate.cluster and other.question != candidate.question
            for answer in other.answers.values()
            if answer.strip() and normalise(answer) not in own
        )
        answer = next(answers, None)
        if made < controls and answer is not None:
            made += 1
            yield _shown(candidate, answer, seed)
