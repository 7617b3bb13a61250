"""One answer to each question: where documents answer it differently, the newest of the strongest evidence is taught.

Strength follows the levels of the Oxford Centre for Evidence-Based Medicine (2011) as far as publication types show
them. Pages of public bodies are reviewed texts and count as reviews. Whether two different answers contradict or
complement each other is not judged: words do not say so reliably.
"""

from __future__ import annotations

from collections.abc import Hashable

from medpipe.core import sources
from medpipe.core.corpus.document import Document
from medpipe.core.sources import Kind
from medpipe.core.teaching.drops import Drops
from medpipe.core.teaching.facts import Fact
from medpipe.core.text import normalise

OUTDONE = "another document answers the question, with stronger or newer evidence"

_LEVELS = (
    ("preprint",),
    ("case reports",),
    (),
    ("observational study", "comparative study", "multicenter study", "validation study"),
    ("clinical trial", "controlled clinical trial", "clinical trial, phase ii", "clinical trial, phase iii"),
    ("randomized controlled trial", "pragmatic clinical trial", "equivalence trial"),
    ("systematic review", "meta-analysis", "network meta-analysis"),
    ("practice guideline", "guideline", "consensus development conference", "consensus statement"),
)
"""Publication types from the weakest evidence to the strongest. The empty level is that of all others."""
_LEVEL_OF = {name: level for level, names in enumerate(_LEVELS) for name in names}
_OTHERS, _PAGE = _LEVELS.index(()), _LEVEL_OF["systematic review"]


def of_each_question(facts: list[Fact]) -> tuple[list[Fact], Drops]:
    """Return the facts without those that another document outdoes, in their order, and how many those were.

    Facts that give the chosen answer in the same words, or are its twins, stay.
    """
    questions = [_asked(fact) for fact in facts]
    chosen: dict[Hashable, Fact] = {}
    for question, fact in zip(questions, facts, strict=True):
        best = chosen.setdefault(question, fact)
        if best is not fact and _weight(fact) > _weight(best):
            chosen[question] = fact
    kept = [fact for question, fact in zip(questions, facts, strict=True) if _agree(fact, chosen[question])]
    return kept, Drops({OUTDONE: len(facts) - len(kept)})


def strength(document: Document) -> int:
    """Return how strong a document's evidence is; more is stronger. A preprint is the weakest, whatever it reports."""
    if sources.kind_of(document.id) is Kind.PAGE:
        return _PAGE
    levels = [_LEVEL_OF[name] for one in document.types if (name := one.casefold()) in _LEVEL_OF]
    return min(levels) if 0 in levels else max(levels, default=_OTHERS)


def _asked(fact: Fact) -> Hashable:
    """Return a key of everything that is asked: a passage or other options make another question."""
    return (fact.key, normalise(fact.context), fact.choices)


def _weight(fact: Fact) -> tuple[int, int, int, str]:
    document = fact.document
    # Of several answers in one document none is outdone by another of it, so the id decides last.
    return strength(document), document.published.toordinal(), document.revision, document.id


def _agree(one: Fact, other: Fact) -> bool:
    if one.document.id == other.document.id or (one.twin and one.twin == other.twin):
        return True
    return normalise(one.answer) == normalise(other.answer)
