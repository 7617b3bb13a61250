"""The answer log of the gateway: what identifies people is replaced before anything is stored."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from threading import Lock

from medpipe.core.teaching.feedback import NO_DETAILS, Details, Opinion
from medpipe.ports import AnswerLog, AnswerRecord, GivenAnswer, Redactor

LANGUAGES = ("en", "es", "fr")
"""Every text is read in each: the language of one sentence is guessed wrongly too often."""

_KNOWN = 2048
"""Texts whose redaction is kept in memory: some megabytes."""


class ScrubbedLog:
    """Implements `ports.AnswerLog` on top of another log. The asker still gets the unchanged answer."""

    def __init__(self, log: AnswerLog, redactor: Redactor) -> None:
        self._log, self._redactor = log, redactor
        self._known: OrderedDict[bytes, str] = OrderedDict()
        """Digest of a text → the text without identifiers. Refusals are one text, and greedy answers repeat."""
        self._lock = Lock()

    def warm_up(self) -> None:
        """Load the recognisers, so that the first request does not wait for them."""
        self._scrubbed("Warm up.")

    def record(
        self, answer_id: str, identity: str, question: str, answer: str, version: str, adapter_name: str, refused: bool
    ) -> None:
        """Store one served answer, with placeholders instead of identifiers in both texts."""
        asked, answered = self._scrubbed(question, answer)
        self._log.record(answer_id, identity, asked, answered, version, adapter_name, refused)

    def scrubbed(self, record: AnswerRecord) -> AnswerRecord:
        """Return a record with placeholders instead of identifiers in both texts."""
        question, answer = self._scrubbed(record.question, record.answer)
        return record._replace(question=question, answer=answer)

    def record_all(self, records: Sequence[AnswerRecord]) -> None:
        """Store records as they are: `scrubbed` returned them."""
        self._log.record_all(records)

    def given(self, answer_id: str) -> GivenAnswer | None:
        """Return a stored answer; None for an unknown or an erased one."""
        return self._log.given(answer_id)

    def rate(
        self, answer_id: str, identity: str, rating: str, correction: str | None, details: Details = NO_DETAILS
    ) -> None:
        """Store feedback, with placeholders instead of identifiers in every text."""
        texts = self._scrubbed(correction or "", details.reason or "", details.alternative or "")
        text, reason, alternative = (text or None for text in texts)
        self._log.rate(answer_id, identity, rating, text, details._replace(reason=reason, alternative=alternative))

    def opinion(self, answer_id: str, identity: str) -> Opinion | None:
        """Return an identity's feedback on an answer, as it is stored; None without any."""
        return self._log.opinion(answer_id, identity)

    def take_back(self, answer_id: str, identity: str) -> bool:
        """Remove an identity's feedback on an answer. Returns False when there was none."""
        return self._log.take_back(answer_id, identity)

    def _scrubbed(self, *texts: str) -> list[str]:
        return [self._of(text) for text in texts]

    def _of(self, text: str) -> str:
        digest = sha256(text.encode()).digest()
        with self._lock:
            if digest in self._known:
                self._known.move_to_end(digest)
                return self._known[digest]
        scrubbed = text
        for language in LANGUAGES:
            (redaction,) = self._redactor.redact([scrubbed], language)
            scrubbed = redaction.text
        with self._lock:
            self._known[digest] = scrubbed
            if len(self._known) > _KNOWN:
                self._known.popitem(last=False)
        return scrubbed
