"""PubMed's content before the calendar's first day: a baseline file, a record in two versions, and a book.

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
"""The PMID of the book. It is not in any file; only E-utilities return it."""


def baseline(seed: int) -> bytes:
    """Return the only file of the baseline: three articles, the last of them also in a second version."""
    return citation_files.gzipped(citation_files.article_set(_articles(seed), POSTED))


def _articles(seed: int) -> Sequence[Article]:
    _, invented = pretraining(seed, 0, 3)
    first = [replace(article, pmid=str(98000001 + index), version=1, day=1) for index, article in enumerate(invented)]
    return [*first, replace(first[-1], version=2, conclusions=f"{first[-1].conclusions} This is confirmed.")]


def book() -> str:
    """Return a Bookshelf record as efetch returns it."""
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
