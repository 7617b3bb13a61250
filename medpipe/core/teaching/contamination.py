"""Facts and refusals that repeat a benchmark, by the rules for texts in `core.teaching.decontamination`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from medpipe.core.teaching import decontamination
from medpipe.core.teaching.drops import Contamination, Drops
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.fact_table import FactTable
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.phrasings import AS_PUBLISHED
from medpipe.core.text import words
from medpipe.core.word_hashes import Positions

Benchmarks = Mapping[str, Iterable[str]]
"""Name of a benchmark → its texts: questions, and where it has them answers and contexts. Read several times."""

Reasons = dict[int, dict[str, str]]
"""Number of a fact → benchmark → how the fact repeats it (a reason of `core.teaching.decontamination`)."""

NONE = Contamination()
_TEXTS_OF_A_FACT = 3
_FACTS_AT_ONCE = 2000
_CHARACTERS = 48_000_000
"""Characters of benchmarks whose runs are in memory at once."""


class Clean(NamedTuple):
    """The facts that repeat no benchmark, how many of the others there were, and what they repeat."""

    kept: Positions
    dropped: Drops
    contamination: Contamination


def repeats(facts: FactTable, chosen: Positions, benchmarks: Benchmarks, hygiene: Hygiene) -> Reasons:
    """Return how the chosen facts repeat texts of any number. Benchmarks are looked for part by part."""
    found: dict[tuple[int, str], tuple[int, str]] = {}
    for part in _parts(benchmarks) if len(chosen) else ():
        index = decontamination.Index(part)
        for first in range(0, len(chosen), _FACTS_AT_ONCE):
            numbers = chosen[first : first + _FACTS_AT_ONCE].tolist()
            for hit in index.hits(_texts(list(facts.read(numbers)))):
                place, text = divmod(hit.text, _TEXTS_OF_A_FACT)
                key = numbers[place], hit.benchmark
                # The question's reason counts before the answer's; of one text, the same words before a run.
                found[key] = min(found.get(key, (text, hit.reason)), (text, hit.reason))
    reasons: Reasons = {}
    for (number, benchmark), (_, reason) in found.items():
        reasons.setdefault(number, {})[benchmark] = reason
    return with_twins(reasons, facts, chosen, benchmarks, hygiene)


def shared(index: decontamination.Index, facts: Sequence[Fact]) -> Reasons:
    """Return the places of the facts that share words with what the index has, and how."""
    reasons: Reasons = {}
    for hit in index.hits(_texts(facts)):
        reasons.setdefault(hit.text // _TEXTS_OF_A_FACT, {}).setdefault(hit.benchmark, hit.reason)
    return reasons


def with_twins(
    reasons: Reasons, facts: FactTable, chosen: Positions, benchmarks: Benchmarks, hygiene: Hygiene
) -> Reasons:
    """Return the reasons with those of the chosen facts that are near-duplicates of a benchmark's texts."""
    # A question from a template is nearly the same for every condition, so it cannot be a near-duplicate of another.
    without_templates = (
        text
        for fact in facts.read(chosen.tolist())
        for text in (fact.question if fact.question_type in AS_PUBLISHED else "", fact.answer, fact.context)
    )
    if len(chosen) and any(True for texts in benchmarks.values() for _ in texts):
        for hit in decontamination.twins(without_templates, benchmarks, hygiene.clusters):
            number = int(chosen[hit.text // _TEXTS_OF_A_FACT])
            reasons.setdefault(number, {}).setdefault(hit.benchmark, hit.reason)
    return reasons


def without(chosen: Positions, reasons: Reasons) -> Clean:
    """Return the chosen facts that have no reason to be left out, and counts of the others."""
    hit = np.isin(chosen, np.fromiter(reasons, np.int64, len(reasons)))
    return Clean(
        chosen[~hit],
        Drops({"repeats a benchmark": int(np.count_nonzero(hit))}),
        Contamination(pair for found in reasons.values() for pair in found.items()),
    )


def allowed_refusals(refusals: Sequence[Example], benchmarks: Benchmarks) -> tuple[list[Example], Drops, Contamination]:
    """Return the refusals that ask nothing that a benchmark asks, and counts of the others as in `without`."""
    hits = {hit.text: hit for hit in decontamination.overlaps([refusal.question for refusal in refusals], benchmarks)}
    return (
        [refusal for index, refusal in enumerate(refusals) if index not in hits],
        Drops({"refusal repeats a benchmark": len(hits)}),
        Contamination((hit.benchmark, hit.reason) for hit in hits.values()),
    )


class Protected:
    """The texts of held-out facts that no taught fact may repeat: questions, and long answers and contexts.

    A short answer ("yes", "surgery") is shared by questions that have nothing else in common. The texts are read anew
    each time.
    """

    def __init__(self, facts: FactTable, chosen: Positions) -> None:
        self._facts, self._chosen = facts, chosen

    def __iter__(self) -> Iterator[str]:
        """Yield every text."""
        for fact in self._facts.read(self._chosen.tolist()):
            yield fact.question
            yield from (text for text in (fact.answer, fact.context) if len(words(text)) >= decontamination.NGRAM)


def _texts(facts: Iterable[Fact]) -> list[str]:
    return [text for fact in facts for text in (fact.question, fact.answer, fact.context)]


def _parts(benchmarks: Benchmarks) -> Iterator[dict[str, list[str]]]:
    """Yield the benchmarks in parts of bounded length, each with its texts in order."""
    part: dict[str, list[str]] = {}
    size = 0
    for name, texts in sorted(benchmarks.items()):
        for text in texts:
            part.setdefault(name, []).append(text)
            size += len(text)
            if size > _CHARACTERS:
                yield part
                part, size = {}, 0
    if part:
        yield part
