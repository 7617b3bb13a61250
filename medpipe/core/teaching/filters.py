"""What a fact must be like to be taught: in its language, of some quality, without identifiers, in no benchmark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from medpipe.core.corpus.document import Document
from medpipe.core.teaching import answers, decontamination, quality, questions
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.facts import LABELS, Fact, prefix
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.phrasings import AS_PUBLISHED, CHOICE
from medpipe.core.teaching.recipe import Data
from medpipe.core.teaching.selection import age

_LABELLED = frozenset(LABELS.values()) | {CHOICE}
"""Types whose answers are shared by questions that have nothing else in common."""

_SURE = 0.9
_ENOUGH = 60
"""Characters: what language a shorter text is in is a guess."""
_PLENTY = 400


def redacted(facts: list[Fact], plan: Data, hygiene: Hygiene, found: Counter[str]) -> list[Fact]:
    """The facts of sources that persons wrote without identifiers; `found` counts these by type, once a text."""
    clean = list(facts)
    for language in sorted({fact.language for fact in facts}):
        numbers = [
            number
            for number, fact in enumerate(facts)
            if fact.language == language and prefix(fact.document.id) in plan.redact
        ]
        texts = list(dict.fromkeys(text for number in numbers for text in _texts(facts[number]) if text))
        done = dict(zip(texts, hygiene.redact(texts, language) if texts else (), strict=True))
        for one in done.values():
            found.update(one.found)
        changed = {text: one.text for text, one in done.items() if one.found}
        for number in numbers:
            if not changed.keys().isdisjoint(_texts(facts[number])):
                clean[number] = _with_texts(facts[number], [changed.get(text, text) for text in _texts(facts[number])])
    return clean


def _texts(fact: Fact) -> list[str]:
    return [fact.focus, fact.answer, fact.context, *fact.choices]


def _with_texts(fact: Fact, texts: list[str]) -> Fact:
    focus, answer, context, *choices = texts
    slot = answer if fact.question_type in _LABELLED else answers.slot(focus, answer, fact.language)
    return fact._replace(focus=focus, answer=answer, context=context, choices=tuple(choices), slot=slot)


def kept(facts: Iterable[Fact], wanted: Callable[[Fact], bool], reason: str, drops: Counter[str]) -> list[Fact]:
    """The facts that are wanted; the others are counted under the reason."""
    found = []
    for fact in facts:
        if wanted(fact):
            found.append(fact)
        else:
            drops[reason] += 1
    return found


def worth_teaching(facts: list[Fact], plan: Data, hygiene: Hygiene, drops: Counter[str]) -> list[Fact]:
    """The facts in the language that they claim, of some quality, as far as the recipe asks for that."""
    if plan.check_languages:
        facts = kept(facts, lambda fact: in_its_language(fact, hygiene.guess), "text is in another language", drops)
    if not plan.quality:
        return facts
    good = []
    for fact in facts:
        if found := flaw(fact):
            drops[f"poor text: {found}"] += 1
        else:
            good.append(fact)
    return good


def flaw(fact: Fact) -> str:
    """The first rule of `core.teaching.quality` that the answer breaks, or that anything is damaged; empty for none."""
    if any(quality.damage(text) for text in _texts(fact)):
        return quality.DAMAGED
    found = () if fact.question_type in _LABELLED else quality.flaws(fact.answer)
    return found[0] if found else ""


def in_its_language(fact: Fact, guess: Callable[[str], tuple[str, float]]) -> bool:
    """Whether nothing speaks strongly against the language that is declared."""
    text = fact.focus if fact.question_type in _LABELLED else f"{fact.focus} {fact.answer}"
    if len(text) < _ENOUGH:
        return True
    language, confidence = guess(text[:_PLENTY])
    return language in ("", fact.language) or confidence < _SURE


def with_twins(facts: list[Fact], threshold: float, hygiene: Hygiene) -> list[Fact]:
    """The facts, marked with what they share with near-duplicates: the same `twin` for the same thing said.

    Near-duplicates are twins only where they are about the same thing and, for an examination's question, have the
    same answer: a sentence from a template that tells of another condition, or a question turned into its
    opposite by one word, is another fact.
    """
    firsts = hygiene.clusters([f"{fact.question} {fact.answer}" for fact in facts], threshold)
    return [
        fact._replace(twin="|".join((facts[first].id, fact.question_type, fact.language, *_subject(fact))))
        for fact, first in zip(facts, firsts, strict=True)
    ]


def _subject(fact: Fact) -> tuple[str, str]:
    focus = "" if fact.question_type in AS_PUBLISHED else questions.normalise(fact.focus)
    return focus, fact.answer if fact.question_type in _LABELLED else ""


def merged(facts: Iterable[Fact], drops: Counter[str]) -> list[Fact]:
    """Of each set of twins the oldest, which then names the documents of all."""
    groups: dict[str, list[Fact]] = {}
    for number, fact in enumerate(facts):
        groups.setdefault(fact.twin or str(number), []).append(fact)
    found = []
    for group in groups.values():
        first = min(group, key=lambda fact: (age(fact.document), fact.id))
        others: dict[str, Document] = {
            one.id: one for fact in group for one in (fact.document, *fact.also) if one.id != first.document.id
        }
        drops["near-duplicate of another fact"] += len(group) - 1
        found.append(first._replace(also=tuple(others[id] for id in sorted(others))) if others else first)
    return found


def contaminated(
    facts: Sequence[Fact], benchmarks: Mapping[str, Sequence[str]], hygiene: Hygiene
) -> dict[int, dict[str, str]]:
    """Number of a fact → benchmark → how the fact repeats it (a reason of `core.teaching.decontamination`)."""
    parts = [text for fact in facts for text in (fact.question, fact.answer, fact.context)]
    # A question from a template is nearly the same for every condition; what it is about tells whether it is asked.
    whole = [
        text
        for fact in facts
        for text in (fact.question if fact.question_type in AS_PUBLISHED else "", fact.answer, fact.context)
    ]
    hits = [*decontamination.overlaps(parts, benchmarks), *decontamination.twins(whole, benchmarks, hygiene.clusters)]
    found: dict[int, dict[str, str]] = {}
    for hit in hits:
        found.setdefault(hit.text // 3, {}).setdefault(hit.benchmark, hit.reason)
    return found


def without(
    facts: Sequence[Fact],
    benchmarks: Mapping[str, Sequence[str]],
    hygiene: Hygiene,
    counts: dict[str, Counter[str]],
    drops: Counter[str],
) -> list[Fact]:
    """The facts that repeat none of the benchmarks; `counts` has the others by benchmark and reason."""
    hits = contaminated(facts, benchmarks, hygiene)
    for by_benchmark in hits.values():
        for benchmark, reason in by_benchmark.items():
            counts.setdefault(benchmark, Counter())[reason] += 1
    drops["repeats a benchmark"] += len(hits)
    return [fact for number, fact in enumerate(facts) if number not in hits]


def unlike(
    safety: Sequence[Example],
    benchmarks: Mapping[str, Sequence[str]],
    counts: dict[str, Counter[str]],
    drops: Counter[str],
) -> list[Example]:
    """The refusals that ask nothing that a benchmark asks; the others are counted as those of `without` are."""
    hits = {hit.text: hit for hit in decontamination.overlaps([one.question for one in safety], benchmarks)}
    for hit in hits.values():
        counts.setdefault(hit.benchmark, Counter())[hit.reason] += 1
    drops["refusal repeats a benchmark"] += len(hits)
    return [one for number, one in enumerate(safety) if number not in hits]


def asked_texts(facts: Iterable[Fact]) -> list[str]:
    """What decontamination protects of held-out facts: questions, and answers and contexts long enough to be known.

    A short answer ("yes", "surgery") is shared by questions that have nothing else in common.
    """
    found = []
    for fact in facts:
        found.append(fact.question)
        found += [
            text
            for text in (fact.answer, fact.context)
            if len(questions.normalise(text).split()) >= decontamination.NGRAM
        ]
    return list(dict.fromkeys(found))


def marks(facts: Iterable[Fact]) -> set[tuple[str, ...]]:
    """What a fact is recognised by elsewhere: its question, its answer's words, and its twins."""
    found: set[tuple[str, ...]] = set()
    for fact in facts:
        found.add(fact.key)
        if fact.question_type not in _LABELLED:
            found.add(("answer", questions.normalise(fact.answer)))
        if fact.twin:
            found.add(("twin", fact.twin))
    return found
