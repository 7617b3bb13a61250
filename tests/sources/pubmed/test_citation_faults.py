"""PubMed files that are not what they should be: an error that names file and record, and nothing let in."""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from medpipe.core.corpus.document import Document
from medpipe.errors import SourceError
from medpipe.sources.pubmed.citations import parse_citations
from medpipe.sources.pubmed.files_source import PubMedSource
from tests.received import bad, documents
from tests.served import served

RECORD = (
    '<PubmedArticle><MedlineCitation><PMID Version="1">{n}</PMID><Article><Journal><JournalIssue><PubDate><Year>2026'
    "</Year></PubDate></JournalIssue></Journal><ArticleTitle>{title}</ArticleTitle></Article>{more}</MedlineCitation>"
    "<PubmedData><ArticleIdList/></PubmedData></PubmedArticle>"
)
EVER = date(1990, 1, 1), date(2100, 1, 1)


def _record(n: int | str, title: str = "T", more: str = "") -> str:
    return RECORD.format(n=n, title=title, more=more)


def _read(*parts: str, head: str = "", root: str = "PubmedArticleSet") -> list[Document]:
    body = f"{head}<{root}>{''.join(parts)}</{root}>".encode()
    return list(parse_citations(io.BytesIO(body), "file.xml", 1))


def _pull(folder: Path, content: bytes, name: str = "pubmed26n0001.xml.gz") -> list[Document]:
    (folder / name).write_bytes(content)
    return list(PubMedSource(str(folder), folder).pull(*EVER))


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    for name, content in (("pubmed26n0001.xml", b""), ("pubmed26n0001.xml.gz", gzip.compress(b""))):
        with pytest.raises(SourceError, match=r"pubmed26n0001\.xml.*: broken after 0 whole records"):
            _pull(tmp_path, content, name)
        (tmp_path / name).unlink()


def test_a_set_without_records_is_none() -> None:
    assert _read() == []


def test_a_truncated_archive_or_one_with_flipped_bytes_is_an_error(tmp_path: Path) -> None:
    titles = (hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(1, 9000))
    whole = f"<PubmedArticleSet>{''.join(_record(n, title) for n, title in enumerate(titles, 1))}</PubmedArticleSet>"
    content = gzip.compress(whole.encode())
    middle = len(content) // 2
    flipped = content[:middle] + bytes(60) + content[middle + 60 :]
    for damaged in (content[:middle], flipped, content[:-6], b"no archive"):
        with pytest.raises(SourceError, match=r"pubmed26n0001\.xml\.gz: broken after \d+ whole records"):
            _pull(tmp_path, damaged)


def test_truncated_xml_gives_the_whole_records_and_then_says_how_many(tmp_path: Path) -> None:
    documents = []
    (tmp_path / "pubmed26n0001.xml").write_text(f"<PubmedArticleSet>{_record(1)}{_record(2)}{_record(3)[:80]}")
    with pytest.raises(SourceError, match=r"pubmed26n0001\.xml: broken after 2 whole records"):
        documents.extend(PubMedSource(str(tmp_path), tmp_path).pull(*EVER))


def test_the_wrong_encoding_is_an_error_and_a_declared_one_is_read() -> None:
    latin = f"<PubmedArticleSet>{_record(1)}{_record(2, 'Café')}</PubmedArticleSet>".encode("latin-1")
    with pytest.raises(SourceError, match=r"file\.xml: broken after 1 whole records"):
        list(parse_citations(io.BytesIO(latin), "file.xml", 1))
    declared = b'<?xml version="1.0" encoding="ISO-8859-1"?>' + latin
    assert [document.title for document in parse_citations(io.BytesIO(declared), "file.xml", 1)] == ["T", "Café"]


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize("where", ["title", "attribute", "unread"])
def test_an_entity_bomb_does_not_go_off(where: str) -> None:
    parts = {
        "title": _record(7, "&a11;"),
        "attribute": _record(7, more='<X a="&a11;"/>'),
        "unread": _record(7, more="<X>&a11;</X>"),
    }
    head = f'<!DOCTYPE PubmedArticleSet [<!ENTITY a0 "ha">{BOMB}]>'
    with pytest.raises(SourceError, match=r"file\.xml: broken after 0"):
        _read(parts[where], head=head)


def test_an_external_entity_brings_nothing_in(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    head = f'<!DOCTYPE PubmedArticleSet [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    received = _read(_record(6), _record(7, "Before &x; after"), head=head)
    assert [document.id for document in documents(received)] == ["pmid:6"]
    assert bad(received)[0].startswith("file.xml, record 2: an entity reference (&x;)")


def test_an_external_dtd_is_not_asked_for() -> None:
    head = '<!DOCTYPE PubmedArticleSet SYSTEM "http://127.0.0.1:9/pubmed.dtd">'
    assert [document.id for document in _read(_record(7), head=head)] == ["pmid:7"]


@pytest.mark.parametrize("pmid", ["", "x1", "-5"])
def test_a_record_without_pmid_is_named_by_its_number(pmid: str) -> None:
    received = _read(_record(1), _record(2), _record(pmid))
    assert bad(received) == ["file.xml, record 3: no PMID"] and len(documents(received)) == 2


def test_a_root_of_another_kind_is_named() -> None:
    with pytest.raises(SourceError, match=r"file\.xml: <pmc-articleset> after 0 records, where only PubmedArticleSet"):
        _read("<article/>", root="pmc-articleset")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_new_kind_of_record_is_named(place: int) -> None:
    parts = [_record(1), _record(2)]
    parts.insert(place, "<PubmedPreprint><PMID>3</PMID></PubmedPreprint>")
    with pytest.raises(SourceError, match=r"file\.xml: <PubmedPreprint> after \d records, where only PubmedArticle"):
        _read(*parts)


def test_new_elements_of_a_record_are_counted_and_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        documents = _read(_record(1, more="<AiSummary>s</AiSummary>"), _record(2, more="<AiSummary/>"), _record(3))
    assert len(documents) == 3
    assert [record.getMessage() for record in caplog.records] == [
        "file.xml: not read, since the DTD of 2025 does not have it: AiSummary (in 2 records)"
    ]


def test_comments_and_instructions_are_as_if_they_were_not_there() -> None:
    (document,) = _read(
        "<!-- a -->", _record(7, "Be<!-- </ArticleTitle> -->fore <?x y?>after", more="<!-- b --><?x y?>")
    )
    assert document.title == "Before after"


def test_an_index_page_without_links_is_an_error(tmp_path: Path) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<html><body>We are moving house.</body></html>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with (
        served(HTTPServer(("127.0.0.1", 0), Page)) as server,
        pytest.raises(SourceError, match=r"/pubmed/baseline/: not an index of files"),
    ):
        list(PubMedSource(f"http://127.0.0.1:{server.server_port}/pubmed", tmp_path).pull(*EVER))
