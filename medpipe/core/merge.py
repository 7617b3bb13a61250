"""Which revision of a document stands, whatever order revisions arrive in.

The rule is a join in a semilattice: commutative, associative and idempotent (Shapiro et al.,
Conflict-free Replicated Data Types, 2011), so pulls may overlap, repeat and overtake each other.
What is joined: the largest revision (a deletion counts after everything else of its own revision), and
whether any revision was ever called retracted.
"""

from __future__ import annotations

from typing import Any

from medpipe.core.document import Document, Relation, Status
from medpipe.core.refs import digest_of

RETRACTION = "RetractionIn"
"""PubMed's RefType on a retracted article; its target is the notice, which may be unknown."""

_CARE = {Status.CURRENT: 0, Status.NOTICE: 1, Status.CONCERN: 2, Status.RETRACTED: 3, Status.DELETED: 4}
"""Of two readings of the same text, the more careful one stands."""


def newer(current: Document | None, incoming: Document) -> Document:
    """What the table keeps of two revisions of one document; raises ValueError when their ids differ.

    - The higher revision stands. Of two with the same number a deletion stands, else the larger digest.
    - A deletion removes the revisions up to its own; a later revision brings the document back.
    - A retraction never lapses: a document that any revision called retracted is retracted, also when
      the retraction arrives before the article or is missing from a later revision. Its text stays, so
      that the withdrawn claim can be probed; nothing teaches it.
    """
    if current is None:
        return _settled(incoming, (incoming,))
    if current.id != incoming.id:
        raise ValueError(f"{current.id} and {incoming.id} are different documents and cannot be merged")
    first, last = sorted((current, incoming), key=_place)
    if _place(first) == _place(last) and _content(first) > _content(last):
        first, last = last, first
    return _settled(last, (first, last))


def _place(document: Document) -> tuple[int, bool]:
    return document.revision, document.status is Status.DELETED


def _content(document: Document) -> tuple[str, int]:
    """Orders different texts of one revision, whatever was already learned about their retraction."""
    rest = [relation for relation in document.relations if relation.kind != RETRACTION]
    values = document.model_dump(mode="json", exclude={"revision", "status", "relations"})
    return digest_of([values, [relation.model_dump() for relation in rest]]), _CARE[document.status]


def _settled(last: Document, seen: tuple[Document, ...]) -> Document:
    """`last` with everything that is known of its retraction written into status and relations."""
    notices = {one.target for document in seen for one in document.relations if one.kind == RETRACTION}
    if not notices and all(document.status is not Status.RETRACTED for document in seen):
        return last
    known = sorted(target for target in notices if target is not None)
    # A deletion hides the status, so there the relation must remember the retraction even without a notice.
    marks: list[str | None] = [*known] or ([None] if last.status is Status.DELETED else [])
    status = last.status if last.status is Status.DELETED else Status.RETRACTED
    relations = (*(one for one in last.relations if one.kind != RETRACTION),
                 *(Relation(kind=RETRACTION, target=target) for target in marks))
    # Not model_copy: it would carry the cached digest along.
    fields: dict[str, Any] = {name: getattr(last, name) for name in Document.model_fields}
    return Document(**{**fields, "status": status, "relations": relations})
