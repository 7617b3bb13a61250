"""The revision of a document that the corpus keeps, in whatever order revisions arrive.

The rule is a join in a semilattice: commutative, associative and idempotent (Shapiro et al., "Conflict-free
Replicated Data Types", SSS 2011), so pulls may overlap, repeat and overtake each other. Two things are joined: the
largest revision (a deletion counts after everything else of its own revision), and whether any revision was ever
marked as retracted. Between two texts of one revision the larger digest of the content decides.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from medpipe.core.corpus.document import Document, Relation, Status
from medpipe.core.refs import digest_of

RETRACTION = "RetractionIn"
"""PubMed's RefType on a retracted article. The target is the notice; None when its id is not known."""

_CARE = {Status.CURRENT: 0, Status.NOTICE: 1, Status.CONCERN: 2, Status.RETRACTED: 3, Status.DELETED: 4}
"""Of two statuses for the same text of one revision, the larger number is kept: the more cautious status."""


class Standing(NamedTuple):
    """The columns of a stored row that suffice to merge most revisions into it without reading its text."""

    revision: int
    status: Status
    digest: str
    notices: tuple[str | None, ...]
    """Targets of its `RETRACTION` relations; None stands for a notice whose id is not known."""


def standing(document: Document) -> Standing:
    """Return the columns of a settled document."""
    return Standing(document.revision, document.status, document.digest, _notices(document))


def stands(known: Standing, incoming: Document) -> bool:
    """Return whether a settled row certainly stays as it is, so that `newer(row, incoming) == row`.

    False means that the row may change: between two texts of one revision only the texts can decide.
    """
    if _rank(known) == _rank(incoming):
        return known.digest == incoming.digest
    unknown_notices = {target for target in _notices(incoming) if target is not None} - set(known.notices)
    learns_retraction = _retracted(incoming) and not _retracted(known)
    return _rank(incoming) < _rank(known) and not unknown_notices and not learns_retraction


def succeeds(known: Standing, incoming: Document) -> Document | None:
    """Return `newer(row, incoming)` if `incoming` is a later revision, which needs no text of the row; else None."""
    if _rank(incoming) <= _rank(known):
        return None
    return _settled(incoming, (known, incoming))


def newer(current: Document | None, incoming: Document) -> Document:
    """Return what the corpus keeps of two revisions of one document; raises ValueError when their ids differ.

    `current` is None for a document that the corpus does not have yet.

    - The higher revision is kept. Of two with the same number a deletion is kept, else the larger digest.
    - A deletion removes the revisions up to its own; a later revision brings the document back.
    - A retraction never lapses: a document that any revision marks as retracted is retracted, also when the
      retraction arrives before the article or is missing from a later revision. Its text stays, so that evaluation
      can ask for the withdrawn claim; nothing teaches it.
    """
    if current is None:
        return _settled(incoming, (incoming,))
    if current.id != incoming.id:
        raise ValueError(f"{current.id} and {incoming.id} are different documents and cannot be merged")
    first, last = sorted((current, incoming), key=_rank)
    if _rank(first) == _rank(last) and _content(first) > _content(last):
        first, last = last, first
    return _settled(last, (first, last))


def _rank(revision: Document | Standing) -> tuple[int, bool]:
    """Return a key that orders revisions; a deletion comes after everything else of its own revision."""
    return revision.revision, revision.status is Status.DELETED


def _notices(revision: Document | Standing) -> tuple[str | None, ...]:
    if isinstance(revision, Standing):
        return revision.notices
    return tuple(relation.target for relation in revision.relations if relation.kind == RETRACTION)


def _retracted(revision: Document | Standing) -> bool:
    return revision.status is Status.RETRACTED or bool(_notices(revision))


def _content(document: Document) -> tuple[str, int]:
    """Return a key that orders different texts of one revision, whatever is known about their retraction."""
    rest = [relation for relation in document.relations if relation.kind != RETRACTION]
    values = document.model_dump(mode="json", exclude={"revision", "status", "relations"})
    return digest_of([values, [relation.model_dump() for relation in rest]]), _CARE[document.status]


def _settled(last: Document, revisions: tuple[Document | Standing, ...]) -> Document:
    """Return `last` with everything that the revisions say about a retraction in its status and relations."""
    if not any(map(_retracted, revisions)):
        return last
    known = sorted({target for revision in revisions for target in _notices(revision) if target is not None})
    # The status of a deletion cannot say that the document was retracted, so a relation must, even without a notice.
    marks: list[str | None] = [*known] or ([None] if last.status is Status.DELETED else [])
    status = last.status if last.status is Status.DELETED else Status.RETRACTED
    relations = (
        *(relation for relation in last.relations if relation.kind != RETRACTION),
        *(Relation(kind=RETRACTION, target=target) for target in marks),
    )
    if status is last.status and relations == last.relations:
        return last
    # Not model_copy: it would carry the cached digest along.
    fields: dict[str, Any] = {name: getattr(last, name) for name in Document.model_fields}
    return Document(**{**fields, "status": status, "relations": relations})
