"""Facts and refusals that repeat a benchmark, by the rules for texts in `core.teaching.decontamination`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from medpipe.core.teaching import decontamination
from medpipe.core.teaching.drops import Contamination, Drops
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.phrasings import AS_PUBLISHED
from medpipe.core.teaching.translations import translated
from medpipe.core.text import words

Benchmarks = Mapping[str, Sequence[str]]
"""Name of a benchmark → its texts: questions, and where it has them answers and contexts."""

_TEXTS_OF_A_FACT = 3


class Clean(NamedTuple):
    """The facts that repeat no benchmark, how many of the others there were, and what they repeat."""

    kept: list[Fact]
    dropped: Drops
    contamination: Contamination


def repeats(facts: Sequence[Fact], benchmarks: Benchmarks, hygiene: Hygiene) -> dict[int, dict[str, str]]:
    """Return index of a fact → benchmark → how the fact repeats it (a reason of `core.teaching.decontamination`)."""
    texts = [text for fact in facts for text in (fact.question, fact.answer, fact.context)]
    # A question from a template is nearly the same for every condition, so it cannot be a near-duplicate of another.
    without_templates = [
        text
        for fact in facts
        for text in (fact.question if fact.question_type in AS_PUBLISHED else "", fact.answer, fact.context)
    ]
    hits = [
        *decontamination.overlaps(texts, benchmarks),
        *decontamination.twins(without_templates, benchmarks, hygiene.clusters),
    ]
    reasons: dict[int, dict[str, str]] = {}
    for hit in hits:
        reasons.setdefault(hit.text // _TEXTS_OF_A_FACT, {}).setdefault(hit.benchmark, hit.reason)
    return reasons


def without(
    facts: Sequence[Fact], benchmarks: Benchmarks, hygiene: Hygiene, translations: float | None = None
) -> Clean:
    """Return the facts that repeat none of the benchmarks, and counts of the others.

    `translations`: cosine from which a question in another language repeats a benchmark; None: words only.
    """
    hits = repeats(facts, benchmarks, hygiene)
    if translations is not None:
        for index, found in translated(facts, benchmarks, hygiene.embed, hygiene.guess, translations).items():
            hits[index] = found | hits.get(index, {})
    return Clean(
        [fact for index, fact in enumerate(facts) if index not in hits],
        Drops({"repeats a benchmark": len(hits)}),
        Contamination(pair for reasons in hits.values() for pair in reasons.items()),
    )


def allowed_refusals(refusals: Sequence[Example], benchmarks: Benchmarks) -> tuple[list[Example], Drops, Contamination]:
    """Return the refusals that ask nothing that a benchmark asks, and counts of the others as in `without`."""
    hits = {hit.text: hit for hit in decontamination.overlaps([refusal.question for refusal in refusals], benchmarks)}
    return (
        [refusal for index, refusal in enumerate(refusals) if index not in hits],
        Drops({"refusal repeats a benchmark": len(hits)}),
        Contamination((hit.benchmark, hit.reason) for hit in hits.values()),
    )


def protected_texts(facts: Iterable[Fact]) -> list[str]:
    """Return the texts of held-out facts that no taught fact may repeat: questions, and long answers and contexts.

    A short answer ("yes", "surgery") is shared by questions that have nothing else in common.
    """
    texts = []
    for fact in facts:
        texts.append(fact.question)
        texts += [text for text in (fact.answer, fact.context) if len(words(text)) >= decontamination.NGRAM]
    return list(dict.fromkeys(texts))
