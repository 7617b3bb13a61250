"""What PubMed had before the calendar's first day: a baseline file, a record in two versions, and a book.

None of it is about the world's conditions, and no daily window reaches back to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from xml.sax.saxutils import escape

from medpipe.sandbox.nlm import citation_files
from medpipe.sandbox.world import Article, pretraining

BASELINE = "pubmed26n0001.xml.gz"
POSTED = date(2026, 1, 8)
BOOK = "97000001"
"""The PMID of the book: it is in no file, only E-utilities give it."""


def baseline(seed: int) -> bytes:
    """The one file of the baseline: three articles, the last in a second version too."""
    return citation_files.gzipped(citation_files.article_set(_articles(seed), POSTED))


def _articles(seed: int) -> Sequence[Article]:
    _, found = pretraining(seed, 0, 3)
    first = [replace(one, pmid=str(98000001 + index), version=1, day=1) for index, one in enumerate(found)]
    return [*first, replace(first[-1], version=2, conclusions=f"{first[-1].conclusions} This is confirmed.")]


def book() -> str:
    """A Bookshelf record as efetch gives it."""
    title, abstract = "Invented syndromes", "A chapter about syndromes that nobody has."
    return (
        f'<PubmedBookArticle><BookDocument><PMID Version="1">{BOOK}</PMID><ArticleIdList>'
        '<ArticleId IdType="bookaccession">NBK000001</ArticleId></ArticleIdList><Book><Publisher><PublisherName>'
        "Sandbox Press</PublisherName><PublisherLocation>Nowhere</PublisherLocation></Publisher>"
        f'<BookTitle book="sandbox">{escape(title)}</BookTitle><PubDate><Year>2026</Year></PubDate></Book>'
        f'<ArticleTitle book="sandbox" part="one">{escape(title)}: an overview</ArticleTitle><Language>eng</Language>'
        f"<Abstract><AbstractText>{escape(abstract)}</AbstractText></Abstract><ContributionDate><Year>2026</Year>"
        "<Month>01</Month><Day>08</Day></ContributionDate></BookDocument><PubmedBookData><PublicationStatus>ppublish"
        f'</PublicationStatus><ArticleIdList><ArticleId IdType="pubmed">{BOOK}</ArticleId></ArticleIdList>'
        "</PubmedBookData></PubmedBookArticle>\n"
    )
