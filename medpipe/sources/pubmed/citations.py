"""PubMed citations: PubmedArticleSet XML (update files, baseline files, efetch answers) to Documents.

The format is https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd. Five rules are ours:

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
- **Language.** Abstract and ArticleTitle are English whatever the article is in; a title that was never
  translated (`[Not Available]`) gives way to the vernacular one, and then the document has its language.
  OtherAbstract follows Abstract, each section in the language that it names.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from lxml import etree

from medpipe.core.corpus.document import Document
from medpipe.errors import SourceError
from medpipe.sources.pubmed import fields as citation_fields
from medpipe.sources.pubmed import reader as citation_files

log = logging.getLogger(__name__)

_KNOWN = frozenset(
    "PMID DateCompleted DateRevised Article MedlineJournalInfo ChemicalList SupplMeshList CitationSubset "
    "CommentsCorrectionsList GeneSymbolList MeshHeadingList NumberOfReferences PersonalNameSubjectList OtherID "
    "OtherAbstract KeywordList CoiStatement SpaceFlightMission InvestigatorList GeneralNote Journal ArticleTitle "
    "Pagination ELocationID Abstract AuthorList Language DataBankList GrantList PublicationTypeList VernacularTitle "
    "ArticleDate ArticleIdList Book LocationLabel PublicationType Sections ContributionDate ItemList ReferenceList"
    "".split()
)
"""What the DTD of 2025 allows in a MedlineCitation, its Article and a BookDocument."""


def parse_citations(stream: BinaryIO, name: str, revision: int) -> Iterator[Document]:
    """The documents of one PubmedArticleSet, in its order; deletions (and superseded versions) as DELETED.

    `name` is the file or address, for messages; `revision` orders files. Raises SourceError naming the file
    and the PMID when a record cannot be read. Elements of a record that the DTD does not know are counted, and
    logged once.
    """
    unknown = Counter[str]()
    for count, element in enumerate(citation_files.records(stream, name), start=1):
        if element.tag == "DeleteCitation":
            for pmid in element.iterfind("PMID"):
                yield citation_fields.deleted(*_key(pmid, name, count), revision, _posted(revision))
            continue
        citation = citation_fields.parts_of(next(iter(element), element))
        article = citation_fields.parts_of(citation.get("Article"))
        number, version = _key(citation.get("PMID"), name, count)
        try:
            if element.tag == "PubmedBookArticle":
                document = citation_fields.book(element[0], citation, number, version, revision)
            else:
                document = citation_fields.article(citation, article, number, version, revision)
        except (ValueError, AttributeError, TypeError) as error:
            raise SourceError(
                f"{name}, PMID {number}: cannot be read ({error}); the format may have changed."
            ) from error
        if not (citation.keys() <= _KNOWN and article.keys() <= _KNOWN):
            unknown.update((citation.keys() | article.keys()) - _KNOWN)
        yield document
        for older in range(1, version):
            yield citation_fields.deleted(number, older, revision, document.published)
    if unknown:
        told = ", ".join(f"{tag} (in {count} records)" for tag, count in sorted(unknown.items()))
        log.warning("%s: not read, since the DTD of 2025 does not have it: %s", name, told)


def file_revision(day: date, year: int, number: int) -> int:
    """The revision of the documents of pubmed{year}n{number} (two digits, four digits), posted on `day`."""
    return int(day.strftime("%Y%m%d")) * 1_000_000 + year * 10_000 + number


def answer_revision(day: date) -> int:
    """The revision of what E-utilities answered on `day`: after the day's files, before the next day's."""
    return int(day.strftime("%Y%m%d")) * 1_000_000 + 999_999


def _posted(revision: int) -> date:
    """The day in a revision; a deletion, which has no date, is dated by it."""
    try:
        return date.fromisoformat(str(revision // 1_000_000))
    except ValueError:
        return date(1900, 1, 1)


def _key(pmid: etree._Element | None, name: str, count: int) -> tuple[str, int]:
    number, version = ("", "") if pmid is None else ((pmid.text or "").strip(), pmid.get("Version") or "1")
    if not (number.isdigit() and version.isdigit()):
        raise SourceError(
            f"{name}: a record without PMID (record {count}); the file is damaged or the format has changed."
        )
    return number, int(version)
