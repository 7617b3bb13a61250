"""PubMed citations: PubmedArticleSet XML (update files, baseline files, efetch answers) to Documents.

The format is https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd. Five rules are medpipe's own:

- **Revisions** are numbers of the form YYYYMMDD,yy,nnnn: the day on which a file was posted, then the file's year
  and number, so that later files win (`file_revision`). An answer of E-utilities counts as newer than every file
  of its day and older than those of the next day (`answer_revision`). DateRevised is not used: NLM changes
  records without changing it.
- **Versions.** The key is (PMID, Version). Version 1 has the id `pmid:N`, version V > 1 has `pmid:N.V`, and
  it comes with DELETED documents for the versions that it supersedes. A DeleteCitation names version 1 only, as
  NLM writes them, and so leaves version 2 alone, in whatever order files are read.
- **Retracted** means publication type D016441, or a RetractionIn or RetractedandRepublishedIn link (which may lack
  a PMID). A notice is type D016440, under either of its names, or has a RetractionOf link. ExpressionOfConcernIn is
  CONCERN. Errata, updates and comments leave a record CURRENT. A title that says RETRACTED, without NLM's link,
  keeps its words in `warning`. What a document then counts as is decided in `core.corpus.standing`.
- **Published** is the earlier of ArticleDate and PubDate. A missing month or day is the first: a text counts as
  known from the day on which it could be read. A retracted record or notice without a date has the file's day: a
  withdrawal always gets through.
- **Language.** Abstract and ArticleTitle are English, whatever the article's language. Where the title was never
  translated (`[Not Available]`), the vernacular title takes its place, and the document has its language.
  OtherAbstract follows Abstract; its sections have the language that it names.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from lxml import etree

from medpipe.core.corpus.bad_record import BadRecord, Received, reason_of
from medpipe.core.corpus.document import Document
from medpipe.core.corpus.revision import on_day, posted
from medpipe.sources.pubmed import article_set, record

log = logging.getLogger(__name__)

_KNOWN = frozenset(
    "PMID DateCompleted DateRevised Article MedlineJournalInfo ChemicalList SupplMeshList CitationSubset "
    "CommentsCorrectionsList GeneSymbolList MeshHeadingList NumberOfReferences PersonalNameSubjectList OtherID "
    "OtherAbstract KeywordList CoiStatement SpaceFlightMission InvestigatorList GeneralNote Journal ArticleTitle "
    "Pagination ELocationID Abstract AuthorList Language DataBankList GrantList PublicationTypeList VernacularTitle "
    "ArticleDate ArticleIdList Book LocationLabel PublicationType Sections ContributionDate ItemList ReferenceList"
    "".split()
)
"""The elements that the DTD of 2025 allows in a MedlineCitation, its Article and a BookDocument."""
_FAULTS = (ValueError, AttributeError, TypeError, LookupError, RecursionError)
"""What a record raises whose parts are missing, of another form or nested without end."""
_NO_PMID = "no PMID"
_LONGEST_VERSION = 3
"""Digits of a version: PubMed's highest is below 20."""


def parse_citations(stream: BinaryIO, name: str, revision: int, posting: str = "") -> Iterator[Received]:
    """Yield the documents of one PubmedArticleSet, in its order; deletions and superseded versions as DELETED.

    A record that cannot be read is a BadRecord; versions that it would supersede stay. Elements of a record that the
    DTD does not know are counted, and logged once. Raises SourceError as `article_set.records` does.

    Args:
        stream: the XML, as bytes.
        name: the file or address, for messages.
        revision: the revision of the documents (`file_revision` or `answer_revision`).
        posting: the posting of the documents.
    """
    unknown = Counter[str]()
    stamp = record.Stamp(revision, posting, posted(revision) or date(1900, 1, 1))
    for count, element in enumerate(article_set.records(stream, name), start=1):
        place = f"record {count}"
        if element.tag == "DeleteCitation":
            for pmid in element.iterfind("PMID"):
                key = _key(pmid)
                yield record.deleted(*key, stamp, stamp.day) if key else _bad(name, place, _NO_PMID)
            continue
        citation = record.parts_of(next(iter(element), element))
        article = record.parts_of(citation.get("Article"))
        key = _key(citation.get("PMID"))
        if key is None:
            yield _bad(name, place, _NO_PMID)
            continue
        number, version = key
        try:
            document = _document(element, citation, article, number, version, stamp)
        except _FAULTS as error:
            yield _bad(name, place, reason_of(error), record.document_id(number, version))
            continue
        if not (citation.keys() <= _KNOWN and article.keys() <= _KNOWN):
            unknown.update((citation.keys() | article.keys()) - _KNOWN)
        yield document
        for older in range(1, version):
            yield record.deleted(number, older, stamp, document.published)
    if unknown:
        tags = ", ".join(f"{tag} (in {count} records)" for tag, count in sorted(unknown.items()))
        log.warning("%s: not read, since the DTD of 2025 does not have it: %s", name, tags)


def _document(
    element: etree._Element,
    citation: record.Parts,
    article: record.Parts,
    number: str,
    version: int,
    stamp: record.Stamp,
) -> Document:
    """Return the document of an article or a book. Raises one of `_FAULTS`, which says what is wrong."""
    # Without a document type an entity reference is a syntax error, so none can have come this far.
    declared = element.getroottree().docinfo.internalDTD is not None
    if declared and (entity := next(element.iter(etree.Entity), None)) is not None:
        raise ValueError(f"an entity reference ({entity.text}), which NLM's records never have")
    if element.tag == "PubmedBookArticle":
        return record.book(element[0], citation, number, version, stamp)
    # In the last part, PubmedData, or nowhere. References have lists of their own, further down.
    identifiers = next(element[-1].iterchildren("ArticleIdList"), ())
    return record.article(citation, article, identifiers, number, version, stamp)


def _bad(name: str, place: str, reason: str, id: str = "") -> BadRecord:
    return BadRecord(source="pubmed", file=name, place=place, reason=reason, id=id)


def file_revision(day: date, year: int, number: int) -> int:
    """Return the revision of the documents of pubmed{year}n{number} (two digits, four digits), posted on `day`."""
    return on_day(day, year * 10_000 + number)


def answer_revision(day: date) -> int:
    """Return the revision of what E-utilities answered on `day`: after the day's files, before the next day's."""
    return on_day(day, 999_999)


def _key(pmid: etree._Element | None) -> tuple[str, int] | None:
    """Return (PMID, version), or None without a PMID."""
    number, version = ("", "") if pmid is None else ((pmid.text or "").strip(), pmid.get("Version") or "1")
    digits = number.isdecimal() and version.isdecimal() and (number + version).isascii()
    return (number, int(version)) if digits and len(version) <= _LONGEST_VERSION else None
