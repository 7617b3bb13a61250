"""Which passages support an answer, sentence by sentence. Lexical: by words, numbers and denials, and no model.

SourceCheckup (Wu et al., Nature Communications 2025, https://doi.org/10.1038/s41467-025-58551-6) asks the same of each
statement: is it supported by the source that is cited for it? There a model judges. Here a sentence has a source only
where one or two neighbouring sentences of a passage say nearly all of its words, so what is paraphrased freely gets
none: a missing source costs less than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from medpipe.core.judging.denial import denies, doubted
from medpipe.core.judging.opposites import turned
from medpipe.core.knowledge.source_passage import SourcePassage, terms
from medpipe.core.teaching.key_words import coverage, weighed
from medpipe.core.teaching.passages import sentences
from medpipe.core.text import one_line

SUPPORTED = 0.8
"""Least share, by weight, of a sentence's key words that a source must say, 0..1.

As `recognition.TEACH.sentence`, the stricter of the two shares at which a text counts as asserting a claim.
"""
ON_SUBJECT = 0.5
"""Least share of the question's key words that passage and title must have: "It is caused by a virus" is true of many
conditions, and only a source about the one that was asked supports it."""
_FEWEST = 2
"""Key words that a sentence must have to be looked up. One word ("Rest.") is in thousands of passages."""
LOOKED_AT = 8
"""Passages that are compared with each sentence, best first."""
MOST_SENTENCES = 24
"""Sentences of an answer that are looked up. More than any contract's longest answer has; later ones count as without a
source."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class Support(NamedTuple):
    """A passage that supports a sentence, and the words of it that do."""

    passage: SourcePassage
    quote: str


class Supported(NamedTuple):
    """What supports an answer."""

    supports: tuple[Support, ...]
    """In the order of the answer's sentences, each once."""
    share: float
    """The share of the answer's sentences that have a source, 0..1."""


def supported(
    question: str,
    answer: str,
    find: Callable[[str, int], Sequence[SourcePassage]],
    citable: Callable[[SourcePassage, str], bool],
) -> Supported:
    """Return what supports an answer.

    `find`: returns the passages nearest to a text, best first, at most as many as the number says. `citable`: whether a
    quote of a passage may be shown now.
    """
    stated = [sentence for sentence in map(one_line, sentences(answer)) if weighed(sentence)]
    of_sentences = [_best(question, sentence, find, citable) for sentence in stated[:MOST_SENTENCES]]
    having = [support for support in of_sentences if support]
    return Supported(tuple(dict.fromkeys(having)), len(having) / len(stated) if stated else 0.0)


def quote(question: str, sentence: str, passage: SourcePassage) -> str:
    """Return the one or two sentences of a passage that support a sentence; "" for none.

    The title may say the subject, and nothing else; the heading does not count. All numbers must be among them, so that
    another dose is no source; both must deny or neither, and of a denial one sentence must say every word, since it
    turns on the word that is denied; and a source that leaves a matter open supports no sentence that decides it.
    """
    return max(_quotes(question, sentence, passage), key=lambda found: found[0], default=(0.0, ""))[1]


def _best(
    question: str,
    sentence: str,
    find: Callable[[str, int], Sequence[SourcePassage]],
    citable: Callable[[SourcePassage, str], bool],
) -> Support | None:
    if len(weighed(sentence)) < _FEWEST:
        return None
    candidates = (
        (passage, quote(question, sentence, passage)) for passage in find(f"{question} {sentence}", LOOKED_AT)
    )
    return next((Support(passage, said) for passage, said in candidates if said and citable(passage, said)), None)


def _quotes(question: str, sentence: str, passage: SourcePassage) -> Iterator[tuple[float, str]]:
    """Yield the quotes that support a sentence with how well they do: the share, and a shorter one first."""
    title = set(terms(passage.title))
    asked = weighed(question)
    if asked and coverage(asked, set(terms(f"{passage.subject} {passage.text}"))) < ON_SUBJECT:
        return
    sought, least = weighed(sentence), 1.0 if denies(sentence) else SUPPORTED
    stated = sentences(passage.text)
    # The denial of one sentence must not be read with the words of its neighbour.
    for said in stated if denies(sentence) else _windows(stated):
        share = coverage(sought, title | set(terms(said)))
        if share >= least and _agrees(sentence, said, passage.title):
            yield share - len(said) / 1e6, said


def _windows(said: Sequence[str]) -> Iterable[str]:
    yield from said
    yield from (" ".join(pair) for pair in pairwise(said))


def _agrees(sentence: str, said: str, title: str) -> bool:
    numbers = set(_NUMBER.findall(sentence)) - set(_NUMBER.findall(f"{title} {said}"))
    open_there = doubted(said) and not doubted(sentence)
    return not (numbers or open_there or denies(sentence) != denies(said) or turned(sentence, said))
