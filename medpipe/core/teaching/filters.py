"""Filters over facts: without identifiers of persons, in the declared language, of some quality.

Every filter returns the facts it kept and a count of those it dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from medpipe.core import dialogue
from medpipe.core.safety.redaction import Redaction
from medpipe.core.sources import prefix
from medpipe.core.teaching import answers, quality
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.drops import Drops, sift, total
from medpipe.core.teaching.fact_table import hash_of
from medpipe.core.teaching.facts import LABELLED, Fact
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.text import damage

_SURE = 0.9
"""Confidence from which a guess of another language counts against a text."""
_ENOUGH = 60
"""Characters. The language of a shorter text cannot be guessed reliably."""
_PLENTY = 400
"""Characters from which a language is guessed; more would only take longer."""


Identifiers = dict[int, Mapping[str, int]]
"""Hash of a text and its language → type of identifier → how many were replaced."""


def redacted(facts: list[Fact], data: Data, hygiene: Hygiene) -> tuple[list[Fact], Identifiers]:
    """Return the facts with identifiers replaced in those of the sources that the recipe names in `redact`.

    Also returns, for each different text, how many identifiers of each type were replaced in it.
    """
    clean, identifiers = list(facts), Identifiers()
    for language in sorted({fact.language for fact in facts}):
        indices = [
            index
            for index, fact in enumerate(facts)
            if fact.language == language and prefix(fact.document.id) in data.redact
        ]
        parts = {index: _parts(facts[index], data) for index in indices}
        redactions = _redactions(parts.values(), language, hygiene)
        for text, redaction in redactions.items():
            if redaction.counts:
                identifiers[hash_of(language, text)] = redaction.counts
        changed = {text: redaction.text for text, redaction in redactions.items() if redaction.counts}
        for index in indices:
            if not changed.keys().isdisjoint(parts[index]):
                clean[index] = _with_texts(facts[index], [changed.get(text, text) for text in parts[index]], data)
    return clean, identifiers


def _parts(fact: Fact, data: Data) -> list[str]:
    """Return the texts of a fact in which identifiers are looked for, each turn of a conversation alone.

    In a whole conversation "Patient:" at the beginning of a line would be taken for somebody's name.
    """
    turns = dialogue.turns_of(fact.context, data.history)
    return [*(turn.text for turn in turns), fact.focus, fact.answer, "" if turns else fact.context, *fact.choices]


def _redactions(parts: Iterable[Sequence[str]], language: str, hygiene: Hygiene) -> dict[str, Redaction]:
    """Return each different text of several facts with its redaction."""
    texts = list(dict.fromkeys(text for of_fact in parts for text in of_fact if text))
    return dict(zip(texts, hygiene.redact(texts, language) if texts else (), strict=True))


def _with_texts(fact: Fact, texts: Sequence[str], data: Data) -> Fact:
    """Return a fact with other texts, in the order of `_parts`."""
    turns = dialogue.turns_of(fact.context, data.history)
    focus, answer, passage, *choices = texts[len(turns) :]
    said = [turn._replace(text=text) for turn, text in zip(turns, texts[: len(turns)], strict=True)]
    context = dialogue.written(said) if said else passage
    slot = answer if fact.question_type in LABELLED else answers.slot(focus, answer, fact.language)
    return fact._replace(focus=focus, answer=answer, context=context, choices=tuple(choices), slot=slot)


def worth_teaching(facts: list[Fact], data: Data, hygiene: Hygiene) -> tuple[list[Fact], Drops]:
    """Return the facts in the language that they declare and of some quality, as far as the recipe checks either."""
    foreign, poor = Drops(), Drops()
    if data.check_languages:
        facts, foreign = sift(
            facts, lambda fact: "" if in_its_language(fact, hygiene.guess) else "text is in another language"
        )
    if data.quality:
        facts, poor = sift(facts, lambda fact: f"poor text: {rule}" if (rule := flaw(fact)) else "")
    return facts, total(foreign, poor)


def flaw(fact: Fact) -> str:
    """Return the first rule of `core.teaching.quality` that the answer breaks, or "" for none.

    Damaged characters count in every text of the fact; labels and options are not judged by the other rules.
    """
    if any(damage(text) for text in fact.texts):
        return quality.DAMAGED
    flaws = () if fact.question_type in LABELLED else quality.flaws(fact.answer)
    return flaws[0] if flaws else ""


def in_its_language(fact: Fact, guess: Callable[[str], tuple[str, float]]) -> bool:
    """Return whether nothing speaks strongly against the language that the fact declares.

    `guess` returns the language of a text and its confidence (see `medpipe.ports.Languages.guess`).
    """
    text = fact.focus if fact.question_type in LABELLED else f"{fact.focus} {fact.answer}"
    if len(text) < _ENOUGH:
        return True
    language, confidence = guess(text[:_PLENTY])
    return language in ("", fact.language) or confidence < _SURE
