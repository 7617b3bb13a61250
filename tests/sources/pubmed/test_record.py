"""What a citation's document keeps: texts in other languages, copyright, types, subjects, every link, formulas."""

from __future__ import annotations

import gzip
import io
import re
from datetime import date

import pytest

from medpipe.core.corpus.document import Document, Relation, Section, Status
from medpipe.sources.pubmed.citations import parse_citations
from tests.places import DATA

MATHML = 'xmlns:mml="http://www.w3.org/1998/Math/MathML"'
REF_TYPES = {
    "RetractionIn": Status.RETRACTED,
    "ExpressionOfConcernIn": Status.CONCERN,
    "RetractedandRepublishedIn": Status.RETRACTED,
    "RetractionOf": Status.NOTICE,
    **dict.fromkeys(
        "AssociatedDataset AssociatedPublication CommentIn CommentOn CorrectedandRepublishedIn "
        "CorrectedandRepublishedFrom ErratumIn ErratumFor ExpressionOfConcernFor RepublishedIn RepublishedFrom "
        "RetractedandRepublishedFrom UpdateIn UpdateOf SummaryForPatientsIn OriginalReportIn ReprintIn "
        "ReprintOf Cites".split(),
        Status.CURRENT,
    ),
}
"""The standing of an article with one such link and no telling publication type."""


def _read(article: str = "", citation: str = "", title: str = "<ArticleTitle>T.</ArticleTitle>") -> Document:
    body = (
        '<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">1</PMID><Article><Journal><JournalIssue>'
        f"<PubDate><Year>2026</Year></PubDate></JournalIssue></Journal>{title}{article}</Article>{citation}"
        "</MedlineCitation></PubmedArticle></PubmedArticleSet>"
    )
    return next(parse_citations(io.BytesIO(body.encode()), "file.xml", 1))


def _text(markup: str) -> str:
    return _read(f"<Abstract><AbstractText>{markup}</AbstractText></Abstract>").sections[0].text


def test_a_plain_language_summary_follows_the_abstract_under_its_own_heading() -> None:
    document = _read(
        '<Abstract><AbstractText Label="RESULTS" NlmCategory="RESULTS">r</AbstractText></Abstract>',
        '<OtherAbstract Type="plain-language-summary" Language="eng"><AbstractText>p</AbstractText></OtherAbstract>'
        '<OtherAbstract Type="Publisher" Language="spa"><AbstractText Label="OBJETIVO">o</AbstractText></OtherAbstract>'
        '<OtherAbstract Type="PIP" Language="eng"><AbstractText>i</AbstractText></OtherAbstract>',
    )
    assert document.sections == (
        Section(heading="RESULTS", text="r"),
        Section(heading="PLAIN LANGUAGE SUMMARY", text="p"),
        Section(heading="PUBLISHER ABSTRACT: OBJETIVO", text="o", language="es"),
        Section(heading="PIP ABSTRACT", text="i"),
    )


CONCLUDING = [
    ("LIMITATION", "CONCLUSION", ["LIMITATION", "CONCLUSIONS"]),
    ("DISCUSSION", "Conclusions and relevance", ["DISCUSSION", "CONCLUSIONS"]),
    ("CLINICAL RELEVANCE", "INTERPRETATION", ["CLINICAL RELEVANCE", "CONCLUSIONS"]),
    ("DISCUSSION", "TRIAL REGISTRATION", ["CONCLUSIONS", "TRIAL REGISTRATION"]),
    ("IMPLICATIONS", "FUNDING", ["CONCLUSIONS", "FUNDING"]),
]


@pytest.mark.parametrize(("first", "second", "headings"), CONCLUDING)
def test_what_nlm_files_under_conclusions_and_concludes_nothing_keeps_the_journals_label(
    first: str, second: str, headings: list[str]
) -> None:
    parts = "".join(
        f'<AbstractText Label="{label}" NlmCategory="CONCLUSIONS">x</AbstractText>' for label in (first, second)
    )
    assert [section.heading for section in _read(f"<Abstract>{parts}</Abstract>").sections] == headings


def test_an_abstract_in_a_third_language_does_not_answer_the_title_in_the_articles_own() -> None:
    spanish = '<OtherAbstract Type="Publisher" Language="spa"><AbstractText>o</AbstractText></OtherAbstract>'
    french = spanish.replace("spa", "fre")
    titled = "<Language>fre</Language><VernacularTitle>Le vaccin aide-t-il ?</VernacularTitle>"
    assert [section.language for section in _read(titled, spanish + french).sections] == ["fr"]
    assert [section.language for section in _read("<Language>fre</Language>", spanish).sections] == ["es"]


def test_copyright_types_subjects_and_the_original_title_are_kept() -> None:
    document = _read(
        "<Abstract><AbstractText>a</AbstractText><CopyrightInformation>© 2026\n The Authors.</CopyrightInformation>"
        '</Abstract><Language>fre</Language><PublicationTypeList><PublicationType UI="D016428">Journal Article'
        '</PublicationType><PublicationType UI="D016449">Randomized Controlled Trial</PublicationType>'
        "</PublicationTypeList><VernacularTitle>Un titre.</VernacularTitle>",
        '<MeshHeadingList><MeshHeading><DescriptorName UI="D003920">Diabetes Mellitus</DescriptorName><QualifierName '
        'UI="Q000188">drug therapy</QualifierName></MeshHeading><MeshHeading><DescriptorName UI="D006801">Humans'
        "</DescriptorName></MeshHeading></MeshHeadingList>",
        "<ArticleTitle>[A title].</ArticleTitle>",
    )
    assert document.copyright == "© 2026 The Authors."
    assert document.types == ("Journal Article", "Randomized Controlled Trial")
    assert document.mesh == ("Diabetes Mellitus", "Humans")
    assert (document.title, document.original_title, document.language) == ("A title", "Un titre", "en")


def test_a_title_that_was_never_translated_gives_way_to_the_original_one() -> None:
    document = _read(
        "<Abstract><AbstractText>a</AbstractText></Abstract><Language>fre</Language><Language>eng</Language>"
        "<VernacularTitle>Un titre.</VernacularTitle>",
        title="<ArticleTitle>[Not Available].</ArticleTitle>",
    )
    assert (document.title, document.language, document.sections[0].language) == ("Un titre", "fr", "en")


@pytest.mark.parametrize("kind", REF_TYPES)
def test_each_kind_of_link_is_kept_and_has_its_effect(kind: str) -> None:
    link = f'<CommentsCorrections RefType="{kind}"><PMID Version="1">7</PMID></CommentsCorrections>'
    document = _read(citation=f"<CommentsCorrectionsList>{link}</CommentsCorrectionsList>")
    assert (document.relations, document.status) == ((Relation(kind=kind, target="pmid:7"),), REF_TYPES[kind])


def test_the_table_has_every_kind_of_link_of_the_dtd() -> None:
    dtd = DATA / "dtd" / "pubmed_250101.dtd"
    if not dtd.exists():
        pytest.skip("no DTDs beside the checkout")
    allowed = re.search(r"RefType \(([^)]*)\)", dtd.read_text(encoding="utf-8"))
    assert allowed is not None
    assert {kind.strip() for kind in allowed[1].split("|")} == REF_TYPES.keys()


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("<mml:msup><mml:mi>x</mml:mi><mml:mn>2</mml:mn></mml:msup>", "x^2"),
        (
            "<mml:msup><mml:mi>e</mml:mi><mml:mrow><mml:mi>a</mml:mi><mml:mo>+</mml:mo><mml:mi>b</mml:mi></mml:mrow></mml:msup>",
            "e^(a + b)",
        ),
        ("<mml:msub><mml:mi>CO</mml:mi><mml:mn>2</mml:mn></mml:msub>", "CO2"),
        ("<mml:msub><mml:mi>V</mml:mi><mml:mi>max</mml:mi></mml:msub>", "V_max"),
        (
            "<mml:msubsup><mml:mi>SeO</mml:mi><mml:mn>3</mml:mn><mml:mrow><mml:mn>2</mml:mn><mml:mo>-</mml:mo></mml:mrow>"
            "</mml:msubsup>",
            "SeO3^(2-)",
        ),
        (
            "<mml:mfrac><mml:mi>a</mml:mi><mml:mrow><mml:mi>b</mml:mi><mml:mo>+</mml:mo><mml:mi>c</mml:mi></mml:mrow></mml:mfrac>",
            "a/(b + c)",
        ),
        ("<mml:msqrt><mml:mi>x</mml:mi><mml:mo>+</mml:mo><mml:mn>1</mml:mn></mml:msqrt>", "√(x + 1)"),
        ("<mml:mroot><mml:mi>x</mml:mi><mml:mn>3</mml:mn></mml:mroot>", "x^(1/3)"),
        ('<mml:mfenced open="[" close="]"><mml:mi>a</mml:mi><mml:mi>b</mml:mi></mml:mfenced>', "[a, b]"),
        (
            "<mml:munderover><mml:mo>∑</mml:mo><mml:mrow><mml:mi>i</mml:mi><mml:mo>=</mml:mo><mml:mn>1</mml:mn></mml:mrow>"
            "<mml:mi>n</mml:mi></mml:munderover>",
            "∑_(i = 1)^n",
        ),
        (
            "<mml:mtable><mml:mtr><mml:mtd><mml:mn>1</mml:mn></mml:mtd><mml:mtd><mml:mn>0</mml:mn></mml:mtd></mml:mtr><mml:mtr>"
            "<mml:mtd><mml:mn>0</mml:mn></mml:mtd><mml:mtd><mml:mn>1</mml:mn></mml:mtd></mml:mtr></mml:mtable>",
            "[1, 0; 0, 1]",
        ),
        (
            "<mml:mmultiscripts><mml:mi>Tc</mml:mi><mml:mprescripts/><mml:none/><mml:mn>99m</mml:mn></mml:mmultiscripts>",
            "99mTc",
        ),
        ("<mml:semantics><mml:mi>p</mml:mi><mml:annotation>\\pi</mml:annotation></mml:semantics>", "p"),
        ("<mml:mo>-</mml:mo><mml:mn>5</mml:mn>", "-5"),
        ("<mml:mi>p</mml:mi>\n <mml:mo>&lt;</mml:mo> <mml:mn>0.05</mml:mn>", "p < 0.05"),
    ],
)
def test_formulas_become_readable_text(written: str, plain: str) -> None:
    assert _text(f"of <mml:math {MATHML}>{written}</mml:math>, so") == f"of {plain}, so"


def test_a_displayed_formula_and_nested_markup_are_read_through() -> None:
    formula = f"<DispFormula><mml:math {MATHML}><mml:mi>x</mml:mi></mml:math></DispFormula>"
    assert _text(f"<b>A <i>in <u>vivo</u></i></b> {formula} at 10<sup>-3</sup> M, m<sup>2</sup>") == (
        "A in vivo x at 10^-3 M, m2"
    )


def test_a_book_keeps_its_copyright_types_and_date() -> None:
    body = (
        '<PubmedArticleSet><PubmedBookArticle><BookDocument><PMID Version="1">9</PMID><Book><BookTitle>B</BookTitle>'
        '<PubDate><Year>2020</Year></PubDate></Book><PublicationType UI="D016454">Review</PublicationType><Abstract>'
        "<AbstractText>a</AbstractText><CopyrightInformation>© UW</CopyrightInformation></Abstract><ContributionDate>"
        "<Year>1998</Year><Month>10</Month></ContributionDate></BookDocument></PubmedBookArticle></PubmedArticleSet>"
    )
    document = next(parse_citations(io.BytesIO(body.encode()), "file.xml", 1))
    assert (document.title, document.types, document.copyright, document.published) == (
        "B",
        ("Review",),
        "© UW",
        date(1998, 10, 1),
    )


@pytest.mark.parametrize("written", ["10.1/A", " https://doi.org/10.1/a ", "http://dx.doi.org/10.1/A", "doi: 10.1/a"])
def test_a_doi_is_written_as_lists_of_retractions_have_it(written: str) -> None:
    document = _read(f'<ELocationID EIdType="doi">{written}</ELocationID><ELocationID EIdType="doi">doi:</ELocationID>')
    assert document.dois == ("10.1/a",)


def test_nothing_that_real_records_have_is_lost() -> None:
    path = DATA / "pubmed_xml" / "nlm_sample_2019_shared.xml.gz"
    if not path.exists():
        pytest.skip("no recorded data beside the checkout")
    body = gzip.decompress(path.read_bytes())
    documents = list(parse_citations(io.BytesIO(body), path.name, 1))
    assert sum(len(document.mesh) for document in documents) == body.count(b"<DescriptorName")
    assert sum(len(document.types) for document in documents) == body.count(b"<PublicationType ")
    assert sum(len(document.relations) for document in documents) == body.count(b"<CommentsCorrections ")
    assert sum(bool(document.copyright) for document in documents) == body.count(b"<CopyrightInformation>")
    assert sum(bool(document.original_title) for document in documents) == body.count(b"<VernacularTitle>")
    assert {section.language for document in documents for section in document.sections} == {"", "de"}
