"""Withdrawn claims of several documents, told apart: which of the documents does an answer assert?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.key_words import Vocabulary
from medpipe.core.teaching.recognition import Claims


class ClaimsByDocument:
    """The claims of each document, judged as `Claims` of that document alone would judge them.

    Most answers have no sign of any claim, so an answer is judged only for the documents of which it has one. Judging
    it for twenty documents takes about as long as for one.
    """

    def __init__(self, claims: Mapping[str, Iterable[Claim]]) -> None:
        """`claims`: document → its claims."""
        self._claims = {document: Claims(of_document) for document, of_document in claims.items()}
        self._of_sign: dict[str, set[str]] = defaultdict(set)
        for document, compiled in self._claims.items():
            for sign in compiled.signs:
                self._of_sign[sign].add(document)
        self._signs = Vocabulary(self._of_sign)

    def asserted(self, answer: str, question: str = "") -> list[str]:
        """Return the documents of which an answer asserts a claim, sorted. `question`: see `Claims.asserts`."""
        signs = self._signs.near(f"{question}\n{answer}")
        candidates = {document for sign in signs for document in self._of_sign[sign]}
        return sorted(document for document in candidates if self._claims[document].asserts(answer, question))
