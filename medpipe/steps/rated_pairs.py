"""Preference pairs from clinicians' ratings: build_rated_pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from medpipe import records
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.rating.consensus import Rating, agreed, by_answer
from medpipe.core.judging.rating.scale import DIMENSIONS
from medpipe.core.manifests import PairsFromRatings, PairsManifest, PairsOutcome, RatingsManifest
from medpipe.core.refs import CorpusRef, PairsRef, RatingsRef, SheetRef
from medpipe.core.teaching import contradiction
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.grounds import Grounds
from medpipe.core.teaching.pairs import held_out
from medpipe.core.teaching.rated_pairs import RatedAnswer, rated_pairs
from medpipe.core.teaching.recognition import Claims
from medpipe.core.teaching.stated_pairs import of_raters
from medpipe.core.text import normalise
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest, once
from medpipe.steps.corpus import table_version
from medpipe.steps.erased import Erased, erased_digest
from medpipe.steps.feedback import claims_digest, earlier, facts_of
from medpipe.steps.ratings import may_rate, ratings_in
from medpipe.steps.sampling import key_of, shown_on
from medpipe.steps.unerased import Unerased
from medpipe.steps.withdrawals import claims_in_force


def build_rated_pairs(
    ratings: tuple[RatingsRef, ...], corpus: CorpusRef, previous: PairsRef | None = None, *, ports: Ports
) -> PairsRef | None:
    """Make preference pairs from clinicians' ratings; they replace those that `previous` had from raters.

    Pairs of `previous` from users and from published sets stay: give the newest pairs, or those are lost. Only
    questions that no gate of gates.yaml asks teach: draw the sheet from a benchmark that judges nothing. The same share
    of the questions is held out as of users' pairs. Returns None when the ratings support no pair.
    """
    if not ratings:
        raise UsageError("name the ratings that pairs are made from")
    version, unerased, policy = table_version(ports, corpus), Unerased(ports), ports.feedback_policy
    if previous is not None:
        manifest(ports, previous, PairsManifest)
    answers = [answer for one in ratings for answer in _answers(ports, one)]
    questions = {answer.question for answer in answers}
    claims = Claims(claims_in_force(ports))
    reviews = ports.feedback.reviews()
    grounds = Grounds(
        known=contradiction.known(facts_of(ports, version), questions) if questions else {},
        claims=claims,
        released=frozenset(review.correction for review in reviews if review.decision == "release"),
        discarded=frozenset(review.correction for review in reviews if review.decision == "discard"),
    )
    built, dropped = rated_pairs(answers, _judging(ports, ratings), policy, ports.guardrails, grounds)
    if not built:
        return None

    def rows(name: str, heldout: bool) -> Iterator[PreferencePair]:
        others = (pair for pair in earlier(ports, previous, name) if not of_raters(pair))
        yield from (pair for pair in others if not claims.asserts(pair.chosen, pair.question))
        yield from (pair for pair in built if held_out(pair.question, policy.heldout_questions) == heldout)

    def fill(folder: Path) -> PairsOutcome:
        train = records.write(folder / "train.jsonl", rows("train", heldout=False))
        heldout = records.write(folder / "heldout.jsonl", rows("heldout", heldout=True))
        return PairsOutcome(train=train, heldout=heldout, drops=dict(Counter(dropped)))

    inputs = PairsFromRatings(
        ratings=tuple(sorted(set(ratings))),
        corpus=corpus,
        previous=previous,
        raters=tuple(sorted(may_rate(ports))),
        policy=policy.model_dump(mode="json"),
        guardrails=ports.guardrails.digest,
        judging=tuple(sorted(_judged_benchmarks(ports))),
        claims=claims_digest(ports),
        reviewed=tuple(sorted((*grounds.released, *grounds.discarded))),
        erased=erased_digest(ports),
    )
    return PairsRef(once(ports, "pairs", "build_rated_pairs", inputs, fill, unerased))


def _answers(ports: Ports, ratings: RatingsRef) -> Iterator[RatedAnswer]:
    """Yield the answers of a sheet without controls. Of people who were erased or may not rate now, nothing counts."""
    sheet, erased = SheetRef(manifest(ports, ratings, RatingsManifest).inputs.sheet), Erased(ports)
    counting = may_rate(ports)
    ratings_now = (one for one in ratings_in(ports, ratings) if one.identity in counting)
    said = by_answer(one for one in ratings_now if not erased.covers("", one.identity))
    shown = shown_on(ports, sheet)
    for row in key_of(ports, sheet).values():
        given: Sequence[Rating] = said.get(row.id, ())
        if row.places and given:
            yield RatedAnswer(
                answer_id=f"{sheet}#{row.id}",
                question=shown[row.id].question,
                context=shown[row.id].context,
                answer=shown[row.id].answer,
                levels={name: agreed(given, name) for name in DIMENSIONS},
                raters=tuple(one.identity for one in given),
                corrections=tuple((one.identity, one.correction) for one in given if one.correction),
            )


def _judged_benchmarks(ports: Ports) -> set[str]:
    return {name for gates in ports.plan().plans.values() for gate in gates for name in gate.benchmarks}


def _judging(ports: Ports, ratings: Sequence[RatingsRef]) -> frozenset[str]:
    """Return the normalised questions that gates ask: those on the sheets, and those in the files of benchmarks."""
    names = _judged_benchmarks(ports)
    on_sheets: set[str] = set()
    for one in ratings:
        sheet = SheetRef(manifest(ports, one, RatingsManifest).inputs.sheet)
        shown = shown_on(ports, sheet)
        judged = (row for row in key_of(ports, sheet).values() if any(place.benchmark in names for place in row.places))
        on_sheets |= {shown[row.id].question for row in judged}
    benchmarks: list[Benchmark] = [ports.benchmark(name) for name in sorted(names)]
    written = (text for benchmark in benchmarks for text in benchmark.texts)
    return frozenset(map(normalise, (*on_sheets, *written)))
