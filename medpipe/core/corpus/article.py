"""Which documents are one article: the versions of a PMID, and the copies of it in curated sets.

What is said about one of them is said about all of them.
"""

from __future__ import annotations

import re

from medpipe.core import sources

_RECORD = "pmid"
_COPIES = tuple(source.prefix for source in sources.SOURCES if source.copies_articles)
_NUMBERED = re.compile(rf"(?:{'|'.join((_RECORD, *_COPIES))}):(\d+)(?:\.\d+)?", re.ASCII)


def article_of(id: str) -> str:
    """Return `pmid:N` for an article's record, a later version of it (`pmid:N.2`) or a copy; any other id as it is."""
    match = _NUMBERED.fullmatch(id)
    return f"{_RECORD}:{match[1]}" if match else id


def is_record(id: str) -> bool:
    """Return whether a document is an article's own record, in whatever version."""
    return sources.prefix(id) == _RECORD


def is_version(id: str) -> bool:
    """Return whether a document is a version after the first of an article's record."""
    return is_record(id) and "." in id


def copies_of(article: str) -> tuple[str, ...]:
    """Return the ids that copies of an article have in curated sets; none for what is no article."""
    prefix, _, number = article.partition(":")
    return tuple(f"{copies}:{number}" for copies in _COPIES) if prefix == _RECORD else ()


def next_version(id: str) -> str:
    """Return the id of the next version of an article's record: `pmid:N.2` for `pmid:N`."""
    number, _, version = id.partition(".")
    return f"{number}.{int(version or 1) + 1}"
