"""How fresh the newest corpus is, source by source, for the model board."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from medpipe.core import sources
from medpipe.core.corpus.watermark import Watermark
from medpipe.core.manifests import CorpusManifest, DocumentsManifest
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import latest
from medpipe.steps.quarantine import waiting


class Freshness(NamedTuple):
    """How far one source was taken."""

    source: str
    day: date | None
    """The day of the newest revision that entered."""
    file: str
    """The newest numbered file that entered, as `26n1337`; empty for a source without any."""
    files: int
    """How many numbered files entered."""
    behind: int
    """Days from the last one of which it is known what the source had to the last one that should have been asked for,
    for a source that posts several times a week."""
    stale: bool
    """Whether `behind` is more than the `gap_days` of the source's policy."""
    missing: tuple[str, ...]
    """Numbers between those that entered, and up to the last that a run saw; see `Watermark.missing`."""
    quarantined: int
    """Rows and unreadable records that await a person's decision."""


def read_freshness(ports: Ports, today: date | None = None) -> list[Freshness]:
    """Return how far each source was taken into the newest corpus, by name; nothing without a corpus.

    `today`: the day up to which runs should have asked; None: what the newest corpus asked for counts. Where no source
    answers, or no run starts, there is no newer corpus, and only the day shows it.
    """
    newest = latest("corpus", ports=ports)
    if newest is None:
        return []
    corpus = manifest(ports, newest, CorpusManifest)
    pulls = (ports.store.find(data) for data in corpus.inputs.pulls)
    ends = [pulled.inputs.end for pulled in pulls if isinstance(pulled, DocumentsManifest)]
    if today:
        ends.append(today)
    last, held = max(ends, default=date.min + timedelta(days=1)) - timedelta(days=1), waiting(ports)
    marks = corpus.outcome.watermarks
    return [_of(source, marks[source], last, held[source], ports) for source in sorted(marks)]


def _of(source: str, mark: Watermark, last: date, quarantined: int, ports: Ports) -> Freshness:
    asked = mark.asked()
    policy = ports.source_policy(source)
    behind = max(0, (last - asked).days) if asked and source in sources.posted() else 0
    return Freshness(
        source,
        mark.day,
        max((f"{series}n{spans[-1][1]:04}" for series, spans in mark.numbers.items()), default=""),
        sum(last - first + 1 for spans in mark.numbers.values() for first, last in spans),
        behind,
        behind > policy.gap_days,
        tuple(mark.missing(policy.never_posted)),
        quarantined,
    )
