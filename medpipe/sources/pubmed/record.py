"""What one PubMed record says: its title, texts, standing, dates, links and subjects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from lxml import etree

from medpipe.core import sources
from medpipe.core.corpus import doi
from medpipe.core.corpus.document import Document, Relation, Section, Status
from medpipe.core.corpus.standing import DOUBTED_IN, REPUBLISHED_IN, RETRACTED_IN, RETRACTS
from medpipe.core.corpus.title_warnings import warning_of
from medpipe.core.teaching import questions
from medpipe.core.text import one_line
from medpipe.sources.pubmed.dates import day
from medpipe.sources.pubmed.language_codes import two_letters
from medpipe.sources.pubmed.markup import plain


class Stamp(NamedTuple):
    """What all documents of one file or answer get from it."""

    revision: int
    posting: str
    day: date
    """The day in the revision, or 1 January 1900. It is the date of a deletion."""


Parts = Mapping[str, etree._Element]
"""The children of an element by tag; of several with one tag, the last (`_all` returns the others)."""

LICENCE = sources.named("pubmed").licence
_RETRACTED_TYPE = "D016441"
_NOTICE_TYPE = "D016440"
_NOTICE_NAMES = frozenset({"Retraction of Publication", "Retraction Notice"})
_CATEGORIES = frozenset({"BACKGROUND", "OBJECTIVE", "METHODS", "RESULTS", "CONCLUSIONS"})
_ASIDE = re.compile(
    r"LIMITATION|FUNDING|REGIST|LEVEL OF EVIDENCE|AVAILABILITY|INTEREST|DISCLOSURE|KEYWORDS|SUPPLEMENT", re.IGNORECASE
)
"""Labels of parts that conclude nothing, whatever NLM's category says."""
_UNLABELLED = "ABSTRACT"
_UNTRANSLATED = "not available"


def document_id(number: str, version: int = 1) -> str:
    """Return `pmid:N`, or `pmid:N.V` for a version after the first."""
    return f"pmid:{number}" if version == 1 else f"pmid:{number}.{version}"


def pmid_of(document_id: str) -> str:
    """Return the PMID in `pmid:123`, `pmid:123.2` (a later version) or `123`."""
    return document_id.removeprefix("pmid:").partition(".")[0]


def parts_of(element: etree._Element | None) -> Parts:
    """Return the element's children by tag; nothing for None."""
    return {} if element is None else {part.tag: part for part in element}


def _all(last: etree._Element | None) -> Sequence[etree._Element]:
    """Return an element and its siblings with the same tag, in order; `last` is the last of them."""
    return [] if last is None else [last, *last.itersiblings(last.tag, preceding=True)][::-1]


def article(
    citation: Parts,
    article: Parts,
    identifiers: Iterable[etree._Element],
    number: str,
    version: int,
    stamp: Stamp,
) -> Document:
    """Return the document of a MedlineCitation and its Article. Raises ValueError saying what is missing.

    `identifiers`: the record's ArticleId elements. The day of the stamp becomes `published` of a retracted record and
    of a retraction notice without a date.
    """
    if not article:
        raise ValueError("no Article")
    relations = _relations(citation.get("CommentsCorrectionsList"))
    listed = list(article.get("PublicationTypeList", ()))
    types = _names(listed)
    title, original, language, warning = _titles(article)
    status = _status({item.get("UI") for item in listed}, types, relations)
    abstract, subjects = article.get("Abstract"), citation.get("MeshHeadingList")
    return Document(
        id=document_id(number, version),
        revision=stamp.revision,
        posting=stamp.posting,
        source="pubmed",
        language=language,
        title=title,
        original_title=original,
        url=_url(number),
        licence=LICENCE,
        copyright=_copyright(abstract),
        published=_published(article, stamp.day if status in (Status.RETRACTED, Status.NOTICE) else None),
        status=status,
        sections=(
            *_sections(abstract, language),
            *_other_sections(citation.get("OtherAbstract"), language, article, original),
        ),
        relations=relations,
        types=types,
        mesh=() if subjects is None else _names(subjects.iter("DescriptorName")),
        warning=warning,
        journal=_journal(parts_of(article.get("Journal"))),
        dois=_dois(_all(article.get("ELocationID")), identifiers),
    )


def book(record: etree._Element, parts: Parts, number: str, version: int, stamp: Stamp) -> Document:
    """Return the document of a BookDocument: a chapter, or a whole book. Raises ValueError when it has no date."""
    published = day(parts.get("ContributionDate")) or day(record.find("Book/PubDate"))
    if published is None:
        raise ValueError("no date")
    title, original, language, warning = _titles(parts)
    return Document(
        id=document_id(number, version),
        revision=stamp.revision,
        posting=stamp.posting,
        source="pubmed",
        language=language,
        title=title or _title(record.find("Book/BookTitle"))[0],
        original_title=original,
        warning=warning,
        url=_url(number),
        licence=LICENCE,
        copyright=_copyright(parts.get("Abstract")),
        published=published,
        sections=tuple(_sections(parts.get("Abstract"), language)),
        types=_names(record.iterfind("PublicationType")),
    )


def deleted(number: str, version: int, stamp: Stamp, day: date) -> Document:
    """Return the document of a deletion, which has no text; `day` becomes `published`."""
    return Document(
        id=document_id(number, version),
        revision=stamp.revision,
        posting=stamp.posting,
        source="pubmed",
        status=Status.DELETED,
        title="",
        published=day,
        url=_url(number),
    )


def _url(number: str) -> str:
    return f"https://pubmed.ncbi.nlm.nih.gov/{number}/"


def _titles(parts: Parts) -> tuple[str, str, str, str]:
    """Return (title, original title, language of the title, what the titles say against the article)."""
    title, warning = _title(parts.get("ArticleTitle"))
    original, original_warning = _title(parts.get("VernacularTitle"))
    warning = warning or original_warning
    if original and title.lower() in ("", _UNTRANSLATED):
        written = [element.text for element in _all(parts.get("Language"))]
        return original, original, two_letters(written[0] if written else ""), warning
    return title, original, "en", warning


def _title(element: etree._Element | None) -> tuple[str, str]:
    """Return a title without its final full stop, a translation's brackets and its warning; and the warning."""
    if element is None:
        return "", ""
    warning, title = warning_of(plain(element))
    title = title.removesuffix(".")
    if title.startswith("[") and title.endswith("]"):
        inner, title = warning_of(title[1:-1].removesuffix("."))
        warning = warning or inner
    return title, warning


def _sections(abstract: etree._Element | None, language: str) -> Iterator[Section]:
    """Yield one section for each part, under NLM's category (BACKGROUND … CONCLUSIONS), else the journal's label.

    `language` is the document's: the abstract itself is English.
    """
    spoken = "" if language == "en" else "en"
    parts = [] if abstract is None else list(abstract.iterchildren("AbstractText"))
    for part in parts:
        if text := plain(part):
            yield Section(heading=_heading(part, parts), text=text, language=spoken)


def _heading(part: etree._Element, parts: Sequence[etree._Element]) -> str:
    """Return NLM's category of a part, else the journal's label.

    NLM files limitations, funding and registrations under CONCLUSIONS too. Their label stays, and so does every other
    label under CONCLUSIONS where the journal labels the conclusion itself, in one of the abstract's `parts`.
    """
    category, label = part.get("NlmCategory", ""), (part.get("Label") or "").strip()
    if category not in _CATEGORIES:
        return label or _UNLABELLED
    if category != "CONCLUSIONS" or not label or questions.concludes(label):
        return category
    concluded = any(questions.concludes(other.get("Label") or "") for other in parts)
    return label if concluded or _ASIDE.search(label) else category


def _other_sections(last: etree._Element | None, language: str, article: Parts, original: str) -> Iterator[Section]:
    """Yield the sections of every OtherAbstract, each under its kind (PLAIN LANGUAGE SUMMARY, PIP ABSTRACT, …).

    Where the article has an `original` title, those in a language of neither title are left out: a French title must
    not ask what a Spanish abstract answers.
    """
    if last is None:
        return
    titled = {two_letters(element.text or "") for element in _all(article.get("Language"))} | {"en"}
    for other in _all(last):
        spoken = two_letters(other.get("Language") or "eng")
        if original and spoken not in titled:
            continue
        kind = _kind(other.get("Type", ""))
        for section in _sections(other, "en"):
            heading = kind if section.heading == _UNLABELLED else f"{kind}: {section.heading}"
            yield Section(heading=heading, text=section.text, language="" if spoken == language else spoken)


def _kind(written: str) -> str:
    name = written.replace("-", " ").upper()
    return name if name.endswith("SUMMARY") else f"{name} {_UNLABELLED}".strip()


def _copyright(abstract: etree._Element | None) -> str:
    last = abstract[-1] if abstract is not None and len(abstract) else None
    return "" if last is None or last.tag != "CopyrightInformation" else one_line(last.text or "")


def _names(elements: Iterable[etree._Element]) -> tuple[str, ...]:
    return tuple([text.strip() for element in elements if (text := element.text)])


def _relations(links: etree._Element | None) -> tuple[Relation, ...]:
    """Return every comment, correction and citation, with NLM's RefType as its kind and a target if it has a PMID."""
    if links is None:
        return ()
    pairs = [(link.get("RefType", ""), (link.findtext("PMID") or "").strip()) for link in links]
    return tuple([Relation(kind=kind, target=document_id(target) if target else None) for kind, target in pairs])


def _status(identifiers: set[str | None], types: Sequence[str], relations: Sequence[Relation]) -> Status:
    kinds = {relation.kind for relation in relations}
    if _RETRACTED_TYPE in identifiers or not kinds.isdisjoint((RETRACTED_IN, REPUBLISHED_IN)):
        return Status.RETRACTED
    if _NOTICE_TYPE in identifiers or RETRACTS in kinds or not _NOTICE_NAMES.isdisjoint(types):
        return Status.NOTICE
    return Status.CONCERN if DOUBTED_IN in kinds else Status.CURRENT


def _journal(journal: Parts) -> str:
    names = [journal[tag].text for tag in ("ISOAbbreviation", "Title") if tag in journal]
    return one_line(next(filter(None, names), ""))


def _dois(locations: Iterable[etree._Element], identifiers: Iterable[etree._Element]) -> tuple[str, ...]:
    """Return the DOIs of a record, each once, as they are compared."""
    written = {
        *[location.text for location in locations if location.get("EIdType") == "doi"],
        *[identifier.text for identifier in identifiers if identifier.get("IdType") == "doi"],
    }
    return tuple(sorted({doi.normalised(text) for text in written if text} - {""}))


def _published(article: Parts, otherwise: date | None) -> date:
    """Return the earliest date of an article, else `otherwise`. Raises ValueError without either."""
    online, journal = _all(article.get("ArticleDate")), article.get("Journal")
    printed = None if journal is None else next(journal.iter("PubDate"), None)
    days = [published for published in map(day, (*online, printed)) if published is not None]
    if not days and otherwise:
        return otherwise
    if not days:
        raise ValueError("no ArticleDate and no PubDate")
    return min(days)
