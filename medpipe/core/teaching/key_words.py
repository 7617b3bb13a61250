"""Key words: the words by which a claim is recognised in another text, whatever its order, endings and spelling."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from medpipe.core.endings import stem
from medpipe.core.text import STOP_WORDS, STOP_WORDS_ELSEWHERE, words

STRONG, COMMON, WEAK = 1.0, 0.5, 0.3
"""Weight of a word that names something; of a word of everyday language; of a word that paraphrases exchange."""

_LONG = 5
"""Least letters of a stem that is recognised with one wrong letter."""

_IGNORED = """
about after against all also am any ask asks because being between but doctor doctors during each either ever get gets
give given go good having help helps here how i just know known let like lot make makes me much my need now off one
other out please possible question read really right s say says see somebody someone tell thing true use used uses
using want way well whether whose yes study studies find finds found evidence research researchers conclusion
conclusions article paper trial trials science scientific clinical explain answer choose maybe cual cuales como cuando
donde quien comment je quel quelle quels quelles vous
"""
"""Beside the stop words of `core.text`: words of questions and of reports that say nothing about the subject."""
_EXCHANGED = """
cure cures affect affects effect effects effective efficacy effectiveness treat treats treatment treatments therapy
therapies shorten ease delay worsen improve improves reduce reduces increase increases decrease decreases lower lowers
prevent prevents cause causes caused risk associated association associate related relation relationship influence
impact role change changes outcome outcomes predict predicts predictor benefit benefits beneficial safe safety better
superior compared comparison useful necessary need higher different difference differences management manage
diagnosis diagnose detect detection factor factors feasible reliable accurate valid important value new early late
block blocks blocking work works slow slows stop stops protect protects group groups result results use level levels
"""
_EVERYDAY = """
adult adults adolescent age aged arm back blood body bone bones brain breast cell cells chest child children ear early
eye eyes face female foot hand head health healthy heart hip home hospital human infant infants intestine kidney knee
leg life liver lung lungs male man men milk mother mouth muscle neck nerve newborn nose old older oral pain pregnancy
pregnant school skin sleep social spine stomach surgery surgical tooth water weight white woman women work young
medicine medication drug drugs test tests use care medical primary quality acute chronic severe high low normal
antibiotic antibiotics exercise diet food disease condition cancer infection disorder injury yellow red black
"""
_KINDS = """
disease diseases syndrome syndromes disorder disorders condition conditions illness fever palsy anemia anaemia rash
ataxia gout infection infections deficiency dystrophy type
"""
"""Kinds of conditions: people leave them out ("How is Brailox treated?")."""


def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, text.split()))


_NO_WEIGHT = STOP_WORDS | STOP_WORDS_ELSEWHERE | frozenset(_IGNORED.split())
_WEIGHTS = {
    **dict.fromkeys(_stems(_EVERYDAY), COMMON),
    **dict.fromkeys(_stems(_KINDS), 0.4),
    **dict.fromkeys(_stems(_EXCHANGED), WEAK),
}


def weighed(text: str) -> dict[str, float]:
    """Return the stems of a text's words with their weights, without words that say nothing about the subject."""
    return {stem(word): _WEIGHTS.get(stem(word), STRONG) for word in words(text) if word not in _NO_WEIGHT}


def coverage(sought: Mapping[str, float], found: Collection[str]) -> float:
    """Return the share of the weight of `sought` that is among `found`, 0..1; 0 when nothing is sought."""
    whole = sum(sought.values())
    return sum(weight for word, weight in sought.items() if word in found) / whole if whole else 0.0


class Vocabulary:
    """Stems that are looked for in texts. Long ones are found with one letter too many, missing, wrong or swapped.

    The method is that of SymSpell: two words within one edit share a word, or a word less one letter.
    """

    def __init__(self, stems: Iterable[str]) -> None:
        self._stems = frozenset(stems)
        self._longest = max(map(len, self._stems), default=0) + 1
        """Letters of the longest word that is near to a stem. A longer one is not varied: that takes their square."""
        self._near: dict[str, set[str]] = {}
        for known in self._stems:
            for variant in _variants(known):
                self._near.setdefault(variant, set()).add(known)

    def found(self, text: str) -> frozenset[str]:
        """Return the stems of the vocabulary that occur in a text."""
        return frozenset(known for word in set(map(stem, words(text))) for known in self._of(word))

    def near(self, text: str) -> frozenset[str]:
        """Return what any vocabulary of some of these stems would find: neighbours of a stem that occurs count too."""
        return frozenset(
            known for word in set(map(stem, words(text))) for known in (*self._exact(word), *self._wrong(word))
        )

    def _of(self, word: str) -> Iterable[str]:
        return self._exact(word) or self._wrong(word)

    def _exact(self, word: str) -> tuple[str, ...]:
        return (word,) if word in self._stems else ()

    def _wrong(self, word: str) -> Iterator[str]:
        if len(word) > self._longest:
            return
        for variant in _variants(word):
            yield from self._near.get(variant, ())


def _variants(word: str) -> Iterator[str]:
    if len(word) >= _LONG and re.fullmatch("[a-z]+", word):
        yield word
        yield from (word[:place] + word[place + 1 :] for place in range(len(word)))
