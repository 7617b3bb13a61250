"""What clinicians said of two models, as a gate reads it, and whether these are the ratings that count."""

from __future__ import annotations

from medpipe.core.judging.rating import figures
from medpipe.core.judging.rating.gate import Reviewed
from medpipe.core.judging.rating.scale import DIMENSIONS, Level
from medpipe.core.manifests import DecisionInputs, RatingsManifest, SheetManifest
from medpipe.core.refs import RatingsRef, SheetRef
from medpipe.core.teaching.feedback import ERASED
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.erased import Erased
from medpipe.steps.ratings import ratings_in
from medpipe.steps.sampling import key_of


def reviewed_of(ports: Ports, inputs: DecisionInputs) -> Reviewed | None:
    """Return what raters said of challenger and incumbent; None for a decision without ratings."""
    if not inputs.ratings:
        return None
    stored = manifest(ports, inputs.ratings, RatingsManifest)
    ratings, key = ratings_in(ports, RatingsRef(stored.ref)), key_of(ports, SheetRef(stored.inputs.sheet)).values()
    return Reviewed(
        challenger=figures.judged(key, ratings, inputs.challenger),
        incumbent=figures.judged(key, ratings, inputs.champion),
        agreement={one.dimension: one.alpha for one in stored.outcome.agreement},
        least_agreement=stored.inputs.least_agreement,
        controls=figures.controls(key, ratings),
    )


def refuse_chosen_ratings(ports: Ports, ratings: str, challenger: str) -> None:
    """Raise UsageError unless these are the ratings that count: nobody draws sheets, or asks raters, until one passes.

    The first sheet that was drawn of the challenger's evaluation counts, with every rater who rated it and was not
    erased, and with what each said of an answer when their file was first taken.
    """
    stored = manifest(ports, ratings, RatingsManifest)
    sheets = (sheet for sheet in ports.store.manifests(SheetManifest) if challenger in sheet.inputs.evaluations)
    first = next(sheets, None)
    if first is None or stored.inputs.sheet != first.ref:
        counts = f"the first sheet of it is {first.ref}: give the ratings of that one" if first else "it is on no sheet"
        raise UsageError(f"{ratings} rates {stored.inputs.sheet}, and the challenger is {challenger}: {counts}")
    raters, erased = {rater.identity for rater in stored.inputs.raters}, Erased(ports)
    others = [other for other in ports.store.manifests(RatingsManifest) if other.inputs.sheet == first.ref]
    for other in others:
        missing = {rater.identity for rater in other.inputs.raters} - raters
        if left_out := sorted(rater for rater in missing if not erased.covers("", rater)):
            raise UsageError(
                f"{ratings} leaves out {', '.join(left_out)}, who rated {first.ref} too ({other.ref}): take the files "
                "of all raters together"
            )
    first_said: dict[tuple[str, str], tuple[Level, ...]] = {}
    for other in others:
        first_said = _levels(ports, other.ref) | first_said
    said = _levels(ports, ratings)
    if changed := sorted(place for place, levels in said.items() if levels != first_said[place]):
        rater, answer = changed[0]
        raise UsageError(
            f"{ratings} has {len(changed)} ratings that were others when they were first taken, such as that of "
            f"{answer} by {rater}: the first counts. Take the files as they were; empty rows may be filled in, and "
            "further raters may rate"
        )
    if gone := sorted(first_said.keys() - said.keys()):
        rater, answer = gone[0]
        raise UsageError(
            f"{ratings} lacks {len(gone)} ratings that were taken before, such as that of {answer} by {rater}: "
            "take the files as they were"
        )


def _levels(ports: Ports, ratings: str) -> dict[tuple[str, str], tuple[Level, ...]]:
    """Return what each rater who was not erased said of each answer, without corrections."""
    return {
        (one.identity, one.id): tuple(one.rating(name) for name in DIMENSIONS)
        for one in ratings_in(ports, RatingsRef(ratings))
        if one.identity != ERASED
    }
