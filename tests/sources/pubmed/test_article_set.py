"""The fast way through a citation file and the careful one give the same documents, and the same errors."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus.bad_record import BadRecord
from medpipe.core.corpus.document import Document
from medpipe.errors import SourceError
from medpipe.sources.pubmed import article_set
from medpipe.sources.pubmed.citations import parse_citations
from tests.places import DATA

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD" "https://x/x.dtd">\n'


def _record(number: int, title: str = "T.", before: str = "", after: str = "") -> str:
    return (
        f'<PubmedArticle>\n <MedlineCitation Status="MEDLINE"><PMID Version="1">{number}</PMID><Article><Journal>'
        f"<JournalIssue><PubDate><Year>2026</Year></PubDate></JournalIssue></Journal>{before}<ArticleTitle>{title}"
        '</ArticleTitle><AuthorList CompleteYN="Y"><Author><LastName>A</LastName></Author></AuthorList>'
        "</Article></MedlineCitation>"
        f"<PubmedData>{after}<ArticleIdList><ArticleId>1</ArticleId></ArticleIdList></PubmedData></PubmedArticle>\n"
    )


def _file(*records: str, head: str = HEAD) -> bytes:
    return f"{head}<PubmedArticleSet>\n{''.join(records)}</PubmedArticleSet>".encode()


def _fast(body: bytes) -> list[Document] | str:
    return _outcome(parse_citations(io.BytesIO(body), "file.xml", 1))


def _careful(body: bytes, monkeypatch: pytest.MonkeyPatch) -> list[Document] | str:
    with monkeypatch.context() as patched:
        patched.setattr(article_set, "_plain", lambda block: None)
        return _outcome(parse_citations(io.BytesIO(body), "file.xml", 1))


def _outcome(documents: Iterator[Document]) -> list[Document] | str:
    try:
        return list(documents)
    except SourceError as error:
        return str(error)


@pytest.mark.parametrize(
    "path",
    sorted(DATA.glob("pubmed_xml/**/*.xml*")) + sorted(DATA.glob("synthetic/pubmed*.gz")),
    ids=lambda path: path.name,
)
def test_real_files_read_the_same_both_ways(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if path.suffix == ".md5":
        pytest.skip("a check sum")
    body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    fast = _fast(body)
    assert fast == _careful(body, monkeypatch)
    assert isinstance(fast, list) and fast


def test_there_is_real_data_to_compare() -> None:
    if not DATA.exists():
        pytest.skip("no recorded data beside the checkout")
    assert len(list(DATA.glob("pubmed_xml/**/*.xml*"))) > 100


MARKUP = st.sampled_from(
    [
        "",
        " ",
        "T",
        "<i>x</i>",
        "é&amp;",
        "<!-- </ArticleTitle> -->",
        "<![CDATA[</PubmedArticle><PubmedData>]]>",
        "<?a b?>",
        "&#60;AuthorList&#62;",
        "!?",
        "<PubmedData/>",
        '<AuthorList CompleteYN="Y"/>',
        "</AuthorList>",
        "<sup>2",
        "&x;",
        "<PubmedArticle>",
        "</PubmedArticle>",
        "</PubmedData>",
        "<ChemicalList>",
        "</ChemicalList>",
        "<ArticleIdList><ArticleId>doi</ArticleId><ArticleId IdType='doi'>10.1/a</ArticleId></ArticleIdList>",
    ]
)
PIECES = st.tuples(MARKUP, MARKUP, MARKUP)
BETWEEN = st.sampled_from(
    ["", "\n", "<!-- x -->", "word", '<DeleteCitation><PMID Version="1">9</PMID></DeleteCitation>', "<New/>"]
)
"""Valid and broken: a comment with end tags in it, elements where they do not belong, tags that never close."""


@given(st.lists(st.tuples(PIECES, BETWEEN), min_size=1, max_size=4), st.integers(0, 400))
def test_whatever_stands_in_a_file_is_read_the_same_or_refused(
    made: list[tuple[tuple[str, str, str], str]], cut: int
) -> None:
    records = [_record(number, *pieces) + between for number, (pieces, between) in enumerate(made, start=1)]
    body = _file(*records)
    body = body[: len(body) - cut] if cut > 300 else body
    with pytest.MonkeyPatch.context() as patch:
        fast, careful = _fast(body), _careful(body, patch)
    # Where only an unread part is at fault, the fast way may read what the careful one refuses.
    if isinstance(careful, list):
        assert isinstance(fast, list)
        for quickly, carefully in zip(fast, careful, strict=True):
            assert quickly == carefully or isinstance(carefully, BadRecord)
    else:
        deleted = sum(between.startswith("<Delete") for _, between in made)
        assert isinstance(fast, str) or len(fast) == len(made) + deleted


@pytest.mark.parametrize("size", [1, 700, 1 << 19])
def test_blocks_of_any_size_give_the_same(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    body = _file(*(_record(number) for number in range(1, 40)))
    monkeypatch.setattr(article_set, "_BLOCK", size)
    fast = _fast(body)
    assert isinstance(fast, list)
    assert [document.id for document in fast] == [f"pmid:{number}" for number in range(1, 40)]


LATIN = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'


@pytest.mark.parametrize("head", [LATIN, "", "\n", "<!DOCTYPE PubmedArticleSet [\n]>"])
def test_files_with_an_unusual_head_are_read(head: str) -> None:
    body = _file(_record(1, title="Caf\u00e9"), head=head)
    body = body.decode().encode("latin-1") if head == LATIN else body
    fast = _fast(body.lstrip())
    assert isinstance(fast, list)
    assert fast[0].title == "Caf\u00e9"


def test_a_cut_file_says_how_many_records_came_before(monkeypatch: pytest.MonkeyPatch) -> None:
    body = _file(*(_record(number) for number in range(1, 200)))
    for length in (len(body) - 5, len(body) // 2):
        message = _fast(body[:length])
        assert isinstance(message, str)
        assert message.startswith("file.xml: broken after ") and message == _careful(body[:length], monkeypatch)
