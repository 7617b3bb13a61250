"""Answers of the search service: topics inside hits. Anything else is an error that says what came instead."""

from __future__ import annotations

import pytest

from medpipe.errors import SourceError
from medpipe.sources.medlineplus.search_answers import Answer, parse_answer
from tests.places import DATA
from tests.received import bad

TOPIC = (
    '<content name="healthTopic"><health-topic title="X" url="https://medlineplus.gov/x.html" id="1" '
    'language="English" date-created="01/07/2003"><full-summary>&lt;p&gt;An &lt;span class="qt0"&gt;X&lt;/span&gt;.'
    "&lt;/p&gt;</full-summary></health-topic></content>"
)
RESULT = "<nlmSearchResult><term>x</term><count>1</count><list><document url='u'>{}</document></list></nlmSearchResult>"


def _recorded(name: str) -> Answer:
    path = DATA / "synthetic" / name
    if not path.exists():
        pytest.skip(f"no recorded data (synthetic/{name}) beside the checkout")
    return parse_answer(path.read_bytes(), name, 20260106)


@pytest.mark.parametrize("name", ["wsearch_topic.xml", "wsearch_all.xml"])
def test_a_hit_is_the_topic_of_the_file(name: str) -> None:
    answer = _recorded(name)
    assert (answer.term, answer.total, answer.listed, answer.file, answer.server) == (
        "sample",
        1,
        1,
        "viv_SYNTH",
        "pvlb7srch16",
    )
    (topic,) = answer.topics
    assert (topic.id, topic.revision, topic.mesh, topic.groups, topic.counterpart) == (
        "mplus:900001",
        20260106,
        ("Synthetic Disease",),
        ("Symptoms",),
        "mplus:900002",
    )
    assert topic.sections[0].text.startswith("Sample fever is a made-up condition related to sample diabetes and")


def test_no_hits_are_no_topics() -> None:
    assert _recorded("wsearch_zero.xml") == Answer("zzzz", 0, 0, "", "", ())


def test_highlights_leave_only_the_words() -> None:
    assert parse_answer(RESULT.format(TOPIC).encode(), "here", 1).topics[0].sections[0].text == "An X."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<html><body><h1>Sorry</h1></body></html>", r"here: no search result \(html: Sorry\)"),
        ("<nlmSearchResult><error>Unknown db</error></nlmSearchResult>", "here: no search result .*Unknown db"),
        (RESULT.format(TOPIC)[:200], "here"),
        ("", "here"),
    ],
)
def test_what_is_no_answer_is_named(body: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse_answer(body.encode(), "here", 1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (RESULT.format('<content name="title">X</content>'), "here, hit 1: a hit without its topic"),
        (RESULT.format(TOPIC.replace(' id="1"', "")), "here, topic 1: no id or no title"),
        (
            "<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>" + RESULT.format(TOPIC.replace("An ", "&x; ")),
            "here, topic 1: uses an entity",
        ),
    ],
)
def test_a_hit_that_cannot_be_read_is_named(body: str, message: str) -> None:
    [said] = bad(parse_answer(body.encode(), "here", 1).topics)
    assert said.startswith(message)
