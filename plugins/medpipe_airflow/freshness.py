"""How fresh the newest corpus is, source by source, for the model board."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from medpipe.core.manifests import CorpusManifest
from medpipe.ports import Ports


class Freshness(NamedTuple):
    """How far one source was taken."""

    source: str
    day: date | None
    """The day of the newest revision that entered."""
    file: str
    """The newest numbered file that entered, as `26n1337`; empty for a source without any."""
    files: int
    """How many numbered files entered."""


def read_freshness(ports: Ports) -> list[Freshness]:
    """Return how far each source was taken into the newest corpus, by name; nothing without a corpus."""
    corpora = [*ports.store.manifests(CorpusManifest)]
    marks = corpora[-1].outcome.watermarks if corpora else {}
    return [
        Freshness(
            source,
            mark.day,
            max((f"{series}n{spans[-1][1]:04}" for series, spans in mark.numbers.items()), default=""),
            sum(last - first + 1 for spans in mark.numbers.values() for first, last in spans),
        )
        for source, mark in sorted(marks.items())
    ]
