"""Slices: a benchmark's mean by source, question type, language, year and topic, where its samples know them.

No gate reads them. A benchmark has many slices, so some differ by chance: look at the intervals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from medpipe.core.judging import statistics
from medpipe.core.judging.evaluation import Metric, Sample, Score
from medpipe.core.judging.headings import about

TOPIC, GROUP = "topic", "group"
"""How slices by MeSH heading and by MedlinePlus topic group begin."""
MOST = 20
"""Topics, and groups, with a slice of their own: those that are in the most clusters."""
LEAST = 10
"""Clusters that a topic or group with a slice of its own is in."""
OTHERS = "(others)"
"""The topic of samples that are in none of those."""


def of_document(source: str, language: str, year: int, mesh: Iterable[str], groups: Iterable[str]) -> tuple[str, ...]:
    """Return the slices of a sample about a document. `mesh`: its headings; `groups`: its MedlinePlus topic groups."""
    return (
        f"source {source}",
        f"language {language}",
        f"year {year}",
        *(f"{TOPIC} {heading}" for heading in dict.fromkeys(mesh) if about(heading)),
        *(f"{GROUP} {group}" for group in dict.fromkeys(groups)),
    )


def means(benchmark: str, samples: Sequence[Sample], scores: Sequence[Score]) -> dict[str, Metric]:
    """Return slice → mean, sorted by name; slices with all samples of the benchmark are left out.

    Of topics, and of groups, the `MOST` that are in the most clusters have a slice, if these are `LEAST` or more.
    Samples that have topics and are in none of those are in one slice, `OTHERS`.
    `scores`: one for each sample, in their order. Raises ValueError for another number of them.
    """
    kept = frozenset().union(*(_common(samples, kind) for kind in (TOPIC, GROUP)))
    by_slice: dict[str, list[Score]] = {}
    for sample, score in zip(samples, scores, strict=True):
        for name in _folded(sample.slices, kept):
            by_slice.setdefault(name, []).append(score)
    return {
        name: statistics.mean(
            f"{benchmark} {name}", [score.value for score in given], [score.cluster for score in given]
        )
        for name, given in sorted(by_slice.items())
        if len(given) < len(samples)
    }


def _common(samples: Sequence[Sample], kind: str) -> frozenset[str]:
    """Return the slices of one kind that are in enough clusters. Of equally many, those first by name."""
    pairs = {
        (name, sample.cluster or sample.id)
        for sample in samples
        for name in sample.slices
        if name.startswith(f"{kind} ")
    }
    counts = Counter(name for name, _ in pairs)
    enough = sorted((name for name in counts if counts[name] >= LEAST), key=lambda name: (-counts[name], name))
    return frozenset(enough[:MOST])


def _folded(slices: Sequence[str], kept: Collection[str]) -> list[str]:
    """Return the slices of a sample, with `OTHERS` in the place of topics, and of groups, of which none is kept."""
    names = [name for name in slices if name in kept or not name.startswith((f"{TOPIC} ", f"{GROUP} "))]
    for kind in (TOPIC, GROUP):
        own = [name for name in slices if name.startswith(f"{kind} ")]
        if own and not any(name in kept for name in own):
            names.append(f"{kind} {OTHERS}")
    return names
