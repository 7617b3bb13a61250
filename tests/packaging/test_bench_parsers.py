"""The comparison of parsers: it finds what differs, and the record's XML says who is right."""

from __future__ import annotations

import pytest
from lxml import etree

from bench import parsers, parsers_markup
from bench.parsers_readers import Read
from bench.parsers_rules import EQUAL, NEITHER, OURS, TASTE, THEIRS, kind_of

RECORD = """<PubmedArticle><MedlineCitation><PMID Version="1">99000001</PMID><Article><Journal><JournalIssue><PubDate>
<Year>2020</Year><Month>Mar</Month></PubDate></JournalIssue><Title>A Journal</Title></Journal>
<ArticleTitle>[RETRACTED: Of 10<sup>3</sup> hearts.]</ArticleTitle><ELocationID EIdType="doi">10.1/A</ELocationID>
<Abstract><AbstractText Label="AIMS" NlmCategory="OBJECTIVE">To <i>see</i>.</AbstractText></Abstract>
<ArticleDate><Year>2019</Year><Month>12</Month><Day>31</Day></ArticleDate></Article></MedlineCitation></PubmedArticle>"""


@pytest.mark.parametrize(
    ("field", "ours", "theirs", "kind"),
    [
        ("abstract", "To see.", "To see.", EQUAL),
        ("abstract", "To see.", "To .", OURS),
        ("abstract", "To", "To see.", THEIRS),
        ("abstract", "To", "see.", NEITHER),
        ("title", "Of 10^3 hearts", "RETRACTED: Of 103 hearts", TASTE),
        ("title", "RETRACTED: Of 10^3 hearts", "RETRACTED: Of 103 hearts", TASTE),
        ("title", "hearts", "Of", NEITHER),
        ("title", "Of 103 hearts", "Of 103", OURS),
        ("labels", "OBJECTIVE", "AIMS", TASTE),
        ("labels", "OBJECTIVE", "METHODS", OURS),
        ("dois", "10.1/a", "10.1/b", OURS),
        ("journal", "J.", "A Journal", THEIRS),
        ("published", "2019-12-31", "2019-12", EQUAL),
        ("published", "2019-12-31", "2020-03", TASTE),
        ("published", "2019-12-30", "2020-04", NEITHER),
    ],
)
def test_the_xml_decides_between_two_values(field: str, ours: str, theirs: str, kind: str) -> None:
    assert kind_of(field, etree.fromstring(RECORD), (ours,), (theirs,)) == kind


def test_a_raised_number_may_be_left_out_and_no_word_beside_it() -> None:
    said = parsers_markup.run_of(etree.fromstring("<t>As shown<sup>1,2</sup> before</t>"))
    assert said.written_as("As shown before") and said.written_as("As shown 1,2 before")
    assert not said.written_as("As before") and not said.written_as("As shown and told you 1,2 long before")


def test_a_parser_that_changes_a_text_and_misses_a_deletion_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    body = f"<PubmedArticleSet>{RECORD}<DeleteCitation><PMID>5</PMID></DeleteCitation></PubmedArticleSet>".encode()
    fields = {"PMID": ("99000001",), "abstract": ("To be.",)}
    monkeypatch.setattr(parsers, "PEERS", {"other": lambda body: Read([fields], deleted=frozenset())})
    elements = parsers._records(body)
    assert elements is not None
    assert [*parsers.compared(body, "file.xml", elements)] == [
        ("other", "99000001", "PMID", EQUAL),
        ("other", "99000001", "abstract", OURS),
        ("other", "5", parsers.DELETED, OURS),
    ]


def test_a_parser_that_reads_more_records_than_there_are_gives_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    body = f"<PubmedArticleSet>{RECORD}</PubmedArticleSet>".encode()
    fields = {"PMID": ("99000001",)}
    monkeypatch.setattr(parsers, "PEERS", {"other": lambda body: Read([fields, fields])})
    with pytest.raises(RuntimeError, match="more records than there are"):
        [*parsers.compared(body, "file.xml", parsers._records(body) or [])]
