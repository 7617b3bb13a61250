"""The small NLM: NLM's formats, limits and errors, and equal bytes for equal seeds."""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from lxml import etree

from medpipe.sandbox.nlm import citation_files, older, topic_files
from medpipe.sandbox.nlm.calendar import Calendar
from medpipe.sandbox.nlm.eutilities import Eutilities
from medpipe.sandbox.nlm.site import Site
from medpipe.sandbox.world import DAYS, World
from tests.contract.nlm_server import running
from tests.places import DATA

FILES = [
    "/xml.html",
    "/xml/mplus_topics_2026-03-03.xml",
    "/xml/mplus_topics_compressed_2026-03-03.zip",
    "/xml/mplus_topic_groups_2026-03-03.xml",
    "/download/ghr-summaries.xml",
    "/pubmed/baseline/",
    "/pubmed/baseline/pubmed26n0001.xml.gz",
    "/pubmed/baseline/pubmed26n0001.xml.gz.md5",
    "/pubmed/updatefiles/",
    "/pubmed/updatefiles/pubmed26n1335.xml.gz",
    "/pubmed/updatefiles/pubmed26n1335.xml.gz.md5",
    "/pubmed/updatefiles/pubmed26n1335_stats.html",
]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(World(17), Calendar(tmp_path / "calendar.json"))


def _eutilities() -> Eutilities:
    return Eutilities(World(17), Calendar())


@pytest.mark.parametrize("path", FILES)
def test_equal_seeds_publish_equal_bytes(path: str, site: Site) -> None:
    reply = site.answer(path, {}, "")
    assert reply.status == 200 and reply.body
    assert reply.body == Site(World(17), Calendar()).answer(path, {}, "").body


def test_citations_are_valid_by_nlms_dtd() -> None:
    dtd = DATA / "dtd" / "pubmed_250101.dtd"
    if not dtd.exists():
        pytest.skip("no DTD beside the checkout (dtd/pubmed_250101.dtd)")
    world = World(17)
    for day in DAYS:
        tree = etree.fromstring(citation_files.article_set(world.articles(day)).encode())
        rules = etree.DTD(str(dtd))
        assert rules.validate(tree), rules.error_log


def test_the_zip_holds_the_same_topics_as_the_plain_file(site: Site) -> None:
    plain = site.answer("/xml/mplus_topics_2026-03-03.xml", {}, "").body
    packed = site.answer("/xml/mplus_topics_compressed_2026-03-03.zip", {}, "").body
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.read("mplus_topics_2026-03-03.xml") == plain


def test_topics_pair_the_languages_by_id(site: Site) -> None:
    tree = etree.fromstring(site.answer("/xml/mplus_topics_2026-03-03.xml", {}, "").body)
    pairs = {topic.get("id"): topic.find("language-mapped-topic") for topic in tree}
    mapped = {name: other.get("id") for name, other in pairs.items() if other is not None}
    assert mapped and all(mapped[other] == name for name, other in mapped.items())
    assert tree.get("total") == str(len(tree))


def _search(site: Site, **arguments: str) -> etree._Element:
    return etree.fromstring(site.answer("/ws/query", arguments, "203.0.113.9").body)


def test_a_search_answers_in_the_recorded_form(site: Site) -> None:
    path = DATA / "synthetic" / "wsearch_all.xml"
    if not path.exists():
        pytest.skip("no recorded data (synthetic/wsearch_all.xml) beside the checkout")
    recorded, ours = etree.parse(path).getroot(), _search(site, db="healthTopics", term="invented", rettype="all")
    assert [child.tag for child in ours] == [child.tag for child in recorded]
    names = {content.get("name") for content in ours.iter("content")}
    assert names <= {content.get("name") for content in recorded.iter("content")}
    assert {"title", "healthTopic"} <= names and ours.find("list/document/content/health-topic") is not None


def test_a_search_is_continued_by_its_file_and_server(site: Site) -> None:
    first = _search(site, db="healthTopics", term="invented", retmax="2")
    place = {tag: first.findtext(tag) or "" for tag in ("file", "server")}
    second = _search(site, **place, retstart="2", retmax="2")
    assert second.findtext("term") == "invented" and second.findtext("count") == first.findtext("count")
    assert [hit.get("rank") for page in (first, second) for hit in page.iter("document")] == ["0", "1", "2", "3"]


def test_a_search_without_hits_has_no_list(site: Site) -> None:
    assert [child.tag for child in _search(site, db="healthTopicsSpanish", term="zzzz")] == ["term", "count"]


def test_a_search_marks_the_words_of_its_term(site: Site) -> None:
    snippet = _search(site, db="healthTopics", term="treated").findtext("list/document/content[@name='FullSummary']")
    assert '<span class="qt0">treated</span>' in (snippet or "")


def test_the_86th_search_in_a_minute_is_one_too_many(site: Site) -> None:
    query = {"db": "healthTopics", "term": "zzzz"}
    statuses = [site.answer("/ws/query", query, "203.0.113.8").status for _ in range(86)]
    assert statuses == [200] * 85 + [429]
    assert site.answer("/ws/query", query, "203.0.113.9").status == 200, "the limit is for each address"


def test_the_baseline_contains_a_record_in_two_versions(site: Site) -> None:
    packed = site.answer("/pubmed/baseline/pubmed26n0001.xml.gz", {}, "").body
    pmids = etree.fromstring(gzip.decompress(packed)).iterfind("PubmedArticle/MedlineCitation/PMID")
    assert [(pmid.text, pmid.get("Version")) for pmid in pmids][-2:] == [("98000003", "1"), ("98000003", "2")]


def test_a_book_and_the_baseline_are_valid_by_nlms_dtd(site: Site) -> None:
    dtd = DATA / "dtd" / "pubmed_250101.dtd"
    if not dtd.exists():
        pytest.skip("no DTD beside the checkout (dtd/pubmed_250101.dtd)")
    rules = etree.DTD(str(dtd))
    baseline = gzip.decompress(site.answer("/pubmed/baseline/pubmed26n0001.xml.gz", {}, "").body)
    for body in (baseline, citation_files.article_set([], books=[older.book()]).encode()):
        assert rules.validate(etree.fromstring(body)), rules.error_log


def test_the_genetics_file_names_each_page_once_and_has_a_date(site: Site) -> None:
    reply = site.answer("/download/ghr-summaries.xml", {}, "")
    pages = [page.text for page in etree.fromstring(reply.body).iterfind("*/ghr-page")]
    assert len(pages) == len(set(pages)) == 12
    assert reply.headers["Last-Modified"] == "Tue, 03 Mar 2026 07:30:00 GMT"


@pytest.mark.parametrize(
    ("kind", "path", "body"),
    [
        ("empty", "/xml.html", b""),
        ("error-body", "/xml.html", b"under maintenance"),
        ("no-links", "/xml.html", b"<li>, , </li>"),
        ("wrong-encoding", "/xml/mplus_topics_2026-03-03.xml", "¿Qué".encode("latin-1")),
    ],
)
def test_a_fault_happens_as_often_as_ordered_with_status_200(kind: str, path: str, body: bytes, site: Site) -> None:
    right = site.answer(path, {}, "")
    site.steer("/_sandbox/misbehave", json.dumps({"path": path, "kind": kind}).encode())
    spoilt = site.answer(path, {}, "")
    assert spoilt.status == 200 and body in spoilt.body and spoilt.body != right.body
    assert site.answer(path, {}, "") == right


@pytest.mark.parametrize("header", ["If-None-Match", "If-Modified-Since"])
def test_a_file_that_the_client_has_is_not_sent_again(header: str, tmp_path: Path) -> None:
    with running(tmp_path / "calendar.json") as nlm:
        url = f"{nlm.url}/download/ghr-summaries.xml"
        with urlopen(url, timeout=10) as first:
            values = {"If-None-Match": first.headers["ETag"], "If-Modified-Since": first.headers["Last-Modified"]}
        with pytest.raises(HTTPError, match="304"):
            urlopen(Request(url, headers={header: values[header]}), timeout=10)


def test_files_of_the_second_day_appear_on_that_day_and_stay_after_a_restart(tmp_path: Path) -> None:
    calendar = tmp_path / "calendar.json"
    site = Site(World(17), Calendar(calendar))
    path = f"/pubmed/updatefiles/{citation_files.file_name(2)}"
    assert site.answer(path, {}, "").status == 404
    assert site.steer("/_sandbox/day", b'{"day": 2}').status == 200
    assert site.answer(path, {}, "").status == 200
    assert Site(World(17), Calendar(calendar)).answer(path, {}, "").status == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/_sandbox/day", b'{"day": 9}'),
        ("/_sandbox/day", b"x"),
        ("/_sandbox/misbehave", b'{"path": "/", "kind": "explode"}'),
    ],
)
def test_a_wrong_command_is_refused(site: Site, path: str, body: bytes) -> None:
    assert site.steer(path, body).status == 422


def test_the_fourth_request_in_a_second_is_one_too_many_without_a_key() -> None:
    eutilities = _eutilities()
    replies = [eutilities.answer("einfo.fcgi", {}, "203.0.113.7") for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429]
    assert replies[-1].headers["Retry-After"] == "2"
    assert json.loads(replies[-1].body)["api-key"] == "203.0.113.7"


def test_a_search_beyond_record_9998_is_an_error_with_status_200() -> None:
    reply = _eutilities().answer("esearch.fcgi", {"term": "all[sb]", "retstart": "9999", "retmode": "json"}, "")
    assert reply.status == 200 and "cannot be larger than 9998" in json.loads(reply.body)["esearchresult"]["ERROR"]


def test_a_history_that_does_not_exist_is_an_error_with_status_200() -> None:
    reply = _eutilities().answer("efetch.fcgi", {"WebEnv": "MCID_x", "query_key": "1"}, "")
    assert reply.status == 200 and b"cannot retrieve history data" in reply.body


def test_malformed_ids_are_refused_and_unknown_ones_dropped() -> None:
    eutilities = _eutilities()
    assert eutilities.answer("efetch.fcgi", {"id": "x1"}, "").status == 400
    articles = etree.fromstring(eutilities.answer("efetch.fcgi", {"id": "99000001,98999999"}, "").body)
    assert [pmid.text for pmid in articles.iterfind("PubmedArticle/MedlineCitation/PMID")] == ["99000001"]


def test_a_summary_of_more_than_500_ids_is_an_error_with_status_200() -> None:
    reply = _eutilities().answer("esummary.fcgi", {"id": ",".join(map(str, range(1, 502)))}, "")
    assert reply.status == 200 and "Too many UIDs" in json.loads(reply.body)["error"]


def test_the_update_file_does_not_contain_the_time_of_its_packing() -> None:
    packed = citation_files.gzipped("<x/>")
    assert packed[4:8] == bytes(4) and gzip.decompress(packed) == b"<x/>"


def test_groups_of_a_day_are_listed_once() -> None:
    tree = etree.fromstring(topic_files.groups_xml(World(17).topics(1), DAYS[1]))
    assert len(tree) == int(tree.get("total") or 0) == len({group.get("id") for group in tree})


@pytest.mark.parametrize("path", ["/<script>alert(1)</script>", "/pubmed/updatefiles/<b>"])
def test_a_path_is_escaped_in_the_page_that_says_it_is_missing(path: str, site: Site) -> None:
    reply = site.answer(path, {}, "")
    assert reply.status == 404
    assert b"404 Not Found: /" in reply.body
    assert path.encode() not in reply.body


def test_the_index_has_the_columns_of_an_apache_index(site: Site) -> None:
    lines = site.answer("/pubmed/updatefiles/", {}, "").body.decode().splitlines()
    assert lines[0].startswith('<html><body><pre><a href="README.txt">README.txt</a>')
    row = re.fullmatch(r'<a href="(\S+)">\1</a> +2026-03-03 14:05  (\d+)', lines[1])
    assert row is not None
    assert row[1] == "pubmed26n1335.xml.gz"
    assert int(row[2]) == len(site.answer(f"/pubmed/updatefiles/{row[1]}", {}, "").body)
    assert lines[-1] == "</pre></body></html>"
