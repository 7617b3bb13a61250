"""PubMed as files: PubmedArticleSet XML, the gzipped update file of a day, its check sum and the index.

The format is that of https://ftp.ncbi.nlm.nih.gov/pubmed/ and of NLM's DTD pubmed_250101.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from xml.sax.saxutils import escape

from medpipe.sandbox.rendering import render
from medpipe.sandbox.world import DAYS, Article

_FIRST = 1335
"""The number of the first update file after the baseline of 2026."""
_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
)
_PARTS = (
    ("BACKGROUND", "background"),
    ("METHODS", "methods"),
    ("RESULTS", "results"),
    ("CONCLUSIONS", "conclusions"),
)
_JOURNAL = "Journal of invented medicine"


class _File(NamedTuple):
    """A row of the index."""

    name: str
    posted: date
    size: int


def file_name(day: int) -> str:
    """Return the name of the update file of a calendar day."""
    return f"pubmed26n{_FIRST + day - min(DAYS):04d}.xml.gz"


def article_set(articles: Iterable[Article], revised: date | None = None, books: Sequence[str] = ()) -> str:
    """Return a PubmedArticleSet, as in update files and in answers of efetch.

    `revised`: the day of all records, if it is not the day of each article. `books`: PubmedBookArticle elements.
    """
    body = "".join(_article(article, revised or DAYS[article.day]) for article in articles)
    return f"{_HEAD}<PubmedArticleSet>\n{body}{''.join(books)}</PubmedArticleSet>\n"


def gzipped(text: str) -> bytes:
    """Return the text as gzip without a time stamp, so that equal text gives equal bytes."""
    return gzip.compress(text.encode(), mtime=0)


def md5_line(name: str, content: bytes) -> str:
    """Return the content of the `.md5` file as NLM writes it."""
    return f"MD5({name})= {hashlib.md5(content, usedforsecurity=False).hexdigest()}\n"


def stats_page(name: str, articles: Sequence[Article]) -> str:
    """Return the `_stats.html` page of an update file."""
    return render("nlm/stats.html", name=name, articles=len(articles))


def index_page(files: Iterable[tuple[str, date, int]]) -> str:
    """Return an index as Apache renders it, of `files` (name, day of posting, bytes) with their companions."""
    listed = [_File("README.txt", min(DAYS.values()), 4608)]
    for name, day, size in files:
        stem = name.removesuffix(".xml.gz")
        listed += [_File(name, day, size), _File(f"{name}.md5", day, 60), _File(f"{stem}_stats.html", day, 580)]
    return render("nlm/index.html", files=listed)


def _article(article: Article, day: date) -> str:
    created = DAYS[min(DAYS)] if article.retracted else day
    title = f"RETRACTED: {article.title}" if article.retracted else article.title
    return (
        '<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM">'
        f'<PMID Version="{article.version}">{article.pmid}</PMID><DateRevised>{_date(day)}</DateRevised>'
        '<Article PubModel="Print-Electronic"><Journal><ISSN IssnType="Electronic">0000-0000</ISSN>'
        '<JournalIssue CitedMedium="Internet"><Volume>1</Volume><Issue>1</Issue>'
        f"<PubDate><Year>{created.year}</Year><Month>{created:%b}</Month><Day>{created:%d}</Day></PubDate>"
        f"</JournalIssue><Title>{_JOURNAL}</Title><ISOAbbreviation>J Invent Med</ISOAbbreviation></Journal>"
        f"<ArticleTitle>{escape(title)}</ArticleTitle>"
        f'<ELocationID EIdType="doi" ValidYN="Y">10.0000/invented.{article.pmid}</ELocationID>'
        f'{_abstract(article)}<AuthorList CompleteYN="Y"><Author ValidYN="Y">'
        "<CollectiveName>Sandbox Group</CollectiveName></Author>"
        f"</AuthorList><Language>eng</Language>{_types(article)}"
        f'<ArticleDate DateType="Electronic">{_date(created)}</ArticleDate></Article>'
        "<MedlineJournalInfo><Country>United States</Country><MedlineTA>J Invent Med</MedlineTA>"
        "<NlmUniqueID>0000000</NlmUniqueID></MedlineJournalInfo><CitationSubset>IM</CitationSubset>"
        f"{_corrections(article)}</MedlineCitation><PubmedData><History>"
        f'<PubMedPubDate PubStatus="entrez"><Year>{created.year}</Year><Month>{created.month}</Month>'
        f"<Day>{created.day}</Day></PubMedPubDate></History><PublicationStatus>ppublish</PublicationStatus>"
        f'<ArticleIdList><ArticleId IdType="pubmed">{article.pmid}</ArticleId></ArticleIdList></PubmedData>'
        "</PubmedArticle>\n"
    )


def _abstract(article: Article) -> str:
    if article.notice_of:
        return f"<Abstract><AbstractText>{escape(article.conclusions)}</AbstractText></Abstract>"
    parts = "".join(
        f'<AbstractText Label="{label}" NlmCategory="{label}">{escape(getattr(article, name))}</AbstractText>'
        for label, name in _PARTS
    )
    return f"<Abstract>{parts}</Abstract>"


def _types(article: Article) -> str:
    types = ['<PublicationType UI="D016428">Journal Article</PublicationType>']
    if article.notice_of:
        types = ['<PublicationType UI="D016440">Retraction Notice</PublicationType>']
    elif article.retracted:
        types.append('<PublicationType UI="D016441">Retracted Publication</PublicationType>')
    return f"<PublicationTypeList>{''.join(types)}</PublicationTypeList>"


def _corrections(article: Article) -> str:
    kind, other = ("RetractionOf", article.notice_of) if article.notice_of else ("RetractionIn", article.notice_pmid)
    if not other:
        return ""
    return (
        f'<CommentsCorrectionsList><CommentsCorrections RefType="{kind}"><RefSource>J Invent Med. 2026;1(1):1'
        f'</RefSource><PMID Version="1">{other}</PMID></CommentsCorrections></CommentsCorrectionsList>'
    )


def _date(day: date) -> str:
    return f"<Year>{day.year}</Year><Month>{day:%m}</Month><Day>{day:%d}</Day>"
