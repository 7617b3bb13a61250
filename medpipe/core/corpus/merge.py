"""What the corpus keeps of deliveries, in whatever order they arrive.

Of each record the largest revision is kept (`newer`). From the kept records follows what they say about each other:
the marks that each document has (`folded`), also a document that has not come yet. Both depend on the set of records
alone and not on their order: the first is a join in a semilattice (Shapiro et al., "Conflict-free Replicated Data
Types", SSS 2011), the second a function of its result. So pulls may overlap, repeat and overtake each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple, Protocol

from medpipe.core import sources
from medpipe.core.corpus.article import article_of, copies_of, is_record, is_version, next_version
from medpipe.core.corpus.document import Document, Mark, Status
from medpipe.core.corpus.standing import marks_of, ordered

DOI = "doi:"
"""What an id begins with that names every document with that DOI."""

_AWAITED = -1
"""The revision of a document that has not come yet."""

_CARE = {
    status: number
    for number, status in enumerate(
        (
            Status.CURRENT,
            Status.NOTICE,
            Status.SUPERSEDED,
            Status.CONCERN,
            Status.ON_HOLD,
            Status.RETRACTED,
            Status.WITHDRAWN,
            Status.TAKEN_DOWN,
            Status.DELETED,
        )
    )
}
"""Of two statuses in one revision and posting, the larger number is kept: the more cautious status. A deletion comes
last."""


class Row(NamedTuple):
    """What a fold must know about a stored document, without its text."""

    revision: int
    status: Status
    """What its own record says."""
    digest: str
    links: tuple[Mark, ...] = ()
    """What it says about others."""
    marks: tuple[Mark, ...] = ()
    """What others say about it."""
    posting: str = ""
    dois: tuple[str, ...] = ()


class Known(Protocol):
    """The documents that are stored, those included that have not come yet and that others speak of."""

    def rows(self, ids: Collection[str]) -> Mapping[str, Row]:
        """Return the rows of those of the ids that are stored."""

    def documents(self, ids: Collection[str]) -> Iterable[Document]:
        """Return stored documents, whole."""

    def holders(self, dois: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """Return document id → DOIs, of the stored documents with any of the DOIs."""


def row_of(document: Document) -> Row:
    """Return the row of a document."""
    links = marks_of(document)
    return Row(
        document.revision, document.status, document.digest, links, document.marks, document.posting, document.dois
    )


def awaited(document: Document) -> bool:
    """Return whether the document has not come yet: others speak of it, and nothing of it may be read."""
    return document.revision == _AWAITED


def placeholder(id: str, marks: tuple[Mark, ...]) -> Document:
    """Return the document that stands for one that has not come yet."""
    source = sources.of_document(id)
    return Document(
        id=id,
        revision=_AWAITED,
        source=source.name if source else "",
        title="",
        published=date(1900, 1, 1),
        status=Status.DELETED,
        marks=marks,
    )


def newer(current: Document | None, incoming: Document) -> Document:
    """Return the kept one of two revisions of a document, with the marks of both.

    The higher revision is kept; of two with one number the later posting, then the more cautious status, then the
    larger digest of the content. A deletion removes the revisions up to its own; a later revision brings the document
    back. `current` is None for a document that the corpus does not have. Raises ValueError when the ids differ.
    """
    if current is None:
        return incoming
    if current.id != incoming.id:
        raise ValueError(f"{current.id} and {incoming.id} are different documents and cannot be merged")
    kept = max(current, incoming, key=_rank)
    return with_marks(kept, ordered((*current.marks, *incoming.marks)))


def with_marks(document: Document, marks: tuple[Mark, ...]) -> Document:
    """Return the document with these marks and no others."""
    return document if document.marks == marks else document.model_copy(update={"marks": marks})


def folded(known: Known, incoming: Iterable[Document]) -> list[Document]:
    """Return every document that differs from its stored row after the incoming ones are merged, by id.

    Among them are documents that did not come themselves and that an incoming record speaks of, or no longer speaks
    of. One that was never delivered is awaited (`awaited`). Texts are read of such documents only.
    """
    arriving: dict[str, Document] = {}
    for document in incoming:
        arriving[document.id] = newer(arriving.get(document.id), document)
    # The rest of their articles is asked for at once, since asking reads the table.
    rows = known.rows(arriving.keys() | {other for id in arriving for other in _first_relatives(article_of(id))})
    changed = {
        id: with_marks(document, rows[id].marks if id in rows else ())
        for id, document in arriving.items()
        if id not in rows or _rank(document) > _rank(rows[id])
    }
    before = {mark for id in changed if id in rows for mark in rows[id].links}
    after = {mark for document in changed.values() for mark in marks_of(document)}
    joined = {article_of(id) for id, document in changed.items() if _joins(document, rows.get(id))}
    _mark(known, changed, joined, before - after, after - before)
    return [changed[id] for id in sorted(changed)]


def _rank(revision: Document | Row) -> tuple[int, str, int, str]:
    """Return a key that orders the revisions of one document totally."""
    return revision.revision, revision.posting, _CARE[revision.status], revision.digest


def _joins(document: Document, before: Row | None) -> bool:
    """Return whether a document is new to its article, or has other DOIs than `before`: either may bring marks."""
    return before is None or before.revision == _AWAITED or before.dois != document.dois


def _about(name: str, marks: Iterable[Mark]) -> set[Mark]:
    return {mark for mark in marks if mark.about == name}


def _mark(known: Known, changed: dict[str, Document], joined: set[str], removed: set[Mark], added: set[Mark]) -> None:
    """Bring the marks of the `joined` articles, and of all that changed documents speak of, up to date in `changed`.

    Marks are stored under the name that they are about: an article's first version, any other document, or a DOI. Each
    document of an article has what is said about the article and about the DOIs of all its documents.
    """
    names = {mark.about for mark in removed | added}
    dois = {name.removeprefix(DOI) for name in names if name.startswith(DOI)}
    holders = known.holders(dois) if dois else {}
    articles = joined | {article_of(id) for id in holders} | {name for name in names if not name.startswith(DOI)}
    members = articles_of(known, changed, articles)
    lists = {f"{DOI}{doi}" for of_one in members.values() for document in of_one.values() for doi in document.dois}
    rows = known.rows(
        (names | lists | articles | {id for of_one in members.values() for id in of_one}) - changed.keys()
    )
    stored = {id: row.marks for id, row in rows.items()} | {id: one.marks for id, one in changed.items()}
    said = defaultdict[str, set[Mark]](set)
    for name in names | lists | articles:
        if of_name := stored.get(name):
            said[name] = _about(name, of_name) - removed
    for mark in added:
        said[mark.about].add(mark)
    marks = {name: said.get(name, set()) for name in names | articles if said.get(name) or name in stored}
    for article, of_one in members.items():
        about = {article, *(f"{DOI}{doi}" for document in of_one.values() for doi in document.dois)}
        marks |= dict.fromkeys(of_one, set().union(*(said[name] for name in about & said.keys())))
    stale = {id for id in marks.keys() & rows.keys() if set(rows[id].marks) != marks[id]}
    kept = {**{document.id: document for document in known.documents(stale)}, **changed}
    for id in marks.keys() & (stale | changed.keys()):
        changed[id] = with_marks(kept[id], ordered(marks[id]))
    for id in marks.keys() - rows.keys() - changed.keys():
        changed[id] = placeholder(id, ordered(marks[id]))


def articles_of(
    known: Known, changed: Mapping[str, Document], articles: Collection[str]
) -> dict[str, dict[str, Document | Row]]:
    """Return article → its documents that have come, stored or changed: the record, later versions and copies.

    A version is looked for if the one before it is there, as deleted or not: its record comes with it.
    """
    members: dict[str, dict[str, Document | Row]] = {article: {} for article in articles}
    asked = {id: article for article in articles for id in _first_relatives(article)}
    while asked:
        found: dict[str, Document | Row] = {**known.rows(asked.keys() - changed.keys())}
        found |= {id: changed[id] for id in asked.keys() & changed.keys()}
        for id, one in found.items():
            if one.revision != _AWAITED:
                members[asked[id]][id] = one
        asked = {next_version(id): article for id, article in asked.items() if id in found and is_version(id)}
    return members


def _first_relatives(article: str) -> tuple[str, ...]:
    """Return the ids that documents of an article have, but for its later versions after the second."""
    return (article, next_version(article), *copies_of(article)) if is_record(article) else (article,)
