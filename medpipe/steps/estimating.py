"""The mean rating over all answers, not only those that clinicians read: estimate_ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from medpipe.core.judging.rating import figures
from medpipe.core.judging.rating.judging_prompt import judging_prompt
from medpipe.core.judging.rating.policy import Criterion
from medpipe.core.judging.rating.prediction_powered import Corrected, Rated, corrected
from medpipe.core.judging.rating.scale import DIMENSIONS, Dimension, Level
from medpipe.core.judging.rating.sheet import EMPTY, Candidate, Shown
from medpipe.core.manifests import (
    EstimateInputs,
    EstimateOutcome,
    RatingsManifest,
    SheetManifest,
)
from medpipe.core.refs import EstimateRef, RatingsRef, SheetRef
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest, once
from medpipe.steps.ratings import ratings_in
from medpipe.steps.sampling import candidates_of, key_of


def estimate_ratings(ratings: RatingsRef, *, ports: Ports) -> EstimateRef:
    """Have a judge model rate every answer that could have been drawn, and correct its mean by what clinicians said.

    The judge is the model that `MEDPIPE_JUDGE_URL` and `MEDPIPE_JUDGE_MODEL` name, and is told the rubric that
    raters were told. It is asked only where every drawn answer of a model has a consensus on the dimension: those
    that raters agree on are no random sample, and correct nothing. The means have valid intervals however bad it is
    (`core.judging.rating.prediction_powered`). For reports: no gate reads them. Raises ConfigError without a judge,
    and EngineError when it does not answer.
    """
    stored = manifest(ports, ratings, RatingsManifest)
    sheet = manifest(ports, stored.inputs.sheet, SheetManifest)
    judge, rubric = ports.judge, sheet.inputs.rubric
    inputs = EstimateInputs(ratings=ratings, judge=judge.name, rubric=rubric)

    def fill(_: Path) -> EstimateOutcome:
        candidates, _left_out = candidates_of(sheet.inputs, ports)
        key, said = key_of(ports, SheetRef(sheet.ref)).values(), ratings_in(ports, ratings)
        clinicians = {
            model: {(one.benchmark, one.sample): one.levels for one in figures.judged(key, said, model)}
            for model in sheet.inputs.evaluations
        }
        agreed = [
            (name, model)
            for model, levels_of in clinicians.items()
            for name in DIMENSIONS
            if levels_of and all(levels[name] is not None for levels in levels_of.values())
        ]
        levels = _judged(candidates, agreed, rubric, ports) if agreed else {}
        means: dict[str, dict[Dimension, Corrected]] = {model: {} for model in clinicians}
        for name, model in agreed:
            if mean := _mean(name, model, candidates, levels, clinicians[model]):
                means[model][name] = mean
        return EstimateOutcome(answers=len(candidates) * len(means), means=means)

    return EstimateRef(once(ports, "estimate", "estimate_ratings", inputs, fill))


def _judged(
    candidates: Sequence[Candidate],
    asked_about: Sequence[tuple[Dimension, str]],
    rubric: Mapping[str, object],
    ports: Ports,
) -> dict[tuple[Dimension, str, str, str], Level]:
    """Return the judge's rating by dimension, evaluation, benchmark and question. Equal answers are judged once.

    `asked_about`: the dimensions of each evaluation that are judged.
    """
    criteria = {name: Criterion.model_validate(rubric[name]) for name in DIMENSIONS}
    asked = {
        (name, model, one.benchmark, one.sample): judging_prompt(name, criteria[name], _shown(one, model))
        for name, model in asked_about
        for one in candidates
    }
    distinct = list(dict.fromkeys(asked.values()))
    levels = dict(zip(distinct, ports.judge.rate(distinct, ports.progress), strict=True))
    return {place: levels[prompt] for place, prompt in asked.items()}


def _shown(candidate: Candidate, model: str) -> Shown:
    answer = candidate.answers[model].strip() or EMPTY
    return Shown(id="", question=candidate.question, context=candidate.context, answer=answer)


def _mean(
    name: Dimension,
    model: str,
    candidates: Sequence[Candidate],
    levels: Mapping[tuple[Dimension, str, str, str], Level],
    clinicians: Mapping[tuple[str, str], Mapping[Dimension, Level | None]],
) -> Corrected | None:
    """Return the corrected mean of a model whose drawn answers all have a consensus; None where there are too few."""
    return corrected(
        name,
        [
            Rated(
                one.cluster,
                levels[name, model, one.benchmark, one.sample],
                clinicians.get((one.benchmark, one.sample), {}).get(name),
            )
            for one in candidates
        ],
    )
