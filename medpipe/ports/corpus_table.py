"""The table of the corpus, in versions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

from medpipe.core.corpus.document import Document


class Counts(NamedTuple):
    """The number of documents of a version of the corpus."""

    by_status: Mapping[str, int]
    """Status → number of documents; only statuses that occur."""
    cut_off: date | None
    """The latest date on which a current document was published; None without current documents."""


class Pruned(NamedTuple):
    """Files that only versions have which nothing needs."""

    files: int
    bytes: int


class CorpusTable(Protocol):
    """The current revision of every document, in versions. The cost of a merge depends on the pull, not on the corpus.

    Every method raises NotFound for a version that does not exist.
    """

    def merge(self, documents: Iterable[Document], previous: int | None, token: str) -> int:
        """Fold revisions into the table, and return the new version.

        `previous`: a version that must exist; None for a new table. `token`: names this merge; the same token again
        returns the version that it made. Merges commute: an older revision never replaces a newer one, and retractions
        and deletions stay, in whatever order they come. A merge is stored whole or not at all. Raises Unavailable
        when other writers win every attempt.
        """

    def read(
        self, version: int, statuses: Sequence[str] = ("current",), ids: Collection[str] | None = None
    ) -> Iterator[Document]:
        """Yield the documents with one of the statuses, or those of them among `ids`, by id.

        Memory does not hold all of them.
        """

    def digests(self, version: int, statuses: Sequence[str] = ("current",)) -> Mapping[str, str]:
        """Return document id → content digest, without reading texts."""

    def revisions(
        self,
        version: int,
        statuses: Sequence[str] = ("current",),
        ids: Collection[str] | None = None,
        prefix: str = "",
    ) -> Mapping[str, int]:
        """Return document id → revision, of those among `ids` or whose id begins with `prefix`, without texts."""

    def counts(self, version: int) -> Counts:
        """Return the counts of a version, without reading the corpus."""

    def content(self, version: int) -> str:
        """Return the digest of all documents of a version (`core.corpus.contents`), without reading them."""

    def reread(self, version: int) -> str:
        """Return the digest as `content` does, after reading each document: an edited text gives another one."""

    def holding(self, content: str, expected: int) -> int | None:
        """Return a version that holds exactly the documents with this digest; None where the table has none.

        `expected`: the version that held them. After a table was restored from a backup, it may hold others. Cheap:
        what the commits recorded is read, and no document.
        """

    def compact(self, version: int) -> int:
        """Return a version with the same documents that is cheaper to read, or `version` itself. All stay readable."""

    def prune(self, keep: Collection[int], apply: bool) -> Pruned:
        """Remove files that neither a version among `keep` nor the newest one has; or, without `apply`, count them.

        Whoever reads a version that lost files gets NotFound. Its number is never used again, and its `counts`,
        `content` and what `holding` says of it stay. Writers go on meanwhile, and what they have just written stays.
        After a kill, the next run removes the rest.
        """
