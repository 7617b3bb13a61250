"""Which documents must not be cited now, whatever an index has: those that the register of withdrawals has in force."""

from __future__ import annotations

from collections.abc import Iterable

from medpipe.core.corpus.article import article_of
from medpipe.core.knowledge.withdrawals import Withdrawal


def withdrawn_articles(withdrawals: Iterable[Withdrawal]) -> frozenset[str]:
    """Return the articles whose withdrawal is in force. Versions and copies of an article are withdrawn with it."""
    return frozenset(article_of(withdrawal.document) for withdrawal in withdrawals if withdrawal.in_force)


def is_withdrawn(document: str, articles: frozenset[str]) -> bool:
    """Return whether a document, or another version or copy of its article, is among `withdrawn_articles`."""
    return article_of(document) in articles
