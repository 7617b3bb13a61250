"""MedlinePlus's HTML inside XML, in the shapes that real files have."""

from __future__ import annotations

import io
import logging
from datetime import date

import pytest

from medpipe.core.corpus.bad_record import LeftOut
from medpipe.core.corpus.document import Document, Relation
from medpipe.errors import SourceError
from medpipe.sources.medlineplus.summaries import sections
from medpipe.sources.medlineplus.topics import parse_topics
from tests.received import bad

TOPIC = (
    '<health-topics total="{total}"><health-topic title="{title}" url="{url}" id="{id}" language="{language}" '
    'date-created="01/07/2003"><full-summary>{summary}</full-summary>{more}</health-topic></health-topics>'
)
FIELDS = {
    "title": "X",
    "id": "1",
    "language": "English",
    "summary": "&lt;p&gt;An X.&lt;/p&gt;",
    "url": "https://medlineplus.gov/x.html",
    "more": "",
    "total": "1",
}


def _sections(summary: str) -> list[tuple[str, str]]:
    return [(section.heading, section.text) for section in sections(summary, "What is X?")]


def _parsed(before: str = "", **fields: str) -> list[Document]:
    content = before + TOPIC.format(**(FIELDS | fields))
    return list(parse_topics(io.BytesIO(content.encode()), "file.xml", 20260303))


@pytest.mark.parametrize(
    "heading",
    [
        "<h2>What causes X?</h2>",
        "<h3>What causes <em>X</em>?</h3>",
        "<p><strong>What causes X?</strong></p>",
        "<strong>What causes X?</strong>",
    ],
)
def test_text_is_split_at_headings_of_every_kind(heading: str) -> None:
    assert _sections(f"<p>An X.</p>{heading}<p>A Y.</p>") == [("What is X?", "An X."), ("What causes X?", "A Y.")]


def test_a_strong_question_that_opens_a_paragraph_is_its_heading() -> None:
    assert _sections("<p><strong>What causes X?</strong> A Y.</p>") == [("What causes X?", "A Y.")]


def test_strong_words_inside_a_sentence_are_no_heading() -> None:
    assert _sections("<p>Ask <strong>why?</strong> and rest.</p>") == [("What is X?", "Ask why? and rest.")]


def test_the_words_of_topic_links_stay() -> None:
    assert _sections('<p>A <TOPIC ID="1" LINKTEXT="type 2 &amp; 3"/> and <a href="u">b</a>.</p>') == [
        ("What is X?", "A type 2 & 3 and b.")
    ]


def test_list_items_and_table_rows_are_lines() -> None:
    assert _sections(
        "Take:<ul><li>rest</li> <li>fluids</li></ul><table><tr><th>a</th><td>&lt;120</td></tr></table>"
    ) == [("What is X?", "Take:\n- rest\n- fluids\na | <120")]


def test_lists_keep_their_numbers_and_their_inner_lists() -> None:
    assert _sections("<ol><li>Sit<ul><li>up</li><li>still</li></ul> down</li><li>Wait</li></ol>") == [
        ("What is X?", "1. Sit down\n  - up\n  - still\n2. Wait")
    ]


def test_terms_and_captions_are_lines_of_their_own() -> None:
    assert _sections("<dl><dt>A</dt><dd>first</dd></dl><table><caption>T</caption><tr><td>1</td></tr></table>") == [
        ("What is X?", "A\nfirst\nT\n1")
    ]


@pytest.mark.parametrize(
    "planted",
    [
        '<a href="https://medlineplus.gov/ency/article/000001.htm">the words</a>',
        '<a href="https://medlineplus.gov/druginfo/meds/a1.html">the words</a>',
        '<a href="https://www.example.com/ency/">the words</a>',
        'the <img src="https://medlineplus.gov/ency/images/1.jpg" alt="of ency"/>words',
        "the words https://medlineplus.gov/druginfo/meds/a1.html",
        "the words (https://www.example.com/ency/)",
        "the <script>load('/ency/1.js')</script><style>a{}</style>words<!-- /druginfo/ -->",
        '<iframe src="https://www.example.com/">/ency/</iframe>the words',
    ],
)
def test_of_a_link_or_image_only_the_words_enter(planted: str) -> None:
    assert _sections(f"<p>See {planted}</p>") == [("What is X?", "See the words")]


def test_highlighted_words_are_words() -> None:
    assert _sections('<p>An <span class="qt0">X</span>ylo.</p>') == [("What is X?", "An Xylo.")]


def test_a_bare_less_than_sign_is_text() -> None:
    assert _sections("<p>if < 38 &deg;C or a<b</p>") == [("What is X?", "if < 38 °C or a<b")]


@pytest.mark.parametrize(
    "attribution",
    [
        '<p class="attribution">NIH: Some Institute</p>',
        "<p>NIH: Some Institute</p>",
        "<p>Centers for Disease Control and Prevention</p>",
    ],
)
def test_the_attribution_is_dropped(attribution: str) -> None:
    assert _sections(f"<p>An X.</p>{attribution}") == [("What is X?", "An X.")]


def test_a_last_sentence_that_names_an_agency_is_no_attribution() -> None:
    text = "It was approved by the Food and Drug Administration."
    assert _sections(f"<p>{text}</p>") == [("What is X?", text)]


def test_a_spanish_topic_opens_with_a_spanish_question() -> None:
    topic = _parsed(language="Spanish")[0]
    assert (topic.language, topic.sections[0].heading) == ("es", "¿Qué es X?")
    assert topic.published == date(2003, 1, 7)


def test_a_topic_says_its_headings_groups_relatives_and_counterpart() -> None:
    more = (
        '<group url="u" id="31">Symptoms</group><language-mapped-topic url="u" id="2" language="Spanish">E'
        '</language-mapped-topic><mesh-heading><descriptor id="D1">Xes</descriptor><qualifier id="Q1">therapy'
        '</qualifier></mesh-heading><mesh-heading><descriptor id="D1">Xes</descriptor></mesh-heading>'
        '<related-topic url="u" id="3">Y</related-topic>'
        '<site title="S" url="https://medlineplus.gov/ency/article/1.htm"><organization>O</organization></site>'
    )
    topic = _parsed(more=more)[0]
    assert (topic.mesh, topic.groups, topic.counterpart) == (("Xes",), ("Symptoms",), "mplus:2")
    assert topic.relations == (Relation(kind="related-topic", target="mplus:3"),)
    assert "ency" not in topic.model_dump_json() and "Courtesy of MedlinePlus" in topic.licence


def test_a_blank_summary_is_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert _parsed(summary=" ") == [LeftOut(id="mplus:1")]
    assert "1 of 1 topics have no summary" in caplog.text


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://medlineplus.gov/ency/article/1.htm", "in the licensed encyclopedia"),
        ("https://medlineplus.gov/spanish/druginfo/meds/a1-es.html", "in the licensed encyclopedia or drug"),
        ("https://medlineplus.gov/images/x.JPG", "is an image"),
        ("https://medlineplus.gov.example.com/x.html", "not MedlinePlus"),
        ("", "on no host"),
    ],
)
def test_a_topic_that_is_no_free_page_of_medlineplus_is_left_out_with_the_reason(
    url: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert _parsed(url=url) == [LeftOut(id="mplus:1")]
    assert "file.xml, topic 1: left out" in caplog.text and reason in caplog.text


def test_a_file_that_holds_fewer_topics_than_it_announces_is_logged_and_read(caplog: pytest.LogCaptureFixture) -> None:
    assert [topic.id for topic in _parsed(total="2033")] == ["mplus:1"]
    assert "file.xml: announces 2033 topics and has 1" in caplog.text


@pytest.mark.parametrize(
    ("entities", "used"),
    [
        ('<!ENTITY x SYSTEM "file:///etc/hostname">', "Before &x; after."),
        ('<!ENTITY a "lol"><!ENTITY x "&a;&a;&a;&a;&a;&a;&a;&a;">', "Before &x; after."),
    ],
)
def test_entities_of_a_hostile_file_are_refused_and_not_expanded(entities: str, used: str) -> None:
    [said] = bad(_parsed(f"<!DOCTYPE health-topics [{entities}]>", summary=used))
    assert said.startswith("file.xml, topic 1: uses an entity that the file defines")


def test_text_in_another_encoding_than_the_file_says_is_an_error() -> None:
    content = TOPIC.format(**(FIELDS | {"summary": "niño"})).encode("latin-1")
    with pytest.raises(SourceError, match=r"file\.xml: broken after 0 whole records"):
        list(parse_topics(io.BytesIO(content), "file.xml", 1))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"id": ""}, "no id or no title"),
        ({"language": "French"}, "language 'French'"),
        ({"summary": "<p>An X.</p>"}, "full-summary has XML"),
    ],
)
def test_a_topic_that_cannot_be_read_is_named(fields: dict[str, str], message: str) -> None:
    [said] = bad(_parsed(**fields))
    assert said.startswith(f"file.xml, topic 1: {message}")


def test_a_file_without_topics_is_an_error() -> None:
    with pytest.raises(SourceError, match="has no health-topic"):
        list(parse_topics(io.BytesIO(b"<health-topics/>"), "file.xml", 1))
