"""Which pulls bring a corpus up to date: plan_pulls."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from medpipe.core import sources as table
from medpipe.core.corpus.source_policy import SourcePolicy
from medpipe.core.corpus.watermark import PostedFile, Watermark, asked_for, gaps, unknown_ends
from medpipe.core.manifests import CorpusManifest, DocumentsManifest
from medpipe.core.refs import CorpusRef
from medpipe.errors import GapInFiles
from medpipe.ports import Ports, SourceOfFiles
from medpipe.steps.artifact import manifest
from medpipe.steps.sources import check_window

log = logging.getLogger(__name__)

BEGINNING = date(1900, 1, 1)
"""A day before any file was posted."""
_NAMED = 20
"""Numbers that an error message names."""


def plan_pulls(
    sources: tuple[str, ...],
    start: date,
    end: date,
    baseline: bool = False,
    previous: CorpusRef | None = None,
    *,
    ports: Ports,
) -> list[dict[str, str]]:
    """Return the arguments of each `pull` that the corpus `previous` lacks: one for every file, or one for a source.

    Of a source that posted no file, that is a pull of nothing, by which the corpus knows what was posted on that day.

    Without `previous`, the window [start, end) is taken. Otherwise each source is taken from its watermark on, however
    long ago that is, and files however late they were posted; so is what the window has and the corpus lacks. A file
    is pulled with the day of its posting as the window. `baseline`: take the files of PubMed's baseline too, as many
    in a run as the policy says. Raises UsageError for a window that ends before it begins, SourceError, and GapInFiles
    for a number that is missing for longer than the policy allows, or a year of files whose end cannot be known.
    """
    check_window(start, end)
    known = {} if previous is None else manifest(ports, previous, CorpusManifest).outcome.watermarks
    return [
        arguments
        for source in sources
        for arguments in _planned(source, start, end, baseline, known.get(table.name_of(source), Watermark()), ports)
    ]


def _planned(
    source: str, start: date, end: date, baseline: bool, mark: Watermark, ports: Ports
) -> list[dict[str, str]]:
    publisher, policy = ports.source(source), ports.source_policy(source)
    if isinstance(publisher, SourceOfFiles):
        posted = publisher.files(BEGINNING, end)
        asked = asked_for(mark, posted, start, baseline)
        _demand_no_gap(source, gaps(mark, [*asked, *(file for file in posted if file.baseline)]), end, policy)
        if not baseline:
            _demand_known_ends(source, unknown_ends(mark, posted, policy.gap_days, policy.never_posted), end, policy)
        missing = [file for file in asked if not mark.has(file)]
        if baseline or len(missing) > policy.files_a_run:
            _report(source, len(asked), len(missing), policy.files_a_run, ports)
        nothing = {"source": source, **_window(end, end)}
        return [_of_file(source, file) for file in missing[: policy.files_a_run]] or [nothing]
    if mark.day is not None and table.has_windows(source):
        start = min(start, mark.day - timedelta(days=policy.overlap_days))
    return [{"source": source, **_window(start, end)}]


def _of_file(source: str, file: PostedFile) -> dict[str, str]:
    return {"source": source, **_window(file.day, file.day + timedelta(days=1)), "file": file.name}


def _window(start: date, end: date) -> dict[str, str]:
    return {"start": start.isoformat(), "end": end.isoformat()}


def _demand_no_gap(source: str, missing: Sequence[tuple[str, PostedFile]], end: date, policy: SourcePolicy) -> None:
    """Raise GapInFiles for a number that is missing for too long before `end`; name the others in the log."""
    for number, following in missing:
        if number not in policy.never_posted:
            sentence = f"{source}: {number} is missing, although {following.name} was posted on {following.day}"
            remedy = f"Ask the publisher; if it will never come, add {number} to never_posted in policies/sources.yaml"
            _wait(source, following, end, policy, sentence, remedy)


def _demand_known_ends(source: str, unknown: Sequence[tuple[str, PostedFile]], end: date, policy: SourcePolicy) -> None:
    """Raise GapInFiles where files of years that ended may be lost, for too long before `end`. All are named."""
    if not unknown:
        return
    numbers, following = [number for number, _ in unknown], unknown[0][1]
    shown = ", ".join(numbers[:_NAMED]) + (f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else "")
    sentence = (
        f"{source}: {shown} did not enter, if ever posted: the files of that time are no longer listed, and "
        f"{following.name} was posted on {following.day}"
    )
    remedy = (
        "Load the baseline, which has what they had; or, if you know that no file was missed, add "
        f"{shown} to never_posted in policies/sources.yaml"
    )
    _wait(source, following, end, policy, sentence, remedy)


def _wait(source: str, following: PostedFile, end: date, policy: SourcePolicy, sentence: str, remedy: str) -> None:
    """Log a sentence while a number may still be missing; raise GapInFiles once `gap_days` are over."""
    days = (end - following.day).days - 1
    if days > policy.gap_days:
        raise GapInFiles(f"{sentence}, {days} days ago: nothing of {source} is taken. {remedy}.")
    log.warning("%s. After %d days this is an error. %s", sentence, policy.gap_days, remedy)


def _report(source: str, asked: int, missing: int, limit: int, ports: Ports) -> None:
    """Report how far a load has come, and how long it will last at the pace so far."""
    pace = _seconds_a_file(source, ports) if missing else 0.0
    remaining = f"; about {missing * pace / 3600:.1f} hours remain at the pace so far" if pace else ""
    ports.progress(
        (asked - missing) / max(1, asked),
        f"{source}: {asked - missing} of {asked} files taken, {min(missing, limit)} in this run, "
        f"{max(0, missing - limit)} wait for the next{remaining}",
    )


def _seconds_a_file(source: str, ports: Ports) -> float:
    """Return the median of the seconds between two pulls of files, so that pauses between runs do not count."""
    pulled = (stored for stored in ports.store.manifests(DocumentsManifest) if stored.inputs.file)
    made = [stored.created_ns for stored in pulled if stored.inputs.source == source]
    return median((later - earlier) / 1e9 for earlier, later in pairwise(sorted(made))) if len(made) > 1 else 0.0
