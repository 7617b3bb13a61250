"""E-utilities' limits, on a small server that keeps them: caps, pages, ids that go missing, keys that errors repeat."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from pydantic import SecretStr
from urllib3.util import retry

from medpipe.core.corpus.bad_record import BadRecord
from medpipe.core.corpus.document import Document
from medpipe.errors import SourceError
from medpipe.sources.pubmed import eutils_source as eutils
from medpipe.sources.pubmed.eutils_source import EutilsSource
from tests.served import served

FIRST = date(2026, 3, 1)
CAP = 99
RANGE = re.compile(r"([\d/]+):([\d/]+)\[(mdat|crdt)\]")
RECORD = (
    '<PubmedArticle><MedlineCitation><PMID Version="1">{n}</PMID><Article><Journal><JournalIssue><PubDate><Year>2026'
    "</Year></PubDate></JournalIssue></Journal><ArticleTitle>T</ArticleTitle></Article></MedlineCitation></PubmedArticle>"
)


class Server(ThreadingHTTPServer):
    """A PubMed in which `daily` records are modified each day, numbered on from 1000.

    `created`: number → day of records that came then and that say they were last modified long before.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.daily = 40
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.created: dict[int, date] = {}
        self.lost: set[int] = set()
        self.refusals: list[tuple[int, dict[str, str], bytes]] = []
        self.searches: list[list[int]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def numbers(self, arguments: dict[str, str]) -> list[int]:
        """Every number that a search by days finds."""
        searched = {
            field: (date.fromisoformat(first.replace("/", "-")), date.fromisoformat(last.replace("/", "-")))
            for first, last, field in RANGE.findall(arguments["term"])
        }
        first, last = ((day - FIRST).days for day in searched["mdat"])
        modified = range(1000 + first * self.daily, 1000 + (last + 1) * self.daily)
        begin, end = searched.get("crdt", (date.max, date.min))
        return sorted({*modified, *(number for number, day in self.created.items() if begin <= day <= end)})


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        arguments = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        program = self.path.strip("/")
        self.server.asked.append((program, self.path, arguments))
        if self.server.refusals:
            self._answer(*self.server.refusals.pop(0))
        elif program == "esearch.fcgi":
            self._answer(200, {}, json.dumps({"esearchresult": self._search(arguments)}).encode())
        else:
            self._answer(200, {}, self._fetch(arguments))

    def _search(self, arguments: dict[str, str]) -> dict[str, object]:
        numbers = self.server.numbers(arguments)
        self.server.searches.append(numbers)
        shown = numbers[: min(CAP, int(arguments["retmax"]))]
        return {
            "count": str(len(numbers)),
            "idlist": [*map(str, shown)],
            "querykey": str(len(self.server.searches)),
            "webenv": "MCID_1",
        }

    def _fetch(self, arguments: dict[str, str]) -> bytes:
        if "id" in arguments:
            wanted = [int(number) for number in arguments["id"].split(",")]
        else:
            first, most = int(arguments["retstart"]), int(arguments["retmax"])
            if first + most > CAP + most:
                return b"<eFetchResult><ERROR>Search backend cannot retrieve history data</ERROR></eFetchResult>"
            wanted = self.server.searches[int(arguments["query_key"]) - 1][first : first + most]
        records = [RECORD.format(n=number) for number in wanted if number not in self.server.lost]
        return f"<PubmedArticleSet>{''.join(records)}</PubmedArticleSet>".encode()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server, a source with its cap, and a pace that does not wait."""
    monkeypatch.setattr(eutils, "_CAP", CAP)
    monkeypatch.setattr(eutils, "_BATCH", 20)
    monkeypatch.setattr("medpipe.sources.transport.pace.time.sleep", lambda seconds: None)
    with served(Server()) as serving:
        yield serving


def _source(server: Server, folder: Path, key: str | None = None) -> EutilsSource:
    return EutilsSource(server.address, "me@example.org", SecretStr(key) if key else None, folder)


def _numbers(source: EutilsSource, days: int, ids: tuple[str, ...] = ()) -> list[int]:
    documents = source.pull(FIRST, FIRST + timedelta(days=days), ids)
    return [int(document.id.removeprefix("pmid:")) for document in documents]


def test_a_window_is_halved_until_every_search_shows_all_that_it_finds(server: Server, tmp_path: Path) -> None:
    assert _numbers(_source(server, tmp_path), 11) == list(range(1000, 1000 + 11 * 40))
    reachable = [numbers for numbers in server.searches if len(numbers) <= CAP]
    assert len(server.searches) > len(reachable) > 4
    assert sorted(number for numbers in reachable for number in numbers) == list(range(1000, 1000 + 11 * 40))


def test_a_window_that_fits_is_searched_once_and_read_by_the_page(server: Server, tmp_path: Path) -> None:
    assert len(_numbers(_source(server, tmp_path), 2)) == 80
    programs = [program for program, _, _ in server.asked]
    assert programs == ["esearch.fcgi", *["efetch.fcgi"] * 4]


def test_a_record_that_is_new_and_says_that_it_was_modified_long_ago_is_found(server: Server, tmp_path: Path) -> None:
    server.created = {7: FIRST, 8: FIRST + timedelta(days=5)}
    assert _numbers(_source(server, tmp_path), 1) == [7, *range(1000, 1040)]


def test_a_record_that_was_created_in_one_half_of_a_window_and_modified_in_the_other_comes_once(
    server: Server, tmp_path: Path
) -> None:
    server.created = {1040: FIRST}
    received = list(_source(server, tmp_path).pull(FIRST, FIRST + timedelta(days=4)))
    assert len(server.searches) > 2
    assert sorted(record.id for record in received) == [f"pmid:{number}" for number in range(1000, 1160)]
    assert {record.revision for record in received if isinstance(record, Document)} == {20260304_999999}, (
        "a half has the revision of the whole window"
    )


def test_what_a_page_leaves_out_is_requested_by_id_and_then_reported(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.lost = {1003, 1007}
    with caplog.at_level(logging.WARNING):
        assert set(range(1000, 1040)) - set(_numbers(_source(server, tmp_path), 1)) == {1003, 1007}
    assert [arguments["id"] for _, _, arguments in server.asked if "id" in arguments] == ["1003,1007"]
    assert "in a search's result but not given: ['1003', '1007']" in caplog.text


def test_many_ids_go_in_the_bodies_of_posts_each_with_tool_and_email(server: Server, tmp_path: Path) -> None:
    ids = tuple(f"pmid:{number}" for number in range(1000, 1050))
    assert _numbers(_source(server, tmp_path, "KEY-0815"), 1, ids) == list(range(1000, 1050))
    assert [len(arguments["id"].split(",")) for _, _, arguments in server.asked] == [20, 20, 10]
    for _, path, arguments in server.asked:
        assert path == "/efetch.fcgi"
        assert (arguments["tool"], arguments["email"]) == ("medpipe", "me@example.org")
        assert arguments["api_key"] == "KEY-0815"


def test_the_pace_is_three_a_second_and_ten_with_a_key(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paces = list[float]()
    monkeypatch.setattr(eutils, "Pace", lambda folder, per_second: paces.append(per_second))
    _source(server, tmp_path)
    _source(server, tmp_path, "KEY-0815")
    assert paces == [3, 10]


def test_processes_of_one_machine_keep_one_pace(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from medpipe.sources.transport.pace import Pace\n"
        f"p = Pace(Path({str(tmp_path)!r}), 50)\n"
    )
    began = time.time()
    running = [subprocess.Popen([sys.executable, "-c", code + "for _ in range(8): p.wait()"]) for _ in range(3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    next_turn = float((tmp_path / "next-turn").read_text())
    assert next_turn - began >= 24 / 50, "each of the 24 turns moved the next one on"


def test_a_server_that_names_a_time_to_wait_is_given_it(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = list[float]()
    monkeypatch.setattr(retry.time, "sleep", waited.append)
    server.refusals = [(429, {"Retry-After": "7"}, b'{"error":"API rate limit exceeded","api-key":"1.2.3.4"}')]
    assert len(_numbers(_source(server, tmp_path), 1)) == 40
    assert 7 in waited


@pytest.mark.parametrize("status", [200, 400, 414])
def test_no_error_shows_the_key(status: int, server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server.refusals = [(status, {}, b"<ERROR>bad request, api_key=KEY-0815</ERROR>")] * 2
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceError, match=r"api_key=\*\*\*") as caught:
        _numbers(_source(server, tmp_path, "KEY-0815"), 1, ("1000",))
    assert "KEY-0815" not in caplog.text + str(caught.value) + repr(caught.value.__context__)


def test_a_connection_that_breaks_shows_neither_key_nor_address_of_a_person(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry.time, "sleep", lambda seconds: None)
    source = EutilsSource("http://127.0.0.1:9", "me@example.org", "KEY-0815", tmp_path)
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceError, match=r"127\.0\.0\.1:9/efetch\.fcgi") as caught:
        list(source.pull(FIRST, FIRST + timedelta(days=1), ("1000",)))
    shown = caplog.text + str(caught.value) + repr(caught.value.__cause__)
    assert "KEY-0815" not in shown and "me@example.org" not in shown


def test_half_an_answer_is_asked_for_once_more_and_then_named(server: Server, tmp_path: Path) -> None:
    half = f"<PubmedArticleSet>{RECORD.format(n=1000)}{RECORD.format(n=1001)[:90]}".encode()
    server.refusals = [(200, {}, half)]
    assert _numbers(_source(server, tmp_path), 1, ("1000", "1001")) == [1000, 1001]
    server.refusals = [(200, {}, half)] * 2
    with pytest.raises(SourceError, match=r"efetch\.fcgi \(2 ids from 1000\): broken after 1 whole records"):
        _numbers(_source(server, tmp_path), 1, ("1000", "1001"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>busy</html>",
        b"[]",
        b'{"esearchresult":{"ERROR":"Invalid db"}}',
        b'{"esearchresult":{"count":"1"}}',
        b'{"error":"API rate limit exceeded"}',
    ],
)
def test_a_search_answer_of_another_shape_is_an_error_with_its_days(
    body: bytes, server: Server, tmp_path: Path
) -> None:
    server.refusals = [(200, {}, body)]
    with pytest.raises(SourceError, match=r"esearch\.fcgi, 2026-03-01 to 2026-03-02: .*; try again later"):
        _numbers(_source(server, tmp_path), 2)


def test_a_bad_record_that_both_halves_of_a_window_find_counts_once_and_one_without_an_id_every_time() -> None:
    known, nameless = (
        BadRecord(source="eutils", file="efetch", place="1", reason="no title", id=id) for id in ("pmid:1", "")
    )
    assert [*eutils._distinct([known, nameless, known, nameless])] == [known, nameless, nameless]
