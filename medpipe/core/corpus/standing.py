"""What a document counts as, from everything that is known about it, in whatever order it became known.

Known are the newest revision of its own record, the marks that other records set on it (`marks_of`), its title, and
what people decided. Of several reasons the first of this order decides, so that no later and milder one hides a
graver one:

1. taken down: a person withdrew it;
2. deleted: its publisher removed it;
3. retracted: its own record says so;
4. withdrawn: the register has it, and its own record does not say why;
5. notice: it is a notice about another document, and teaches nothing;
6. on hold: its record has an expression of concern; a notice retracts it, doubts it or republishes it; a list has it;
   its title says so; or its publisher no longer lists it, or lists it without a text;
7. superseded: its record or a newer one names the newer one;
8. current.

Versions of a PMID and copies of it in curated sets are one article (`core.corpus.article`): what its record, a notice
or a list says of one of them holds for all. A deletion is said of one version only.

Retractions are taken back as well. The newest revision of a record counts alone, so a retraction ends when a later
revision has neither the link nor the publication type. A notice's mark ends when a later revision of the notice no
longer names the document, or says that the notice itself was retracted or deleted. While the notice stands, the
document stays on hold, whatever its own record says.

Terms: https://www.nlm.nih.gov/bsd/policy/errata.html
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal, NamedTuple

from medpipe.core.corpus.article import article_of, is_record
from medpipe.core.corpus.document import Document, Mark, Relation, Status
from medpipe.core.corpus.revision import posted
from medpipe.core.corpus.title_warnings import warning_of

RETRACTED_IN, RETRACTS = "RetractionIn", "RetractionOf"
"""PubMed's RefTypes on a retracted article and on its notice."""
REPUBLISHED_IN, REPUBLISHES = "RetractedandRepublishedIn", "RetractedandRepublishedFrom"
DOUBTED_IN, DOUBTS = "ExpressionOfConcernIn", "ExpressionOfConcernFor"
UPDATED_IN, UPDATES = "UpdateIn", "UpdateOf"
CORRECTED_IN, CORRECTS = "CorrectedandRepublishedIn", "CorrectedandRepublishedFrom"
LISTED, LISTED_CONCERN, REINSTATES = "ListedRetractionOf", "ListedConcernOf", "ListedReinstatementOf"
"""Kinds of medpipe's own: a list of retractions says so, and no publisher."""

VANISHED = "VanishedFrom"
"""A kind of medpipe's own: its publisher's whole deliveries no longer have it (`core.corpus.vanished`)."""
LEFT_OUT = "ListedWithoutTextBy"
"""A kind of medpipe's own: its publisher lists it, and takes its text back."""
_GONE = {
    VANISHED: "its publisher no longer lists it",
    LEFT_OUT: "its publisher lists it without a text that may be used",
}

Cause = Literal[
    "person",
    "deleted",
    "retracted",
    "register",
    "is-notice",
    "concern",
    "notice",
    "listed",
    "title",
    "vanished",
    "superseded",
]
"""Why a document is not current. `notice`: another record names it; `is-notice`: it is one."""

_STATUS_OF: dict[Cause, Status] = {
    "retracted": Status.RETRACTED,
    "deleted": Status.DELETED,
    "concern": Status.ON_HOLD,
    "notice": Status.ON_HOLD,
    "listed": Status.ON_HOLD,
    "title": Status.ON_HOLD,
    "vanished": Status.ON_HOLD,
    "superseded": Status.SUPERSEDED,
}
"""What a document counts as for each cause that the corpus knows of and that a policy may choose."""

_SUPERSEDED = {UPDATED_IN: "updated", CORRECTED_IN: "corrected and republished"}
_SUPERSEDES = {UPDATES: "updated", CORRECTS: "corrected and republished"}
_NOTICES = {RETRACTS: "retracted", REPUBLISHES: "retracted and republished", DOUBTS: "doubted"}
_LISTS = {LISTED: "listed as retracted", LISTED_CONCERN: "listed with an expression of concern"}
_MARKING = frozenset({*_NOTICES, *_SUPERSEDES, *_LISTS, REINSTATES, *_GONE})
AGAINST = frozenset({*_NOTICES, *_LISTS, REINSTATES, *_GONE})
"""Kinds of relations by which a record puts another document on hold, or takes that back."""
_STATED: dict[Status, tuple[Cause, str]] = {
    Status.TAKEN_DOWN: ("person", "a person withdrew it"),
    Status.DELETED: ("deleted", "its publisher removed it"),
    Status.RETRACTED: ("retracted", "its publisher retracted it"),
    Status.WITHDRAWN: ("register", "it is in the register of withdrawals"),
    Status.NOTICE: ("is-notice", "it is a notice about another article"),
    Status.CONCERN: ("concern", "its publisher expressed concern about it"),
    Status.ON_HOLD: ("concern", "its publisher expressed concern about it"),
    Status.SUPERSEDED: ("superseded", "a newer document takes its place"),
}
_ORDER = {status: number for number, status in enumerate((*_STATED, Status.CURRENT))}


class Standing(NamedTuple):
    """What a document counts as, and why."""

    status: Status
    cause: Cause | None = None
    """None for a current document."""
    reason: str = ""
    """A sentence part for people, such as "pmid:9 says that it was retracted"; empty for a current document."""
    day: date | None = None
    """When that was said; of a document that vanished, when it was last listed. None where nobody knows."""
    revision: int = 0
    """The revision of the record that says so."""
    by: str = ""
    """The id of the record that says so; empty where it is the document's own, or a person."""


class Decision(NamedTuple):
    """A withdrawal in force, from the register."""

    by_person: bool
    reason: str
    day: date


def marks_of(document: Document) -> tuple[Mark, ...]:
    """Return what a document's own record says about other documents, sorted.

    A notice that was itself retracted says nothing any more; a deleted record neither. What an article's record says
    against itself is said of its article, which has other versions and copies.
    """
    plain = document.status is Status.CURRENT and not document.relations and not document.warning
    if plain or document.status is Status.DELETED:
        return ()
    void = _NOTICES.keys() if document.status is Status.RETRACTED else ()
    own = article_of(document.id)
    said = [
        (relation.kind, article_of(target_of(relation)))
        for relation in document.relations
        if relation.kind in _MARKING and relation.kind not in void and relation.target
    ]
    against = [(kind, own) for kind in _against_itself(document)] if is_record(document.id) else []
    return ordered(
        Mark(kind=kind, by=document.id, about=about, revision=document.revision, day=document.published)
        for kind, about in (*((kind, about) for kind, about in said if about != own), *against)
    )


def _against_itself(document: Document) -> Iterable[str]:
    """Yield the kinds of relation by which a notice would say what the record says of itself."""
    if document.status is Status.RETRACTED:
        yield RETRACTS
    if document.status is Status.CONCERN or document.warning:
        yield DOUBTS
    for relation in document.relations:
        if relation.kind in _SUPERSEDED and article_of(target_of(relation)) != article_of(document.id):
            yield relation.kind


def target_of(relation: Relation) -> str:
    """Return the id of the document that a relation names; a bare number is a PMID. Empty without a target."""
    target = relation.target or ""
    return target if ":" in target or not target else f"pmid:{target}"


def ordered(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Return different marks in one order, so that equal sets of marks are equal."""
    return tuple(sorted(set(marks), key=lambda mark: (mark.about, mark.by, mark.kind, mark.revision, mark.day)))


def standing(document: Document, decision: Decision | None = None) -> Standing:
    """Return what a document counts as. `decision`: its withdrawal, if one is in force."""
    return reasons(document, decision)[0]


def reasons(document: Document, decision: Decision | None = None) -> list[Standing]:
    """Return every reason for what a document counts as, the deciding one first; of a current document, that it is."""
    found = [
        _stated(document),
        *_noticed(document),
        *_warned(document),
        *_vanished(document),
        *_superseded(document),
    ]
    if decision is not None:
        status = Status.TAKEN_DOWN if decision.by_person else Status.WITHDRAWN
        found.append(Standing(status, _STATED[status][0], decision.reason, decision.day))
    # Of two reasons of one rank the one that was found first decides.
    return sorted(found, key=lambda candidate: _ORDER[candidate.status])


def retracted(document: Document) -> bool:
    """Return whether the document's own record, or a notice about it, says that it was retracted."""
    stated = document.status is Status.RETRACTED
    return stated or any(mark.kind in (RETRACTS, REPUBLISHES) for mark in document.marks)


def statuses_with(causes: Iterable[Cause]) -> tuple[Status, ...]:
    """Return what a document may count as for which one of the causes is a reason: it, or what hides it."""
    last = max((_ORDER[_STATUS_OF[cause]] for cause in causes), default=-1)
    return tuple(status for status, place in _ORDER.items() if place <= last)


def _stated(document: Document) -> Standing:
    """Return what the document's own record says of itself."""
    if document.status is Status.CURRENT:
        return Standing(Status.CURRENT)
    cause, reason = _STATED[document.status]
    status = Status.ON_HOLD if document.status is Status.CONCERN else document.status
    by = next((target_of(relation) for relation in document.relations if relation.kind == RETRACTED_IN), "")
    shown = f"{reason} (notice {by})" if by and document.status is Status.RETRACTED else reason
    return Standing(status, cause, shown, posted(document.revision), document.revision)


def _noticed(document: Document) -> Iterable[Standing]:
    """Yield a hold for each notice or list that names the document. A later reinstatement ends what lists say."""
    back = max((mark.day for mark in document.marks if mark.kind == REINSTATES), default=date.min)
    for mark in document.marks:
        if mark.kind in _NOTICES and mark.by != document.id:
            reason = f"{mark.by} says that it was {_NOTICES[mark.kind]}"
            yield Standing(Status.ON_HOLD, "notice", reason, mark.day, mark.revision, mark.by)
    for mark in document.marks:
        if mark.kind in _LISTS and mark.day >= back:
            reason = f"{_LISTS[mark.kind]} ({mark.by})"
            yield Standing(Status.ON_HOLD, "listed", reason, mark.day, mark.revision, mark.by)


def _warned(document: Document) -> Iterable[Standing]:
    if warning := document.warning or warning_of(document.title)[0]:
        reason = f"its title says {warning!r}"
        yield Standing(Status.ON_HOLD, "title", reason, posted(document.revision), document.revision)


def _vanished(document: Document) -> Iterable[Standing]:
    for mark in document.marks:
        if mark.kind in _GONE:
            since = posted(document.revision)
            yield Standing(Status.ON_HOLD, "vanished", _GONE[mark.kind], since, mark.revision, mark.by)


def _superseded(document: Document) -> Iterable[Standing]:
    """Yield a reason for each newer document that takes this one's place, as either of the two says."""
    for relation in document.relations:
        if relation.kind in _SUPERSEDED and article_of(target_of(relation)) != article_of(document.id):
            newer = target_of(relation) or "a newer article"
            reason = f"{_SUPERSEDED[relation.kind]} in {newer}"
            yield Standing(Status.SUPERSEDED, "superseded", reason, posted(document.revision), document.revision)
    for mark in document.marks:
        if mark.kind in _SUPERSEDES:
            reason = f"{_SUPERSEDES[mark.kind]} in {mark.by}"
            yield Standing(Status.SUPERSEDED, "superseded", reason, mark.day, mark.revision, mark.by)
        elif mark.kind in _SUPERSEDED and mark.by != document.id:
            reason = f"{_SUPERSEDED[mark.kind]}, as {mark.by} says"
            yield Standing(Status.SUPERSEDED, "superseded", reason, mark.day, mark.revision, mark.by)
