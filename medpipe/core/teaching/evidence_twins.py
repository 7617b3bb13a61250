"""Evidence twins: held-out questions whose passage was changed in what decides, and controls in which it was not.

An item is a held-out question about a passage, or a fact whose own text is the passage. What decides is

- for a question of yes or no, the results in the passage (`core.judging.evidence.edits.deciding`);
- for any other, a value that the right answer and the passage have, and the question does not: the slot, an amount
  with its unit or, in a fact's own text, its only medicine.

Each item is asked with the passage as it is, changed in up to three ways (removed, replaced, retracted), and changed in
two ways that leave the evidence (reordered, neutral). Where an earlier revision of the document gave another answer
(`Sample.stale`), that revision is the replacement; else it is the value of another item of the same type, an amount
twice as large, another medicine, or the finding turned into its opposite.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from medpipe.core.judging import opposites, quantities
from medpipe.core.judging.evaluation import Sample
from medpipe.core.judging.evidence import edits
from medpipe.core.judging.evidence.conditions import NEUTRAL, ORIGINAL, REMOVED, REORDERED, REPLACED, RETRACTED
from medpipe.core.judging.evidence.figures import MARK
from medpipe.core.teaching.passages import sentences
from medpipe.core.text import stable_share, words

NAME = "evidence-twins"
"""The benchmark of these samples."""
MOST = 200
"""Items that one evaluation asks at most; chosen by their ids, so that a growing corpus keeps those it had."""

_YES_OR_NO = {"yes": "no", "no": "yes"}
_UNDECIDED = "maybe"
_AMOUNT = re.compile(rf"(?<![\w.,])(\d+(?:[.,]\d+)?)[\s-]?(?:{'|'.join(map(re.escape, quantities.UNITS))})(?!\w)")
_WORD = re.compile(r"[^\W\d_]{6,}")
_MEDICINES = ("ibuprofen", "metformin", "warfarin", "amoxicillin", "atorvastatin", "omeprazole")
"""Medicines that take the place of another one."""
_SAYS_NOTHING = {
    "en": "This passage is a part of a longer text.",
    "es": "Este pasaje es parte de un texto más largo.",
    "fr": "Ce passage fait partie d'un texte plus long.",
}
_NOTICE = {
    "en": "This text was retracted by its publisher: its findings are not reliable and must not be used.",
    "es": "Este texto fue retractado por su editor: sus resultados no son fiables y no deben usarse.",
    "fr": "Ce texte a été rétracté par son éditeur : ses résultats ne sont pas fiables ; ne pas les utiliser.",
}


class _Item(NamedTuple):
    """A question about a passage, with what decides it."""

    sample: Sample
    passage: tuple[str, ...]
    """Its sentences."""
    value: str
    """The label, or the words, that the passage supports."""

    @property
    def language(self) -> str:
        return _slice(self.sample, "language") or "en"


def evidence_twins(samples: Iterable[Sample], most: int = MOST) -> Iterator[Sample]:
    """Yield at most `most` items of held-out samples, each in up to six conditions.

    A fact that is asked in several phrasings is one item, in the first of them. The cluster is the sample's.
    """
    found = {item.sample.id.rpartition("-")[0]: item for item in reversed([*_items(samples)])}
    chosen = sorted(found.values(), key=lambda item: stable_share(item.sample.id, NAME))[:most]
    for item in sorted(chosen, key=lambda item: item.sample.id):
        yield from _labelled(item) if item.sample.choices else _valued(item, chosen)


def _items(samples: Iterable[Sample]) -> Iterator[_Item]:
    for sample in samples:
        passage = tuple(sentences(sample.context or sample.target))
        if sample.choices:
            if sample.context and sample.target in _YES_OR_NO and edits.deciding(passage, sample.question):
                yield _Item(sample, passage, sample.target)
        elif value := _value(sample, " ".join(passage)):
            yield _Item(sample, passage, value)


def _value(sample: Sample, passage: str) -> str:
    """Return the words that decide, as the right answer writes them; "" where there are none."""
    amounts: set[str] = set(_AMOUNT.findall(sample.target)) & set(_AMOUNT.findall(passage))
    named = {word for word in _WORD.findall(sample.target) if opposites.medicines(word)}
    values: list[str] = [sample.slot, *sorted(amounts)]
    if len(named) == 1 and not sample.context:
        values += named
    for value in values:
        if words(value) and edits.has(passage, value) and not edits.has(sample.question, value):
            return value
    return ""


def _labelled(item: _Item) -> Iterator[Sample]:
    sample, passage = item.sample, item.passage
    places = edits.deciding(passage, sample.question)
    undecided = _UNDECIDED if _UNDECIDED in sample.choices else ""
    rest = " ".join(sentence for place, sentence in enumerate(passage) if place not in places)
    opposite = edits.opposite(passage, places, sample.question, item.value, item.language)
    other = _YES_OR_NO[item.value]
    for condition, text, target in (
        *((name, text, item.value) for name, text in _unmoved(item)),
        (REMOVED, rest, undecided),
        (REPLACED, opposite if other in sample.choices else "", other),
        (RETRACTED, _retracted(item), undecided),
    ):
        if text:
            yield _asked(item, condition, text, target=target, rejected="" if target == item.value else item.value)


def _valued(item: _Item, others: Sequence[_Item]) -> Iterator[Sample]:
    sample, passage, value = item.sample, item.passage, item.value
    other, replaced = _replaced(item, others)
    for condition, text, slot, rejected in (
        *((name, text, value, other) for name, text in _unmoved(item)),
        (REMOVED, edits.without(passage, value), "", value),
        (REPLACED, replaced, other, value),
        (RETRACTED, _retracted(item), "", value),
    ):
        if text:
            yield _asked(item, condition, text, target=sample.target, slot=slot, rejected=rejected)


def _unmoved(item: _Item) -> Iterator[tuple[str, str]]:
    passage = " ".join(item.passage)
    yield ORIGINAL, passage
    yield REORDERED, edits.reordered(item.passage)
    yield NEUTRAL, f"{_SAYS_NOTHING[item.language]} {passage}" if item.language in _SAYS_NOTHING else ""


def _retracted(item: _Item) -> str:
    return f"{_NOTICE[item.language]} {' '.join(item.passage)}" if item.language in _NOTICE else ""


def _replaced(item: _Item, others: Sequence[_Item]) -> tuple[str, str]:
    """Return another value, and the passage that has it; ("", "") where none is found."""
    sample, value, text = item.sample, item.value, f"{item.sample.question} {' '.join(item.passage)}"
    if sample.stale and words(sample.stale_slot) and not edits.has(text, sample.stale_slot):
        return sample.stale_slot, sample.stale
    for other in _substitutes(item, others):
        if not edits.has(text, other) and (passage := edits.substituted(item.passage, value, other)):
            return other, passage
    return "", ""


def _substitutes(item: _Item, others: Sequence[_Item]) -> Iterator[str]:
    """Yield values of the same kind as an item's."""
    if re.fullmatch(r"[\d.,]+", item.value):
        number = float(item.value.replace(",", "."))
        yield from (f"{number * times:.12g}" for times in (2, 0.5, 3))
    elif item.value == item.sample.slot:
        kind = _slice(item.sample, "type"), item.language
        yield from (
            other.value
            for other in others
            if (_slice(other.sample, "type"), other.language) == kind and other.value == other.sample.slot
        )
    else:
        yield from _MEDICINES


def _slice(sample: Sample, name: str) -> str:
    return next((one.removeprefix(f"{name} ") for one in sample.slices if one.startswith(f"{name} ")), "")


def _asked(item: _Item, condition: str, passage: str, **judged: str) -> Sample:
    """Return the item with a passage. `judged`: the target, the words to say (slot), and those not to (rejected)."""
    update = {
        "id": f"{item.sample.id}{MARK}{condition}",
        "context": passage,
        "condition": condition,
        "slot": "",
        "stale": "",
        "stale_slot": "",
        "changed": 0,
        "counterpart": "",
        "slices": (*item.sample.slices, f"evidence {condition}"),
        **judged,
    }
    return item.sample.model_copy(update=update)
