"""PubMed citations: PubmedArticleSet XML (update files, baseline files, efetch answers) to Documents.

The format is https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd. Four rules are ours:

- **Revisions** are numbers of the form YYYYMMDD,yy,nnnn: the day that a file was posted, then its own year
  and number, so that later files win (`file_revision`). What E-utilities answers on a day counts as newer
  than every file of that day and older than those of the next (`answer_revision`). DateRevised is not used:
  NLM changes records without changing it.

- **Versions.** The key is (PMID, Version). Version 1 has the id `pmid:N`, version V > 1 has `pmid:N.V`, and
  it arrives together with DELETED documents for the versions that it supersedes. So a DeleteCitation that
  names version 1 only, as NLM writes them, leaves version 2 alone, in whatever order files are read.
- **Retracted** is publication type D016441 or a RetractionIn link (which may lack a PMID), never a word in
  the title. A notice is D016440, under either of its names. ExpressionOfConcernIn and
  RetractedandRepublishedIn put a document on hold (CONCERN). Errata, updates and comments leave it CURRENT.
- **Published** is the earlier of ArticleDate and PubDate, missing months and days being the first: a text
  counts as known from the day that it could be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from lxml import etree

from medpipe.core.document import Document, Relation, Section, Status
from medpipe.nlm import safe_xml
from medpipe.ports import SourceError

LICENCE = "NLM citation data; abstracts may be their publishers' copyright"
_RECORDS = ("PubmedArticle", "PubmedBookArticle", "DeleteCitation")
_RETRACTED_TYPE = "D016441"
_NOTICE_TYPE = "D016440"
_NOTICE_NAMES = frozenset({"Retraction of Publication", "Retraction Notice"})
_HOLDS = frozenset({"ExpressionOfConcernIn", "RetractedandRepublishedIn"})
_CATEGORIES = frozenset({"BACKGROUND", "OBJECTIVE", "METHODS", "RESULTS", "CONCLUSIONS"})
_UNLABELLED = "ABSTRACT"
_PREFIX = re.compile(r"(RETRACTED|WITHDRAWN|REMOVED)( ARTICLE| PAPER)?:\s*", re.IGNORECASE)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_SEASONS = {"winter": 1, "spring": 3, "summer": 6, "autumn": 9, "fall": 9}
_YEAR = re.compile(r"\b(1[6-9]\d\d|20\d\d)\b")
_WORD = re.compile(r"[A-Za-z]+")


def parse_citations(stream: BinaryIO, name: str, revision: int) -> Iterator[Document]:
    """The documents of one PubmedArticleSet, in its order; deletions (and superseded versions) as DELETED.

    `name` is the file or address, for messages; `revision` orders files. Raises SourceError naming the file
    and the PMID when a record cannot be read.
    """
    newest = date.min
    for element in safe_xml.records(stream, name, _RECORDS):
        if element.tag == "DeleteCitation":
            yield from (_deleted(*_key(pmid, name), revision, newest) for pmid in element.findall("PMID"))
            continue
        record = element[0] if len(element) else element
        number, version = _key(record.find("PMID"), name)
        read = _book if element.tag == "PubmedBookArticle" else _article
        try:
            document = read(record, number, version, revision)
        except (ValueError, AttributeError, TypeError) as error:
            raise SourceError(
                f"{name}, PMID {number}: cannot be read ({error}); the format may have changed."
            ) from error
        newest = max(newest, _revised(record))
        yield document
        yield from (_deleted(number, older, revision, document.published) for older in range(1, version))


def file_revision(day: date, year: int, number: int) -> int:
    """The revision of the documents of pubmed{year}n{number} (two digits, four digits), posted on `day`."""
    return int(day.strftime("%Y%m%d")) * 1_000_000 + year * 10_000 + number


def answer_revision(day: date) -> int:
    """The revision of what E-utilities answered on `day`: after the day's files, before the next day's."""
    return int(day.strftime("%Y%m%d")) * 1_000_000 + 999_999


def document_id(number: str, version: int = 1) -> str:
    """`pmid:N`, or `pmid:N.V` for a version after the first."""
    return f"pmid:{number}" if version == 1 else f"pmid:{number}.{version}"


def _key(pmid: etree._Element | None, name: str) -> tuple[str, int]:
    number = (pmid.text or "").strip() if pmid is not None else ""
    if pmid is None or not number.isdigit():
        raise SourceError(f"{name}: a record without PMID; the file is damaged or the format has changed.")
    return number, int(pmid.get("Version") or 1)


def _deleted(number: str, version: int, revision: int, day: date) -> Document:
    """A tombstone. `day` only fills `published`: for a deletion, the newest DateRevised of its file."""
    return Document(
        id=document_id(number, version),
        revision=revision,
        source="pubmed",
        status=Status.DELETED,
        title="",
        published=max(day, date(1900, 1, 1)),
        url=_url(number),
    )


def _article(record: etree._Element, number: str, version: int, revision: int) -> Document:
    article = record.find("Article")
    if article is None:
        raise ValueError("no Article")
    relations = tuple(_relations(record))
    return Document(
        id=document_id(number, version),
        revision=revision,
        source="pubmed",
        language="en",  # abstracts are English
        title=_title(article.find("ArticleTitle")),
        url=_url(number),
        licence=LICENCE,
        published=_published(article),
        status=_status(article, relations),
        sections=tuple(_sections(article.find("Abstract"))),
        relations=relations,
    )


def _book(record: etree._Element, number: str, version: int, revision: int) -> Document:
    title = record.find("ArticleTitle")
    contributed, printed = record.find("ContributionDate"), record.find("Book/PubDate")
    published = _day(contributed if contributed is not None else printed)
    if published is None:
        raise ValueError("no date")
    return Document(
        id=document_id(number, version),
        revision=revision,
        source="pubmed",
        title=_title(title if title is not None else record.find("Book/BookTitle")),
        url=_url(number),
        licence=LICENCE,
        published=published,
        sections=tuple(_sections(record.find("Abstract"))),
    )


def _url(number: str) -> str:
    return f"https://pubmed.ncbi.nlm.nih.gov/{number}/"


def _title(element: etree._Element | None) -> str:
    """Without the final full stop, the brackets of a translation, and a retraction's prefix (status says
    it)."""
    if element is None:
        return ""
    title = _PREFIX.sub("", plain(element), count=1) if _PREFIX.match(plain(element)) else plain(element)
    title = title.removesuffix(".")
    return title[1:-1].removesuffix(".") if title.startswith("[") and title.endswith("]") else title


def _sections(abstract: etree._Element | None) -> Iterator[Section]:
    """One section a part, under NLM's category (BACKGROUND … CONCLUSIONS), else the journal's label."""
    for part in () if abstract is None else abstract.findall("AbstractText"):
        text = plain(part)
        category, label = part.get("NlmCategory", ""), (part.get("Label") or "").strip()
        if text:
            yield Section(heading=category if category in _CATEGORIES else label or _UNLABELLED, text=text)


def _relations(record: etree._Element) -> Iterator[Relation]:
    """Comments and corrections; plain citations are left out (they say nothing about this text's
    standing)."""
    for link in record.iterfind("CommentsCorrectionsList/CommentsCorrections"):
        kind, target = link.get("RefType", ""), (link.findtext("PMID") or "").strip()
        if kind != "Cites":
            yield Relation(kind=kind, target=document_id(target) if target else None)


def _status(article: etree._Element, relations: tuple[Relation, ...]) -> Status:
    types = article.findall("PublicationTypeList/PublicationType")
    identifiers, names = {item.get("UI") for item in types}, {(item.text or "").strip() for item in types}
    kinds = {relation.kind for relation in relations}
    if _RETRACTED_TYPE in identifiers or "RetractionIn" in kinds:
        return Status.RETRACTED
    if _NOTICE_TYPE in identifiers or names & _NOTICE_NAMES:
        return Status.NOTICE
    return Status.CONCERN if kinds & _HOLDS else Status.CURRENT


def _published(article: etree._Element) -> date:
    days = [
        day
        for day in (
            *map(_day, article.findall("ArticleDate")),
            _day(article.find("Journal/JournalIssue/PubDate")),
        )
        if day is not None
    ]
    if not days:
        raise ValueError("no ArticleDate and no PubDate")
    return min(days)


def _revised(record: etree._Element) -> date:
    return _day(record.find("DateRevised")) or date.min


def _day(element: etree._Element | None) -> date | None:
    """A date of Year, Month (name or number), Day, Season, or of a MedlineDate such as `1998 Dec-1999
    Jan`."""
    if element is None:
        return None
    free = element.findtext("MedlineDate") or ""
    year = _YEAR.search(element.findtext("Year") or free)
    if year is None:
        return None
    written = element.findtext("Month") or element.findtext("Season") or (_WORD.search(free) or [""])[0]
    try:
        return date(int(year[0]), _month(written), int(element.findtext("Day") or 1))
    except ValueError:  # 31 September and the like occur
        return date(int(year[0]), _month(written), 1)


def _month(written: str) -> int:
    word = written.strip().lower()
    if word.isdigit():
        return min(max(int(word), 1), 12)
    return _MONTHS.get(word[:3]) or _SEASONS.get(word, 1)


def plain(element: etree._Element) -> str:
    """The text of a title or abstract part on one line: `CO<sub>2</sub>` is CO2, `10<sup>-3</sup>` is
    10^-3."""
    return " ".join(_inline(element).split())


def _inline(element: etree._Element) -> str:
    text = element.text or ""
    for child in element:
        if child.tag is etree.Entity:
            raise ValueError(f"an entity reference ({child.text}), which NLM's files do not have")
        if isinstance(child.tag, str):
            text += _marked(etree.QName(child).localname, child, text)
        text += child.tail or ""
    return text


def _marked(tag: str, child: etree._Element, before: str) -> str:
    inner = _inline(child)
    if tag == "sup" and before[-1:].isdigit() and re.fullmatch(r"[-−–+]?\d+", inner.strip()):
        return f"^{inner.strip()}"
    if tag in ("msup", "mfrac") and len(child) == 2:
        first, second = (_inline(part).strip() for part in child)
        return f"{first}{'^' if tag == 'msup' else '/'}{second}"
    return inner
