"""The answer log of the gateway: what identifies people is replaced before anything is stored."""

from __future__ import annotations

from collections.abc import Sequence

from medpipe.core.teaching.feedback import NO_DETAILS, Details, Opinion
from medpipe.ports import AnswerLog, AnswerRecord, GivenAnswer, Redactor

LANGUAGES = ("en", "es", "fr")
"""Every text is read in each: the language of one sentence is guessed wrongly too often."""


class ScrubbedLog:
    """Implements `ports.AnswerLog` on top of another log. The asker still gets the unchanged answer."""

    def __init__(self, log: AnswerLog, redactor: Redactor) -> None:
        self._log, self._redactor = log, redactor

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
        scrubbed = list(texts)
        for language in LANGUAGES:
            scrubbed = [redaction.text for redaction in self._redactor.redact(scrubbed, language)]
        return scrubbed
