"""Genetics summaries: texts by role as questions, names by page, links as words."""

from __future__ import annotations

import io
import logging
from datetime import date

import pytest

from medpipe.core.corpus.document import Document, Relation
from medpipe.errors import SourceError
from medpipe.sources.medlineplus.genetics import parse_genetics
from tests.places import DATA
from tests.received import bad

PAGE = "https://medlineplus.gov/genetics/condition/sample-syndrome"


def _file(more: str = "", name: str = "Sample syndrome", page: str = PAGE, html: str = "<p>A condition.</p>") -> str:
    return (
        f"<summaries><health-condition-summary><name>{name}</name><ghr-page>{page}</ghr-page><text-list>"
        f"<text><text-role>inheritance</text-role><html>{html}</html></text></text-list>{more}"
        "</health-condition-summary></summaries>"
    )


def _parsed(text: str) -> list[Document]:
    return list(parse_genetics(io.BytesIO(text.encode()), "ghr.xml", 20260303))


def test_the_sample_becomes_a_condition_and_a_gene() -> None:
    path = DATA / "synthetic" / "ghr-summaries_sample.xml"
    if not path.exists():
        pytest.skip("no recorded data (synthetic/ghr-summaries_sample.xml) beside the checkout")
    with path.open("rb") as stream:
        condition, gene = parse_genetics(stream, path.name, 20260303)
    assert (condition.id, condition.focus, condition.published) == (
        "ghr:condition/sample-syndrome",
        "Sample syndrome",
        date(2020, 9, 8),
    )
    assert [(section.heading, section.text) for section in condition.sections] == [
        ("What is Sample syndrome?", "Made-up condition text with SAMP1."),
        ("How many people are affected by Sample syndrome?", "Unknown."),
    ]
    assert condition.relations == (Relation(kind="related-gene", target="ghr:gene/samp1"),)
    assert (gene.id, gene.title, gene.types) == ("ghr:gene/samp1", "SAMP1 gene", ("gene",))
    assert gene.sections[0].heading == "What is the normal function of the SAMP1 gene?"


@pytest.mark.parametrize(
    "html",
    [
        '<p>See <a href="https://medlineplus.gov/ency/1.htm">the words</a><img src="/ency/1.jpg" alt="ency"/></p>',
        '<p>See <a href="https://www.example.com/">the words</a></p>',
        "&lt;p&gt;See &lt;i&gt;the&lt;/i&gt; words&lt;/p&gt;",
    ],
)
def test_html_is_read_as_elements_or_escaped_and_links_are_words(html: str) -> None:
    section = _parsed(_file(html=html))[0].sections[0]
    assert (section.heading, section.text) == ("Is Sample syndrome inherited?", "See the words")


@pytest.mark.parametrize(
    ("more", "day"),
    [
        ("<reviewed>2020-01</reviewed><published>2020-09-08</published>", date(2020, 9, 8)),
        ("<reviewed>2020-01</reviewed>", date(2020, 1, 1)),
        ("", date(2020, 10, 1)),
    ],
)
def test_a_summary_is_dated_by_its_publication_its_review_or_the_move(more: str, day: date) -> None:
    assert _parsed(_file(more))[0].published == day


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_file(name=" "), "a health-condition-summary without name or page"),
        (_file(page="https://medlineplus.gov/genetics/"), "a health-condition-summary without name"),
        (_file("<published>May 2020</published>"), "its date is 'May 2020'"),
        (_file().replace("<html>", "<body>").replace("</html>", "</body>"), "a text (inheritance) without html"),
        ("<!DOCTYPE s [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>" + _file(html="&x;"), "uses an entity"),
    ],
)
def test_a_summary_that_cannot_be_read_is_named_by_its_place(text: str, message: str) -> None:
    [said] = bad(_parsed(text))
    assert f"ghr.xml, summary 1: {message}" in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<summaries/>", "ghr.xml: has no summary"),
        ("<html><body>Try later</body></html>", "ghr.xml: has no summary"),
        (_file()[:200], "ghr.xml: broken after 0 whole records"),
        ("", "ghr.xml: broken after 0 whole records"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        _parsed(text)


def test_summaries_without_text_or_on_foreign_pages_are_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert _parsed(_file(html=" ")) == _parsed(_file(page="https://example.com/condition/x")) == []
    assert "1 of 1 summaries have no text" in caplog.text and "example.com, which is not MedlinePlus" in caplog.text
