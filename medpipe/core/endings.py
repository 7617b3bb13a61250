"""Words without their endings, by two rules. Each joins words that the other keeps apart, as its reader needs.

- `root` cuts every ending until none is left. It joins "losses" and "loss", and keeps "shoulder" and "should" apart.
  `core.judging.scoring` uses it: does an answer to a question about a withdrawn claim have each key word of the claim?
  The text is about the claim already, and a miss would pass a model that asserts it, so the rule cuts all it can.
- `stem` cuts accents, one ending, and a consonant that was doubled for it. It joins "stopped" and "stop", "sévère" and
  "severe", and keeps "factory" and "factors" apart. `core.teaching.key_words` uses it: which questions and facts of all
  are about a claim? Tens of thousands are compared with each claim, and a false alarm loses true knowledge, so the
  rule cuts once. Misspelled words are found by their letters (`key_words.Vocabulary`).

Equal roots or stems are evidence and no proof: "universe" and "university" have the same stem.
"""

from __future__ import annotations

from functools import lru_cache

from medpipe.core.text import STOP_WORDS, STOP_WORDS_ELSEWHERE, unaccented, words

_ROOT_ENDINGS = ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "ed", "es", "y", "s", "e")
_SHORTEST_ROOT = 3
_STEM_ENDINGS = (
    *("ations", "ation", "ments", "ment", "ingly", "ings", "ing", "ities", "ity", "ives", "ive", "ers", "er"),
    *("es", "ed", "en", "is", "ly", "s", "e"),
)


@lru_cache(maxsize=65536)
def root(word: str) -> str:
    """Return a word (lower case) without its English inflection: "eases", "eased" and "easing" become "eas".

    Endings are cut until none is left that leaves three letters.
    """
    while shorter := next(
        (word[: -len(end)] for end in _ROOT_ENDINGS if word.endswith(end) and len(word) - len(end) >= _SHORTEST_ROOT),
        "",
    ):
        word = shorter
    return word


def roots(text: str) -> frozenset[str]:
    """Return the roots of the words of a text that are not stop words, in any order."""
    return frozenset(root(word) for word in words(text) if word not in STOP_WORDS and word not in STOP_WORDS_ELSEWHERE)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return a word without accents and without common English endings: "treated", "treatment" and "treats" agree."""
    plain = unaccented(word)
    if not plain.isalpha():
        return plain
    if plain.endswith("ies") and len(plain) > 4:
        return f"{plain[:-3]}y"
    ending = next((ending for ending in _STEM_ENDINGS if plain.endswith(ending) and len(plain) - len(ending) > 2), "")
    bare = plain.removesuffix(ending)
    doubled = ending and len(bare) > 3 and bare[-1] == bare[-2] and bare[-1] not in "lsz"
    return bare[:-1] if doubled else bare
