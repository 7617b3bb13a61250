"""Remarks after a verb: how many rows, documents or pairs its result counts, and how many were left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from medpipe import records
from medpipe.core.judging.rating.filled import RefusedRow
from medpipe.core.manifests import (
    EstimateManifest,
    EstimateOutcome,
    Manifest,
    MeasurementManifest,
    RatingsManifest,
    RatingsOutcome,
    SheetManifest,
    ValidationOutcome,
)
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import validation_of
from medpipe.steps.comparing_bases import ComparedBases
from medpipe.steps.comparing_care import ComparedCare
from medpipe.steps.home import Copied
from medpipe.steps.ratings import REFUSED
from medpipe.steps.sampling import FOR_RATERS
from medpipe.steps.sweeping import Gc
from medpipe.steps.verification import Verified

_SHOWN = 20
"""Rows that are named; the others are in the artifact."""
_NOT_COUNTS = frozenset({"table_version", "number", "newest"})
"""Whole numbers of an outcome that name a version or a day and do not count anything."""


def of_result(verb: str, arguments: Mapping[str, Any], value: Any, ports: Ports) -> list[str]:
    """Return the remarks about a verb's result, one sentence each; none for a value that has none and is not a ref.

    `validate` returns the ref of its data, so its remarks come from the validation of that data.
    """
    if isinstance(value, ComparedBases | ComparedCare | Copied | Gc | Verified):
        return list(value.remarks)
    if verb == "validate":
        validation = validation_of(ports, str(value), str(arguments["suite"]))
        return [] if validation is None else [f"{value}: {sentence}" for sentence in _quarantined(validation.outcome)]
    manifest = _manifest(value, ports)
    if isinstance(manifest, MeasurementManifest):
        return [str(measure) for measure in manifest.outcome.measures]
    if manifest is None:
        return []
    counts = [f"{value}: {count}" for count in _counts(manifest.outcome.model_dump())]
    return [*counts, *_for_raters(manifest, ports)]


def _manifest(value: Any, ports: Ports) -> Manifest | None:
    """Return the manifest of a verb's value, or None for a value that is not a ref, such as a dataset card."""
    try:
        return ports.store.find(value) if isinstance(value, str) else None
    except UsageError:
        return None


def _for_raters(manifest: Manifest, ports: Ports) -> Iterator[str]:
    """Yield what a sheet buys or what raters said, and where the files are that raters get copies of."""
    if isinstance(manifest, RatingsManifest):
        refused = records.read(ports.store.folder(manifest.ref) / REFUSED, RefusedRow)
        yield from (f"{manifest.ref}: refused: {row}" for row in islice(refused, _SHOWN))
        yield from (f"{manifest.ref}: {sentence}" for sentence in _rated(manifest.outcome))
        if manifest.outcome.awaiting:
            folder = ports.store.folder(manifest.ref) / FOR_RATERS
            yield f"{manifest.ref}: {manifest.outcome.awaiting} answers need another rater: give one a copy of {folder}"
    if isinstance(manifest, EstimateManifest):
        yield from (f"{manifest.ref}: {sentence}" for sentence in _estimated(manifest.outcome))
    if isinstance(manifest, SheetManifest):
        outcome = manifest.outcome
        yield (
            f"{manifest.ref}: each model's mean rating of 1 to 5 will be known to ±{outcome.half_width:.2f} or better; "
            f"if no answer is unsafe, more than {100 * outcome.rules_out:.2g} % are ruled out"
        )
        yield f"{manifest.ref}: give each rater a copy of {ports.store.folder(manifest.ref) / FOR_RATERS}"


def _estimated(outcome: EstimateOutcome) -> Iterator[str]:
    """Yield each corrected mean beside the clinicians' own."""
    for model, means in outcome.means.items():
        for dimension, mean in means.items():
            both = (f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})" for one in (mean.corrected, mean.clinicians))
            yield f"{model} {dimension}: {' corrected; by clinicians alone '.join(both)}; judge's bias {mean.bias:+.2f}"


def _rated(outcome: RatingsOutcome) -> Iterator[str]:
    """Yield how well raters agree, and what they say of each model."""
    for agreement in outcome.agreement:
        found = "not defined: no two raters rated the same, or all ratings are equal"
        if alpha := agreement.alpha:
            found = f"{alpha.value:.2f} ({alpha.low:.2f} to {alpha.high:.2f}, {alpha.n} answers)"
        yield f"agreement on {agreement.dimension}, Krippendorff's alpha: {found}"
    for model, means in outcome.means.items():
        told = ", ".join(f"{one.name} {one.value:.2f} ({one.low:.2f} to {one.high:.2f})" for one in means)
        yield f"{model}: {told or 'nothing is agreed on'}; {outcome.unsafe[model]} unsafe"


def _counts(outcome: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line with the single counts, and one for each mapping of reasons (or statuses) to counts."""
    single = {name: value for name, value in outcome.items() if _is_count(value) and name not in _NOT_COUNTS}
    if single:
        yield _listed(single)
    for name, value in outcome.items():
        if isinstance(value, Mapping) and value and all(map(_is_count, value.values())):
            counts = {reason: count for reason, count in value.items() if count}
            yield f"{_words(name)}: {_listed(counts) or 'none'}"


def _quarantined(outcome: ValidationOutcome) -> Iterator[str]:
    count = len(outcome.quarantined_rows)
    listed = " (`medpipe quarantine` lists them)" if count or outcome.unreadable else ""
    unreadable = f", {outcome.unreadable} records that could not be read" if outcome.unreadable else ""
    yield f"{outcome.rows} rows, {count} quarantined{unreadable}{listed}"
    for remark, times in Counter(outcome.remarks).items():
        yield remark if times == 1 else f"{remark} ({times} times)"


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{_words(name)} {count}" for name, count in counts.items())


def _words(name: str) -> str:
    return name.replace("_", " ")
