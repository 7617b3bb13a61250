"""Which revision of a document stands, whatever order revisions arrive in.

The rule is a join in a semilattice: commutative, associative and idempotent (Shapiro et al.,
Conflict-free Replicated Data Types, 2011), so pulls may overlap, repeat and overtake each other.
What is joined: the largest revision (a deletion counts after everything else of its own revision), and
whether any revision was ever called retracted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from medpipe.core.corpus.document import Document, Relation, Status
from medpipe.core.refs import digest_of

RETRACTION = "RetractionIn"
"""PubMed's RefType on a retracted article; its target is the notice, which may be unknown."""

_CARE = {Status.CURRENT: 0, Status.NOTICE: 1, Status.CONCERN: 2, Status.RETRACTED: 3, Status.DELETED: 4}
"""Of two readings of the same text, the more careful one stands."""


class Standing(NamedTuple):
    """What must be known of the row that stands to fold most revisions in without reading its text."""

    revision: int
    status: Status
    digest: str
    notices: tuple[str | None, ...]
    """Targets of its `RETRACTION` relations; None is a notice whose id nobody gave."""


def standing(document: Document) -> Standing:
    return Standing(document.revision, document.status, document.digest, _notices(document))


def stands(known: Standing, incoming: Document) -> bool:
    """Whether a settled row stays as it is: `newer(row, incoming) == row`, told without the row's text.

    False does not mean that it changes: where two texts of one revision meet, only the texts can tell.
    """
    place, other = _place(known), _place(incoming)
    if place == other:
        return known.digest == incoming.digest
    news = {target for target in _notices(incoming) if target is not None} - set(known.notices)
    return other < place and not news and (_retracted(known) or not _retracted(incoming))


def succeeds(known: Standing, incoming: Document) -> Document | None:
    """`newer(row, incoming)` where the row's text does not matter, since a later revision replaces it; else None."""
    if _place(incoming) <= _place(known):
        return None
    return _settled(incoming, (known, incoming))


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


def _place(one: Document | Standing) -> tuple[int, bool]:
    return one.revision, one.status is Status.DELETED


def _notices(one: Document | Standing) -> tuple[str | None, ...]:
    if isinstance(one, Standing):
        return one.notices
    return tuple(relation.target for relation in one.relations if relation.kind == RETRACTION)


def _retracted(one: Document | Standing) -> bool:
    return one.status is Status.RETRACTED or bool(_notices(one))


def _content(document: Document) -> tuple[str, int]:
    """Orders different texts of one revision, whatever was already learned about their retraction."""
    rest = [relation for relation in document.relations if relation.kind != RETRACTION]
    values = document.model_dump(mode="json", exclude={"revision", "status", "relations"})
    return digest_of([values, [relation.model_dump() for relation in rest]]), _CARE[document.status]


def _settled(last: Document, seen: tuple[Document | Standing, ...]) -> Document:
    """`last` with everything that is known of its retraction written into status and relations."""
    if not any(map(_retracted, seen)):
        return last
    known = sorted({target for one in seen for target in _notices(one) if target is not None})
    # A deletion hides the status, so there the relation must remember the retraction even without a notice.
    marks: list[str | None] = [*known] or ([None] if last.status is Status.DELETED else [])
    status = last.status if last.status is Status.DELETED else Status.RETRACTED
    relations = (
        *(one for one in last.relations if one.kind != RETRACTION),
        *(Relation(kind=RETRACTION, target=target) for target in marks),
    )
    if status is last.status and relations == last.relations:
        return last
    # Not model_copy: it would carry the cached digest along.
    fields: dict[str, Any] = {name: getattr(last, name) for name in Document.model_fields}
    return Document(**{**fields, "status": status, "relations": relations})
