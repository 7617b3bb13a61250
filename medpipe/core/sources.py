"""The table of sources: everything that medpipe knows about a source apart from how it is read.

`medpipe.sources` has the code that reads them, one folder for each publisher. A rule that depends on a source reads a
column of this table. The only other list is in `medpipe.readers`, from name to reader. CONTRIBUTING.md says how to add
a source.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum

from medpipe.errors import NotFound

EASTERN = timezone(timedelta(hours=-5), "EST")
"""NLM dates its files in US Eastern time. Standard time is used all year: in summer the day then begins an hour
late, so that an answer never counts as newer than a file that is still to come."""

_SHOWN = 60
"""Characters of an unknown name that an error message repeats."""


class Kind(StrEnum):
    """What the sections of a source's documents are, which decides how they become questions."""

    PAGE = "page"
    """Text under headings; a heading that asks something is a question about the page's focus."""
    ARTICLE = "article"
    """A structured abstract; only its conclusion answers anything, methods and results do not."""
    QUESTIONS = "questions"
    """Questions as somebody put them, each with its answer."""
    PREFERENCES = "preferences"
    """Questions with a better and a worse answer."""
    GENERAL = "general"
    """Requests about anything but medicine, each with its answer. They never become facts."""


class Delivery(StrEnum):
    """What one pull of a source holds."""

    WHOLE = "whole"
    """Every document as it is now, so that two deliveries can be compared."""
    INCREMENTAL = "incremental"
    """What was added, revised or withdrawn in the window."""
    ON_REQUEST = "on request"
    """The documents that were asked for, as they are now."""
    COLLECTION = "collection"
    """All of a set that was published once, whatever the window."""


@dataclass(frozen=True)
class Source:
    """One source.

    Attributes:
        name: what `medpipe pull --source` takes, and the `source` of its documents (except where another source
            of the same prefix lends its name: the search service gives documents of `medlineplus`).
        prefix: what the ids of its documents have before the colon. Recipes name sources by it.
        publisher: the folder of `medpipe.sources` that reads it.
        kind: how its documents become questions.
        delivery: what one pull holds.
        posting_days: weekdays (Monday is 0) on which it posts, for sources that post several times a week. The corpus
            DAG pulls these sources by default, on MedlinePlus's days.
        languages: ISO 639-1 codes that every whole delivery has documents in.
        licence: the licence of its documents; a record with a licence of its own keeps that.
        written_by_people: whether people wrote about themselves or their patients in it. Identifiers are
            searched for in such texts, and recipes replace them unless they say otherwise.
        has_official_test: whether items of its official test are among its records. A recipe that takes any of it keeps
            them out of everything that it teaches, whichever source delivers them.
        notices: whether its documents are notices about other documents. What a notice said ends when whole deliveries
            no longer have it.
        copies_articles: whether the number in its ids is a PMID. Its documents then count as what the articles do.
        default_share: the share of its documents (0 to 1) that a recipe without `sources` takes.
        alias: an older name that still works.
    """

    name: str
    prefix: str
    publisher: str
    kind: Kind
    delivery: Delivery
    licence: str
    posting_days: frozenset[int] = frozenset()
    languages: tuple[str, ...] = ("en",)
    written_by_people: bool = False
    has_official_test: bool = False
    notices: bool = False
    copies_articles: bool = False
    default_share: float = 0.0
    alias: str = ""


_TUESDAY_TO_SATURDAY = frozenset({1, 2, 3, 4, 5})
_EVERY_DAY = frozenset(range(7))

_MEDLINEPLUS_LICENCE = "public domain; Courtesy of MedlinePlus from the National Library of Medicine"
_PUBMED_LICENCE = "NLM citation data; abstracts may be their publishers' copyright"
_RETRACTION_WATCH_LICENCE = "Retraction Watch Database, made available by Crossref (cite it)"
_CC_BY = "CC BY 4.0"
_CC_BY_SA = "CC BY-SA 3.0"
_MIT = "MIT"
_UNLICENSED = "No licence given (cite the authors)"


def _collection(
    name: str,
    licence: str,
    kind: Kind = Kind.QUESTIONS,
    *,
    written_by_people: bool = False,
    has_official_test: bool = False,
    copies_articles: bool = False,
    alias: str = "",
) -> Source:
    """Return the row of a curated set; its name is also its prefix."""
    return Source(
        name,
        name,
        "curated",
        kind,
        Delivery.COLLECTION,
        licence,
        written_by_people=written_by_people,
        has_official_test=has_official_test,
        copies_articles=copies_articles,
        alias=alias,
    )


SOURCES = (
    Source(
        "medlineplus",
        "mplus",
        "medlineplus",
        Kind.PAGE,
        Delivery.WHOLE,
        _MEDLINEPLUS_LICENCE,
        posting_days=_TUESDAY_TO_SATURDAY,
        languages=("en", "es"),
        default_share=1.0,
    ),
    Source(
        "medlineplus-search",
        "mplus",
        "medlineplus",
        Kind.PAGE,
        Delivery.ON_REQUEST,
        _MEDLINEPLUS_LICENCE,
        languages=("en", "es"),
        default_share=1.0,
    ),
    Source("genetics", "ghr", "medlineplus", Kind.PAGE, Delivery.WHOLE, _MEDLINEPLUS_LICENCE),
    Source(
        "pubmed",
        "pmid",
        "pubmed",
        Kind.ARTICLE,
        Delivery.INCREMENTAL,
        _PUBMED_LICENCE,
        posting_days=_EVERY_DAY,
        default_share=1.0,
    ),
    Source("eutils", "pmid", "pubmed", Kind.ARTICLE, Delivery.ON_REQUEST, _PUBMED_LICENCE, default_share=1.0),
    # None of its notices is taught.
    Source(
        "retraction-watch",
        "rw",
        "retraction_watch",
        Kind.ARTICLE,
        Delivery.WHOLE,
        _RETRACTION_WATCH_LICENCE,
        notices=True,
    ),
    # The headings of MedQuAD's documents are questions that were asked of NIH's pages.
    _collection("medquad", _CC_BY, Kind.PAGE, alias="curated"),
    _collection(
        "pubmedqa",
        "MIT (contexts are PubMed abstracts, which may be their publishers')",
        has_official_test=True,
        copies_articles=True,
    ),
    _collection("medqa", _MIT),
    _collection("medmcqa", _MIT),
    _collection(
        "meddialog", "Unknown (texts of healthcaremagic.com and icliniq.com)", written_by_people=True
    ),  # patients and doctors of two forums
    _collection("liveqa", _UNLICENSED, written_by_people=True),  # letters to NLM
    _collection("frenchmedmcqa", "Apache-2.0"),
    _collection("mediqal", _CC_BY),
    # One part of both UltraMedical sets is ChatDoctor: letters of patients to the forums that MedDialog is from.
    _collection("ultramedical", _MIT, written_by_people=True),
    _collection("ultramedical-preference", _MIT, Kind.PREFERENCES, written_by_people=True),
    # Its answers are published pages, whose telephone numbers are a clinic's; its Alexa questions are not letters.
    _collection("mediqa", _UNLICENSED, Kind.PREFERENCES),
    # Instructions. The licence is Dolly's; rows of other sets have their own, and one without any is not read.
    _collection("general", _CC_BY_SA, Kind.GENERAL),
    # A hospital's own accounts of complaints; the items that medpipe ships are invented.
    _collection("triage", "The provider's own", written_by_people=True),
)
"""Every source, those of the daily loop first."""

_BY_NAME = {key: source for source in SOURCES for key in (source.name, source.alias) if key}
_BY_PREFIX = {source.prefix: source for source in reversed(SOURCES)}
"""If two sources share a prefix, the first of them. They agree in all columns that describe documents."""


def named(name: str) -> Source:
    """Return the source with this name or alias; raises NotFound, which lists the names that there are."""
    if name not in _BY_NAME:
        shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
        raise NotFound(f"no source {shown!r}; there are {', '.join(source.name for source in SOURCES)}")
    return _BY_NAME[name]


def name_of(name: str) -> str:
    """Return the name of the source with this name or alias; an unknown name as it is."""
    return _BY_NAME[name].name if name in _BY_NAME else name


def has_windows(name: str) -> bool:
    """Return whether the source with this name says what was published when, so that it can be asked for news."""
    return name in _BY_NAME and _BY_NAME[name].delivery is not Delivery.COLLECTION


def prefix(document_id: str) -> str:
    """Return the part of a document's id before the colon, by which recipes name its source."""
    return document_id.split(":", 1)[0]


def of_document(document_id: str) -> Source | None:
    """Return the source of a document by the prefix of its id; None for a prefix that the table does not have."""
    return _BY_PREFIX.get(prefix(document_id))


def kind_of(document_id: str) -> Kind:
    """Return the kind of a document by the prefix of its id: QUESTIONS for a prefix that the table does not have."""
    source = of_document(document_id)
    return source.kind if source else Kind.QUESTIONS


def by_people(name: str) -> bool:
    """Return whether people wrote about themselves or their patients in the source with this name."""
    return name in _BY_NAME and _BY_NAME[name].written_by_people


def whole(name: str) -> bool:
    """Return whether every delivery of the source with this name holds everything; False for an unknown name."""
    return name in _BY_NAME and _BY_NAME[name].delivery is Delivery.WHOLE


def prefixes() -> frozenset[str]:
    """Return every prefix of the table."""
    return frozenset(_BY_PREFIX)


def with_official_test() -> frozenset[str]:
    """Return the prefixes of the sources whose records include items of an official test."""
    return frozenset(source.prefix for source in SOURCES if source.has_official_test)


def general() -> frozenset[str]:
    """Return the prefixes of the sources of general text, which no fact comes from."""
    return frozenset(source.prefix for source in SOURCES if source.kind is Kind.GENERAL)


def posted() -> tuple[str, ...]:
    """Return the names of the sources that post several times a week: what the corpus DAG pulls by default."""
    return tuple(source.name for source in SOURCES if source.posting_days)


def default_shares() -> dict[str, float]:
    """Return prefix → share of its documents, of the sources that a recipe takes unless it says otherwise."""
    return {source.prefix: source.default_share for source in SOURCES if source.default_share}


def prefixes_by_people() -> tuple[str, ...]:
    """Return the prefixes of the sources that people wrote, whose identifiers a recipe replaces by default."""
    return tuple(source.prefix for source in SOURCES if source.written_by_people)


def eastern_day(moment: datetime) -> date:
    """Return the day at NLM (see EASTERN) of a moment with a time zone."""
    return moment.astimezone(EASTERN).date()
