"""MedlinePlus's HTML inside XML, in the shapes that real files have."""

from __future__ import annotations

import io
from datetime import date

import pytest

from medpipe.nlm.topics import parse_topics, sections
from medpipe.ports import SourceError

TOPIC = (
    '<health-topics><health-topic title="{title}" url="https://medlineplus.gov/x.html" id="{id}" '
    'language="{language}" date-created="01/07/2003"><full-summary>{summary}</full-summary></health-topic>'
    "</health-topics>"
)


def _sections(summary: str) -> list[tuple[str, str]]:
    return [(section.heading, section.text) for section in sections(summary, "What is X?")]


def _parsed(**fields: str) -> list[object]:
    values = {"title": "X", "id": "1", "language": "English", "summary": "&lt;p&gt;An X.&lt;/p&gt;"} | fields
    return list(parse_topics(io.BytesIO(TOPIC.format(**values).encode()), "file.xml", 20260303))


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
    assert (topic.language, topic.sections[0].heading) == ("es", "¿Qué es X?")  # type: ignore[attr-defined]
    assert topic.published == date(2003, 1, 7)  # type: ignore[attr-defined]


def test_a_blank_summary_is_left_out() -> None:
    assert _parsed(summary=" ") == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"id": ""}, "file.xml: a health-topic without id"),
        ({"language": "French"}, "file.xml, topic 1: language 'French'"),
    ],
)
def test_a_topic_that_cannot_be_read_is_named(fields: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        _parsed(**fields)


def test_a_file_without_topics_is_an_error() -> None:
    with pytest.raises(SourceError, match="holds no health-topic"):
        list(parse_topics(io.BytesIO(b"<health-topics/>"), "file.xml", 1))
