"""Words that people mistype where seconds count: "siezure", "colapsed".

Pure. A word is read as one of the listed words if it has one letter of that word swapped, dropped or doubled, the
errors that `core.triage.typos` makes. A letter that is replaced by another is not read over, since that makes other
words: "painted" for "fainted".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from medpipe.core.triage.typos import misspellings

_WORD = re.compile(r"[a-z]{5,}", re.IGNORECASE)


class Spelling:
    """The listed words, with the errors that are read over."""

    def __init__(self, words: Iterable[str]) -> None:
        right = frozenset(words)
        self._right = {wrong: word for word in sorted(right) for wrong in misspellings(word) if wrong not in right}

    def corrected(self, text: str) -> str:
        """Return a text without accents in which the listed words are spelt right."""
        return _WORD.sub(lambda match: self._right.get(match.group().lower(), match.group()), text)
