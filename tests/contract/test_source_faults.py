"""Sources when NLM misbehaves: they repeat after temporary errors, and else stop with an error that names the place."""

from __future__ import annotations

import gzip
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from medpipe.core.corpus.document import Document
from medpipe.errors import SourceError, UsageError
from medpipe.sources.curated.source import CuratedSource
from medpipe.sources.medlineplus.genetics_source import GeneticsSource
from medpipe.sources.medlineplus.search_source import MedlinePlusSearchSource
from medpipe.sources.medlineplus.topics_source import MedlinePlusSource
from medpipe.sources.pubmed.eutils_source import EutilsSource
from medpipe.sources.pubmed.files_source import PubMedSource
from medpipe.sources.transport import safe_xml
from medpipe.sources.transport.pace import Pace
from tests.contract.nlm_server import Nlm, running
from tests.received import bad, documents
from tests.served import served
from tests.sources.transport.web import serving

DAY1, DAY2 = date(2026, 3, 3), date(2026, 3, 4)
TOPICS = "/xml/mplus_topics_2026-03-03.xml"
UPDATE = "/pubmed/updatefiles/pubmed26n1335.xml.gz"
EFETCH, ESEARCH = "/entrez/eutils/efetch.fcgi", "/entrez/eutils/esearch.fcgi"


@pytest.fixture(scope="module")
def nlm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nlm]:
    with running(tmp_path_factory.mktemp("nlm") / "calendar.json") as server:
        yield server


@pytest.fixture
def topics(nlm: Nlm, tmp_path: Path) -> MedlinePlusSource:
    return MedlinePlusSource(nlm.url, tmp_path)


@pytest.fixture
def citations(nlm: Nlm, tmp_path: Path) -> PubMedSource:
    return PubMedSource(f"{nlm.url}/pubmed", tmp_path)


@pytest.fixture
def live(nlm: Nlm, tmp_path: Path) -> EutilsSource:
    return EutilsSource(f"{nlm.url}/entrez/eutils", "test@example.org", None, tmp_path)


@pytest.mark.parametrize("kind", ["429", "500", "cut"])
def test_a_passing_fault_is_not_noticed(
    nlm: Nlm, topics: MedlinePlusSource, citations: PubMedSource, live: EutilsSource, kind: str
) -> None:
    for path in (TOPICS, UPDATE, EFETCH):
        nlm.misbehave(path, kind)
    if kind == "cut":
        nlm.misbehave(EFETCH, "truncated")
    assert len(list(topics.pull(DAY1, DAY2))) == 65
    assert len(list(citations.pull(DAY1, DAY2))) == 20
    assert len(list(live.pull(DAY1, DAY2))) == 20


def test_a_file_that_never_comes_whole_is_an_error_and_leaves_no_file(
    nlm: Nlm, topics: MedlinePlusSource, tmp_path: Path
) -> None:
    nlm.misbehave(TOPICS, "cut", times=3)
    with pytest.raises(SourceError, match=r"mplus_topics_2026-03-03\.xml: broke off 3 times"):
        list(topics.pull(DAY1, DAY2))
    assert not list(tmp_path.rglob("*.part")) + list(tmp_path.rglob("mplus_topics_*.xml"))


def test_a_topic_file_cut_short_by_the_server_is_downloaded_once_more(nlm: Nlm, topics: MedlinePlusSource) -> None:
    nlm.misbehave(TOPICS, "truncated")
    assert len(list(topics.pull(DAY1, DAY2))) == 65


def test_a_topic_file_that_stays_cut_short_is_named_and_the_next_run_completes(
    nlm: Nlm, topics: MedlinePlusSource
) -> None:
    nlm.misbehave(TOPICS, "truncated", times=2)
    with pytest.raises(SourceError, match=r"mplus_topics_2026-03-03\.xml: broken after \d+ whole records"):
        list(topics.pull(DAY1, DAY2))
    assert len(list(topics.pull(DAY1, DAY2))) == 65


Pull = Callable[[], list[Document]]
PAGE, GROUPS, SEARCH = "/xml.html", "/xml/mplus_topic_groups_2026-03-03.xml", "/ws/query"
GENETICS = "/download/ghr-summaries.xml"
NAMES = {TOPICS: r"mplus_topics_2026-03-03\.xml", PAGE: r"xml\.html", SEARCH: "/ws/query", GENETICS: "ghr-summaries"}


@pytest.fixture
def pulls(nlm: Nlm, topics: MedlinePlusSource, tmp_path: Path) -> dict[str, Pull]:
    """For each address that may be at fault, a pull that reads it."""
    genetics = GeneticsSource(f"{nlm.url}{GENETICS}", tmp_path)
    search = MedlinePlusSearchSource(f"{nlm.url}{SEARCH}", "", tmp_path, per_minute=6000)
    return {
        TOPICS: lambda: list(topics.pull(DAY1, DAY2)),
        PAGE: lambda: list(topics.pull(DAY1, DAY2)),
        GROUPS: lambda: list(topics.pull(DAY1, DAY2, ids=["group:Skin"])),
        GENETICS: lambda: list(genetics.pull(DAY1, DAY2)),
        SEARCH: lambda: list(search.pull(DAY1, DAY2, ids=["title:ataxia"])),
    }


@pytest.mark.parametrize("kind", ["500", "cut", "slow"])
@pytest.mark.parametrize("path", [PAGE, GROUPS, GENETICS, SEARCH])
def test_a_passing_fault_of_any_answer_of_medlineplus_is_not_noticed(
    path: str, kind: str, nlm: Nlm, pulls: dict[str, Pull]
) -> None:
    nlm.misbehave(path, kind)
    spoilt = pulls[path]()
    assert spoilt and spoilt == pulls[path]()


@pytest.mark.parametrize("kind", ["empty", "error-body", "truncated"])
@pytest.mark.parametrize("path", [TOPICS, GROUPS, GENETICS, SEARCH])
def test_a_bad_answer_with_status_200_is_asked_for_once_more(
    path: str, kind: str, nlm: Nlm, pulls: dict[str, Pull]
) -> None:
    nlm.misbehave(path, kind)
    assert pulls[path]()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (path, kind)
        for path in (TOPICS, GENETICS, SEARCH)
        for kind in ("empty", "error-body", "truncated", "wrong-encoding")
        if (path, kind) != (GENETICS, "wrong-encoding")  # it is all ASCII
    ]
    + [(PAGE, "no-links"), (PAGE, "error-body"), (PAGE, "empty")],
)
def test_a_bad_answer_that_stays_is_named_and_the_next_run_completes(
    path: str, kind: str, nlm: Nlm, pulls: dict[str, Pull], tmp_path: Path
) -> None:
    nlm.misbehave(path, kind, times=9)
    try:
        if (path, kind) == (SEARCH, "wrong-encoding"):
            pulls[path] = lambda: _spanish(nlm, tmp_path)
        with pytest.raises(SourceError, match=NAMES[path]):
            pulls[path]()
    finally:
        nlm.misbehave(path, kind, times=0)
    assert not list(tmp_path.rglob("*.part")) + list(tmp_path.rglob("*.jsonl"))
    assert pulls[path]()


def _spanish(nlm: Nlm, cache: Path) -> list[Document]:
    return list(MedlinePlusSearchSource(f"{nlm.url}{SEARCH}", "", cache, 6000).pull(DAY1, DAY2, ids=["trata"]))


def test_a_topic_file_that_was_read_is_neither_sent_nor_parsed_again(
    pulls: dict[str, Pull], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = [*pulls[TOPICS](), *pulls[GENETICS]()]

    def unexpected(*_: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr(safe_xml, "records", unexpected)
    assert [*pulls[TOPICS](), *pulls[GENETICS]()] == first


def test_a_search_whose_pages_end_early_is_an_error(tmp_path: Path) -> None:
    with serving() as web:
        web.body, web.etag = b"<nlmSearchResult><term>x</term><count>3</count></nlmSearchResult>", ""
        source = MedlinePlusSearchSource(f"{web.url}/ws/query", "", tmp_path, per_minute=6000)
        with pytest.raises(SourceError, match=r"'x', from 0\): gives no more, after 0 of 3 topics"):
            list(source.pull(DAY1, DAY2, ids=["x"]))


def test_a_folder_without_the_genetics_or_the_group_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has no ghr-summaries file"):
        list(GeneticsSource(str(tmp_path), tmp_path).pull(DAY1, DAY2))
    (tmp_path / "mplus_topics_2026-03-03.xml").write_text(
        '<health-topics><health-topic title="T" id="1" language="English" date-created="01/01/2020" '
        'url="https://medlineplus.gov/t.html"><full-summary>T.</full-summary></health-topic></health-topics>'
    )
    with pytest.raises(SourceError, match=r"mplus_topic_groups_2026-03-03\.xml: is not there"):
        list(MedlinePlusSource(str(tmp_path), tmp_path).pull(DAY1, DAY2, ids=["group:Skin"]))


def test_a_damaged_update_file_is_downloaded_once_more(nlm: Nlm, citations: PubMedSource) -> None:
    nlm.misbehave(UPDATE, "truncated")
    assert len(list(citations.pull(DAY1, DAY2))) == 20


def test_a_wrong_check_sum_that_stays_is_an_error(nlm: Nlm, citations: PubMedSource, tmp_path: Path) -> None:
    nlm.misbehave(f"{UPDATE}.md5", "wrong-md5", times=3)
    with pytest.raises(SourceError, match=r"pubmed26n1335\.xml\.gz: its MD5 is .* twice"):
        list(citations.pull(DAY1, DAY2))
    assert not list(tmp_path.rglob("*.xml.gz"))


def test_a_whole_file_in_the_cache_is_not_downloaded_again(
    nlm: Nlm, citations: PubMedSource, topics: MedlinePlusSource
) -> None:
    first = [*citations.pull(DAY1, DAY2), *topics.pull(DAY1, DAY2)]
    nlm.misbehave(UPDATE, "500", times=20)
    assert [*citations.pull(DAY1, DAY2), *topics.pull(DAY1, DAY2)] == first
    nlm.misbehave(UPDATE, "500", times=0)


def test_an_address_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"http://127\.0\.0\.1:9/xml\.html: no answer"):
        list(MedlinePlusSource("http://127.0.0.1:9", tmp_path).pull(DAY1, DAY2))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no such folder"):
        list(PubMedSource(str(tmp_path / "nowhere"), tmp_path).pull(DAY1, DAY2))


def test_ids_that_pubmed_does_not_give_are_named_and_cost_themselves(live: EutilsSource) -> None:
    received = list(live.pull(DAY1, DAY2, ids=["pmid:99000001", "pmid:98999999"]))
    assert [document.id for document in documents(received)] == ["pmid:99000001"]
    assert "efetch.fcgi, id 98999999: asked for, and PubMed does not give it" in bad(received)[0]
    with pytest.raises(SourceError, match="PubMed has no record 98999999: unknown or deleted"):
        list(live.pull(DAY1, DAY2, ids=["pmid:98999999"]))


def test_ids_that_are_no_pmids_are_refused_before_asking(live: EutilsSource) -> None:
    with pytest.raises(UsageError, match="not PMIDs: mplus:900001"):
        list(live.pull(DAY1, DAY2, ids=["mplus:900001"]))


def test_the_pace_is_kept_by_all_who_share_the_folder(tmp_path: Path) -> None:
    began = time.monotonic()
    threads = [threading.Thread(target=Pace(tmp_path, per_second=20).wait) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began >= 8 / 20 - 0.01


def test_a_cut_gzip_file_in_a_folder_says_how_far_it_could_be_read(tmp_path: Path) -> None:
    record = (
        '<PubmedArticle><MedlineCitation><PMID Version="1">{n}</PMID><Article><Journal><JournalIssue><PubDate>'
        "<Year>2026</Year></PubDate></JournalIssue></Journal><ArticleTitle>T</ArticleTitle></Article>"
        "</MedlineCitation></PubmedArticle>\n"
    )
    text = "<PubmedArticleSet>" + "".join(record.format(n=n) for n in range(1, 20_000)) + "</PubmedArticleSet>"
    content = gzip.compress(text.encode())
    (tmp_path / "pubmed26n1335.xml.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(SourceError, match=r"pubmed26n1335\.xml\.gz: broken after \d+ whole records"):
        list(PubMedSource(str(tmp_path), tmp_path).pull(date(2000, 1, 1), date(2100, 1, 1)))


def test_a_file_in_a_folder_must_have_the_check_sum_beside_it(tmp_path: Path) -> None:
    (tmp_path / "pubmed26n1335.xml").write_text("<PubmedArticleSet/>")
    (tmp_path / "pubmed26n1335.xml.md5").write_text("0" * 32 + "  pubmed26n1335.xml\n")
    with pytest.raises(SourceError, match="its MD5 is not the one in"):
        list(PubMedSource(str(tmp_path), tmp_path).pull(date(2000, 1, 1), date(2100, 1, 1)))


def test_curated_questions_without_an_answer_are_dropped_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "medquad").mkdir()
    (tmp_path / "medquad" / "a.jsonl").write_text(
        '{"doc_id": "a/1", "focus": "X", "qa": [{"question": "What is X?", "answer": "An X."}, '
        '{"question": "What causes X?", "answer": null}]}\n'
    )
    with caplog.at_level(logging.INFO, logger="medpipe.sources.curated.source"):
        documents = list(CuratedSource(tmp_path).pull(DAY1, DAY2))
    assert [section.heading for section in documents[0].sections] == ["What is X?"]
    assert "1 questions without an answer were dropped" in caplog.text


class _Canned(BaseHTTPRequestHandler):
    """Answers every POST with the server's next recorded (status, body)."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.server.answers.pop(0)  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def canned() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), _Canned)
    server.answers = []  # type: ignore[attr-defined]
    with served(server):
        yield server


RECORDED_ERRORS = {
    "history": b"<eFetchResult>\n<ERROR>Search backend cannot retrieve history data.</ERROR>\n</eFetchResult>",
    "limit": b'{"error":"API rate limit exceeded","api-key":"KEY-0815","count":"11","limit":"10"}',
    "repeated": b"<ePostResult><ERROR>one</ERROR><ERROR>two KEY-0815</ERROR></ePostResult>",
    "truncated": b"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID>",
}


@pytest.mark.parametrize("name", RECORDED_ERRORS)
def test_an_error_that_comes_with_status_200_is_an_error_and_shows_no_key(
    name: str, canned: HTTPServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    canned.answers = [(200, RECORDED_ERRORS[name])] * 2  # type: ignore[attr-defined]
    source = EutilsSource(f"http://127.0.0.1:{canned.server_port}", "a@example.org", "KEY-0815", tmp_path)
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceError, match=r"efetch\.fcgi") as caught:
        list(source.pull(DAY1, DAY2, ids=["1"]))
    assert "KEY-0815" not in caplog.text + str(caught.value) + repr(caught.value.__context__)


def test_a_day_with_more_than_a_search_can_show_points_to_the_files(canned: HTTPServer, tmp_path: Path) -> None:
    body = (
        b'{"esearchresult": {"count": "10000", "retmax": "9999", "idlist": ["1"], "querykey": "1", "webenv": "MCID"}}'
    )
    canned.answers = [(200, body)] * 2  # type: ignore[attr-defined]
    source = EutilsSource(f"http://127.0.0.1:{canned.server_port}", "a@example.org", "KEY", tmp_path)
    with pytest.raises(
        SourceError, match=r"10000 records were modified or created on 2026-03-03.*use the source pubmed"
    ):
        list(source.pull(DAY1, date(2026, 3, 5)))


def test_a_heading_taken_for_the_beginning_of_a_curated_answer_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "medquad").mkdir()
    (tmp_path / "medquad" / "a.jsonl").write_text(
        '{"doc_id": "a/1", "focus": "X", "qa": [{"question": "What causes X ?", "answer": "What causes X? A Y does. '
        'Why?"}, {"question": "What is X?", "answer": "What is X?"}]}\n'
    )
    documents = list(CuratedSource(tmp_path).pull(DAY1, DAY2))
    assert [section.text for section in documents[0].sections] == ["A Y does. Why?"]
