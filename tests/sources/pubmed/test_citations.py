"""PubMed records in the shapes that the DTD allows and real files have."""

from __future__ import annotations

import io
from datetime import date

import pytest

from medpipe.core.corpus.document import Document, Relation, Status
from medpipe.core.corpus.merge import newer
from medpipe.sources.pubmed.citations import answer_revision, file_revision, parse_citations
from tests.received import bad, documents

PUB_DATE = "<PubDate><Year>2026</Year><Month>Jan</Month><Day>05</Day></PubDate>"


def _article(
    number: int = 1,
    version: int = 1,
    title: str = "T.",
    abstract: str = "",
    types: str = "",
    links: str = "",
    pub_date: str = PUB_DATE,
    more: str = "",
) -> str:
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="{version}">{number}</PMID><Article><Journal><JournalIssue>'
        f"{pub_date}</JournalIssue></Journal><ArticleTitle>{title}</ArticleTitle><Abstract>{abstract}</Abstract>"
        f"<PublicationTypeList>{types}</PublicationTypeList>{more}</Article><CommentsCorrectionsList>{links}"
        "</CommentsCorrectionsList></MedlineCitation></PubmedArticle>"
    )


def _read(*records: str, revision: int = 1) -> list[Document]:
    body = f"<PubmedArticleSet>{''.join(records)}</PubmedArticleSet>".encode()
    return list(parse_citations(io.BytesIO(body), "file.xml", revision))


def test_sections_are_named_by_category_else_by_label() -> None:
    abstract = (
        '<AbstractText Label="AIM" NlmCategory="OBJECTIVE">a</AbstractText><AbstractText Label="FUNDING" '
        'NlmCategory="UNASSIGNED">b</AbstractText><AbstractText>c</AbstractText><AbstractText Label="X"/>'
    )
    assert [(section.heading, section.text) for section in _read(_article(abstract=abstract))[0].sections] == [
        ("OBJECTIVE", "a"),
        ("FUNDING", "b"),
        ("ABSTRACT", "c"),
    ]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("CO<sub>2</sub> at 10<sup>-3</sup> M", "CO2 at 10^-3 M"),
        ("5 x 10 <sup>9</sup> CFU in group 2 <sup>b</sup>", "5 x 10^9 CFU in group 2 b"),
        ("found in 2019<sup>3</sup> (n=5)<sup>1,2</sup>", "found in 2019 (n=5)"),
        ("<b>A</b>\n <i>b</i>", "A b"),
        ("P&lt;.05", "P<.05"),
        ('<m:math xmlns:m="u"><m:mfrac><m:mi>a</m:mi><m:mn>2</m:mn></m:mfrac></m:math>', "a/2"),
    ],
)
def test_inline_markup_becomes_text(written: str, plain: str) -> None:
    assert _read(_article(abstract=f"<AbstractText>{written}</AbstractText>"))[0].sections[0].text == plain


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("Is it so?", "Is it so?"),
        ("[Un titre].", "Un titre"),
        ("RETRACTED: Is it so?", "Is it so?"),
        ("Retracted ARTICLE: It is.", "It is"),
        ("Retraction of a claim.", "Retraction of a claim"),
        ("RETRACTED: [Un titre].", "Un titre"),
        ("[Un titre (retracted)].", "Un titre"),
    ],
)
def test_titles_lose_brackets_and_warnings_only(title: str, plain: str) -> None:
    document = _read(_article(title=title))[0]
    assert document.title == plain
    assert bool(document.warning) == ("retracted" in title.lower())


@pytest.mark.parametrize(
    "reference",
    [
        "",
        '<ReferenceList><Reference><ArticleIdList><ArticleId IdType="doi">10.9/z'
        "</ArticleId></ArticleIdList></Reference></ReferenceList>",
    ],
)
def test_journal_and_dois_are_kept_and_those_of_references_are_not(reference: str) -> None:
    record = _article(
        more='<ELocationID EIdType="doi" ValidYN="Y">10.1/AbC</ELocationID><ELocationID EIdType="pii">1</ELocationID>'
    )
    identifiers = (
        '<PubmedData><PublicationStatus>ppublish</PublicationStatus><ArticleIdList><ArticleId IdType="pubmed">1'
        f'</ArticleId><ArticleId IdType="doi">10.1/b</ArticleId></ArticleIdList>{reference}</PubmedData>'
    )
    record = record.replace(
        "</Journal>", "<Title>Journal of Moor Flu</Title><ISOAbbreviation>J Moor Flu</ISOAbbreviation></Journal>"
    )
    document = _read(record.replace("</PubmedArticle>", f"{identifiers}</PubmedArticle>"))[0]
    assert (document.journal, document.dois) == ("J Moor Flu", ("10.1/abc", "10.1/b"))
    only_references = f"<PubmedData><PublicationStatus>p</PublicationStatus>{reference}</PubmedData></PubmedArticle>"
    assert _read(_article().replace("</PubmedArticle>", only_references))[0].dois == ()


RETRACTED_TYPE = '<PublicationType UI="D016441">Retracted Publication</PublicationType>'
OLD_NOTICE = '<PublicationType UI="D016440">Retraction of Publication</PublicationType>'
NEW_NOTICE = '<PublicationType UI="">Retraction Notice</PublicationType>'


@pytest.mark.parametrize(
    ("types", "links", "title", "status"),
    [
        (RETRACTED_TYPE, "", "T", Status.RETRACTED),
        (
            "",
            '<CommentsCorrections RefType="RetractionIn"><RefSource>S</RefSource></CommentsCorrections>',
            "T",
            Status.RETRACTED,
        ),
        (OLD_NOTICE, "", "T", Status.NOTICE),
        (NEW_NOTICE, "", "T", Status.NOTICE),
        ("", '<CommentsCorrections RefType="ExpressionOfConcernIn"/>', "T", Status.CONCERN),
        ("", '<CommentsCorrections RefType="RetractedandRepublishedIn"/>', "T", Status.RETRACTED),
        ("", '<CommentsCorrections RefType="RetractionOf"><PMID>2</PMID></CommentsCorrections>', "T", Status.NOTICE),
        ("", '<CommentsCorrections RefType="ErratumIn"/>', "T", Status.CURRENT),
        (
            "",
            '<CommentsCorrections RefType="CommentOn"><PMID>2</PMID></CommentsCorrections>',
            "On retraction: retracted",
            Status.CURRENT,
        ),
    ],
)
def test_standing_follows_types_and_links_never_words(types: str, links: str, title: str, status: Status) -> None:
    assert _read(_article(types=types, links=links, title=title))[0].status is status


@pytest.mark.parametrize(
    ("pub_date", "more", "published"),
    [
        ("<PubDate><MedlineDate>1998 Dec-1999 Jan</MedlineDate></PubDate>", "", date(1998, 12, 1)),
        ("<PubDate><MedlineDate>Spring 1990</MedlineDate></PubDate>", "", date(1990, 3, 1)),
        ("<PubDate><Year>1990</Year><Season>Summer</Season></PubDate>", "", date(1990, 6, 1)),
        ("<PubDate><Year>2020</Year><Month>09</Month><Day>31</Day></PubDate>", "", date(2020, 9, 1)),
        (PUB_DATE, "<ArticleDate><Year>2025</Year><Month>11</Month><Day>30</Day></ArticleDate>", date(2025, 11, 30)),
    ],
)
def test_published_is_the_first_day_that_the_text_could_be_read(pub_date: str, more: str, published: date) -> None:
    assert _read(_article(pub_date=pub_date, more=more))[0].published == published


def test_pmids_of_links_are_not_the_records() -> None:
    links = '<CommentsCorrections RefType="Cites"><PMID>77</PMID></CommentsCorrections>'
    document = _read(_article(number=5, links=links))[0]
    assert (document.id, document.relations) == ("pmid:5", (Relation(kind="Cites", target="pmid:77"),))


def test_deleting_the_first_version_leaves_the_second_in_every_order() -> None:
    day1 = _read(_article(7, 1), _article(7, 2), revision=1)
    day2 = _read(_article(8), '<DeleteCitation><PMID Version="1">7</PMID></DeleteCitation>', revision=2)
    for order in ([*day1, *day2], [*day2, *day1], [*reversed(day1), *day2]):
        state: dict[str, Document] = {}
        for document in order:
            state[document.id] = newer(state.get(document.id), document)
        assert {name: document.status for name, document in state.items()} == {
            "pmid:7": Status.DELETED,
            "pmid:7.2": Status.CURRENT,
            "pmid:8": Status.CURRENT,
        }


def test_a_book_chapter_is_read() -> None:
    document = _read(
        "<PubmedBookArticle><BookDocument><PMID>9</PMID><Book><BookTitle>B</BookTitle><PubDate><Year>2026"
        "</Year></PubDate></Book><ArticleTitle>A chapter</ArticleTitle><Abstract><AbstractText "
        'Label="CLINICAL CHARACTERISTICS">c</AbstractText></Abstract></BookDocument></PubmedBookArticle>'
    )[0]
    assert (document.title, document.published, document.sections[0].heading) == (
        "A chapter",
        date(2026, 1, 1),
        "CLINICAL CHARACTERISTICS",
    )


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (_article(3, pub_date=""), "no ArticleDate and no PubDate"),
        (_article(3, pub_date="<MedlineDate>Spring-Summer</MedlineDate>"), "no ArticleDate and no PubDate"),
        ("<PubmedArticle><MedlineCitation/></PubmedArticle>", "no PMID"),
        ("<PubmedArticle/>", "no PMID"),
        ('<PubmedArticle><MedlineCitation><PMID Version="9999">3</PMID></MedlineCitation></PubmedArticle>', "no PMID"),
        ("<PubmedArticle><MedlineCitation><PMID>3</PMID></MedlineCitation></PubmedArticle>", "no Article"),
        ("<PubmedBookArticle><BookDocument><PMID>3</PMID><Book/></BookDocument></PubmedBookArticle>", "no date"),
        ("<DeleteCitation><PMID>x</PMID></DeleteCitation>", "no PMID"),
    ],
)
def test_a_record_that_cannot_be_read_costs_itself_and_is_named_by_its_place(record: str, message: str) -> None:
    received = _read(_article(1), record, _article(2))
    assert [document.id for document in documents(received)] == ["pmid:1", "pmid:2"]
    assert bad(received) == [f"file.xml, record 2: {message}"]


def test_a_retraction_without_a_date_gets_through_with_the_day_of_its_file() -> None:
    retracted = _article(3, pub_date="", links="<CommentsCorrections RefType='RetractionIn'/>")
    [document] = _read(retracted, revision=file_revision(date(2026, 3, 4), 26, 1336))
    assert (document.status, document.published) == ("retracted", date(2026, 3, 4))


def test_revisions_order_files_by_day_year_and_number_and_answers_after_their_day() -> None:
    first, second = date(2026, 1, 5), date(2026, 1, 6)
    assert (
        file_revision(first, 21, 1)
        < file_revision(first, 26, 1)
        < file_revision(first, 26, 9999)
        < answer_revision(first)
        < file_revision(second, 20, 1)
    )
