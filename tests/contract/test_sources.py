"""One contract for every source, on the sandbox's server and on recorded real answers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import pytest

from medpipe.core.corpus.document import Document, Status
from medpipe.core.corpus.merge import newer
from medpipe.errors import NotFound, UsageError
from medpipe.ports import Source
from medpipe.sources.curated.source import CuratedSource
from medpipe.sources.medlineplus.genetics_source import GeneticsSource
from medpipe.sources.medlineplus.search_source import MedlinePlusSearchSource
from medpipe.sources.medlineplus.topics_source import MedlinePlusSource
from medpipe.sources.pubmed.eutils_source import EutilsSource
from medpipe.sources.pubmed.files_source import PubMedSource
from tests.contract.nlm_server import Nlm, running
from tests.places import DATA

EVER = (date(1990, 1, 1), date(2100, 1, 1))
DAY1, DAY2, AFTER = date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 5)


class Case(NamedTuple):
    """A source, a window in which it has documents, and their number (None: not checked)."""

    source: Source
    window: tuple[date, date]
    documents: int | None = None
    dated: bool = True
    """Whether a window before everything is empty."""
    terms: tuple[str, ...] = ()
    """What a pull must be asked for, beside ids; a search cannot give everything."""

    def pull(self, ids: Sequence[str] = ()) -> list[Document]:
        return list(self.source.pull(*self.window, ids=(*self.terms, *ids)))


@pytest.fixture(scope="module")
def nlm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nlm]:
    with running(tmp_path_factory.mktemp("nlm") / "calendar.json") as server:
        server.day(2)
        yield server


def _real(*parts: str) -> Path:
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no recorded data ({'/'.join(parts)}) beside the checkout")
    return path


def _copied(folder: Path, pattern: str, to: Path) -> str:
    to.mkdir()
    for path in sorted(folder.glob(pattern)):
        shutil.copy2(path, to)
    return str(to)


CASES: dict[str, Callable[[Nlm, Path], Case]] = {
    "sandbox-medlineplus": lambda nlm, tmp: Case(MedlinePlusSource(nlm.url, tmp), (DAY2, AFTER)),
    "sandbox-medlineplus-search": lambda nlm, tmp: Case(
        MedlinePlusSearchSource(f"{nlm.url}/ws/query", "test@example.org", tmp, per_minute=6000, page=40),
        (DAY2, AFTER),
        dated=False,
        terms=("invented",),
    ),
    "sandbox-genetics": lambda nlm, tmp: Case(
        GeneticsSource(f"{nlm.url}/download/ghr-summaries.xml", tmp), (DAY1, DAY2), 12
    ),
    "sandbox-pubmed-baseline": lambda nlm, tmp: Case(
        PubMedSource(f"{nlm.url}/pubmed", tmp), (date(2026, 1, 8), date(2026, 1, 9))
    ),
    "sandbox-pubmed": lambda nlm, tmp: Case(PubMedSource(f"{nlm.url}/pubmed", tmp), (DAY1, AFTER)),
    "sandbox-eutils": lambda nlm, tmp: Case(
        EutilsSource(f"{nlm.url}/entrez/eutils", "test@example.org", None, tmp), (DAY1, AFTER)
    ),
    "real-medlineplus-2012": lambda nlm, tmp: Case(
        MedlinePlusSource(str(_real("medlineplus_xml")), tmp), (date(2012, 7, 21), date(2012, 7, 22)), 2
    ),
    "real-medlineplus-2025": lambda nlm, tmp: Case(
        MedlinePlusSource(_real("medlineplus_xml").as_uri(), tmp), (date(2025, 3, 4), date(2025, 3, 5)), 6
    ),
    "real-medlineplus-derived": lambda nlm, tmp: Case(
        MedlinePlusSource(str(_real("medlineplus_xml")), tmp), (date(2014, 1, 1), date(2014, 1, 2)), 562
    ),
    "synthetic-medlineplus": lambda nlm, tmp: Case(
        MedlinePlusSource(_copied(_real("synthetic"), "mplus_topics_*", tmp / "files"), tmp),
        (date(2026, 1, 6), date(2026, 1, 8)),
        3,
    ),
    "synthetic-medlineplus-search": lambda nlm, tmp: Case(
        MedlinePlusSearchSource(str(_real("synthetic")), "", tmp), EVER, 1, dated=False, terms=("sample",)
    ),
    "synthetic-genetics": lambda nlm, tmp: Case(GeneticsSource(str(_real("synthetic")), tmp), EVER, 2),
    "real-pubmed-files": lambda nlm, tmp: Case(PubMedSource(str(_real("pubmed_xml")), tmp), EVER, 10 + 10 + 23 + 211),
    "synthetic-pubmed-files": lambda nlm, tmp: Case(
        PubMedSource(_copied(_real("synthetic"), "pubmed26n*", tmp / "files"), tmp), EVER
    ),
    "real-efetch-answers": lambda nlm, tmp: Case(
        EutilsSource(str(_real("pubmed_xml", "efetch_single")), "", None, tmp), EVER, 102
    ),
    "real-medquad": lambda nlm, tmp: Case(CuratedSource(_real("medquad").parent), EVER, None, dated=False),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, nlm: Nlm, tmp_path: Path) -> Case:
    case = CASES[request.param](nlm, tmp_path)
    assert isinstance(case, Case)
    return case


def _base(document: Document) -> str:
    """The id without the version that PubMed's later versions carry."""
    return document.id.partition(".")[0]


def _state(documents: list[Document]) -> dict[str, Document]:
    state = dict[str, Document]()
    for document in documents:
        state[document.id] = newer(state.get(document.id), document)
    return state


def test_a_pull_gives_whole_documents(case: Case) -> None:
    documents = case.pull()
    assert documents
    assert case.documents is None or len(documents) == case.documents
    for document in documents:
        prefix, _, number = document.id.partition(":")
        assert prefix in {"mplus", "pmid", "medquad", "ghr"} and number
        assert Document.model_validate_json(document.model_dump_json()) == document
        assert document.url.startswith("http") or document.source == "medquad"
        assert document.licence or document.status is Status.DELETED
        assert all(section.text and section.heading for section in document.sections)
        assert not any("<" + tag in section.text for section in document.sections for tag in ("p>", "li>", "TOPIC"))


def test_the_same_pull_gives_the_same_documents(case: Case) -> None:
    assert case.pull() == case.pull()


def test_documents_come_in_the_order_of_their_revisions(case: Case) -> None:
    revisions = [document.revision for document in case.pull()]
    assert revisions == sorted(revisions)


def test_a_scoped_pull_gives_the_asked_ids_and_no_others(case: Case) -> None:
    full = case.pull()
    standing = {_base(document) for document in full if document.status is not Status.DELETED}
    some = sorted(standing)[:: max(1, len(standing) // 3)][:3]
    scoped = case.pull(some)
    assert {_base(document) for document in scoped} == set(some)
    assert {document.digest for document in full if document.id in some} == {
        document.digest for document in scoped if document.id in some
    }


def test_a_window_before_everything_is_empty(case: Case) -> None:
    if not case.dated:
        pytest.skip("a curated set has no dates and a search only knows the present: their windows are never empty")
    assert list(case.source.pull(date(1980, 1, 1), date(1980, 1, 2))) == []


def test_documents_merge_to_the_same_state_in_any_order(case: Case) -> None:
    documents = case.pull()
    assert _state(documents) == _state(documents[::-1]) == _state(documents + documents)


def test_real_file_text_keeps_the_words_of_topic_links(tmp_path: Path) -> None:
    source = MedlinePlusSource(str(_real("medlineplus_xml")), tmp_path)
    a1c = next(iter(source.pull(date(2025, 3, 4), date(2025, 3, 5), ids=["mplus:6308"])))
    assert a1c.sections[0].text.startswith("A1C is a blood test for type 2 diabetes and prediabetes.")
    assert "NIH:" not in a1c.sections[-1].text
    assert a1c.published == date(2015, 12, 22)


def test_a_notice_of_the_web_site_is_no_health_information(tmp_path: Path) -> None:
    source = MedlinePlusSource(str(_real("medlineplus_xml")), tmp_path)
    for topic in source.pull(date(2025, 3, 4), date(2025, 3, 5)):
        assert not topic.sections[0].text.startswith("Per a court order")


def test_the_synthetic_days_end_as_their_readme_says(tmp_path: Path) -> None:
    files = _copied(_real("synthetic"), "pubmed26n*", tmp_path / "files")
    state = _state(list(PubMedSource(files, tmp_path).pull(*EVER)))
    standing = {name: document for name, document in state.items() if document.status is not Status.DELETED}
    numbers = (1, 2, 3, 4, 5, 6, 8, 10, 11, 20, 21, 22, 23, 25, 28, 29)
    assert set(standing) == {f"pmid:{99000000 + number}" for number in numbers} | {"pmid:99000007.2"}
    assert standing["pmid:99000008"].sections[0].text == "New dose 5 mg."
    assert {name for name, document in standing.items() if document.status is Status.RETRACTED} == {
        "pmid:99000006",
        "pmid:99000022",
        "pmid:99000029",  # retracted and republished; the readme asks for a hold at least
    }
    assert {name for name, document in standing.items() if document.status is Status.NOTICE} == {
        "pmid:99000020",
        "pmid:99000021",
    }
    assert {name for name, document in standing.items() if document.status is Status.CONCERN} == {"pmid:99000023"}
    assert state["pmid:99000009"].status is state["pmid:98999999"].status is Status.DELETED


def test_the_real_medlineplus_day_after_changes_one_topic_and_adds_one(tmp_path: Path) -> None:
    source = MedlinePlusSource(_copied(_real("synthetic"), "mplus_topics_*", tmp_path / "files"), tmp_path)
    first = {topic.id: topic.digest for topic in source.pull(date(2026, 1, 6), date(2026, 1, 7))}
    second = {topic.id: topic.digest for topic in source.pull(date(2026, 1, 6), date(2026, 1, 8))}
    assert {name for name in second if first.get(name) != second[name]} == {"mplus:900001", "mplus:900004"}


@pytest.mark.parametrize("address", ["sandbox", "synthetic", "real"])
def test_the_languages_are_paired_both_ways(address: str, nlm: Nlm, tmp_path: Path) -> None:
    places = {
        "sandbox": lambda: nlm.url,
        "synthetic": lambda: _copied(_real("synthetic"), "mplus_topics_*", tmp_path / "files"),
        "real": lambda: str(_real("medlineplus_xml")),
    }
    topics = {topic.id: topic for topic in MedlinePlusSource(places[address](), tmp_path).pull(date(2025, 1, 1), AFTER)}
    paired = [topic for topic in topics.values() if topic.counterpart in topics]
    assert paired or address == "real"  # the excerpt of the real file has no pair whole
    for topic in paired:
        other = topics[topic.counterpart]
        assert other.counterpart == topic.id and {topic.language, other.language} == {"en", "es"}


def test_a_search_and_the_file_of_the_day_give_the_same_topics(nlm: Nlm, tmp_path: Path) -> None:
    day = {topic.id: topic.digest for topic in MedlinePlusSource(nlm.url, tmp_path).pull(DAY2, AFTER)}
    search = MedlinePlusSearchSource(f"{nlm.url}/ws/query", "", tmp_path, per_minute=6000)
    by_search = {topic.id: topic.digest for topic in search.pull(DAY2, AFTER, ids=["invented"])}
    assert by_search == day


def test_a_search_without_hits_gives_nothing_and_one_without_words_says_so(nlm: Nlm, tmp_path: Path) -> None:
    search = MedlinePlusSearchSource(f"{nlm.url}/ws/query", "", tmp_path, per_minute=6000)
    assert not list(search.pull(DAY2, AFTER, ids=["zzzz"]))
    with pytest.raises(UsageError, match=r"/ws/query: the search service knows no numbers: give words"):
        list(search.pull(DAY2, AFTER, ids=["mplus:900001"]))


def test_a_pull_of_a_topic_group_gives_its_topics_by_name_or_number(nlm: Nlm, tmp_path: Path) -> None:
    source = MedlinePlusSource(nlm.url, tmp_path)
    skin = list(source.pull(DAY2, AFTER, ids=["group:Skin"]))
    assert skin and all(topic.groups == ("Skin",) for topic in skin)
    with pytest.raises(NotFound, match=r"mplus_topic_groups_2026-03-04\.xml: no topic group 'Teeth'; there are B"):
        list(source.pull(DAY2, AFTER, ids=["group:Teeth"]))


def test_the_zip_gives_the_same_topics_as_the_plain_file(nlm: Nlm, tmp_path: Path) -> None:
    plain = list(MedlinePlusSource(nlm.url, tmp_path).pull(DAY2, AFTER))
    name = "mplus_topics_compressed_2026-03-04.zip"
    (tmp_path / "zipped").mkdir()
    with urlopen(f"{nlm.url}/xml/{name}", timeout=10) as answer:
        (tmp_path / "zipped" / name).write_bytes(answer.read())
    assert list(MedlinePlusSource(str(tmp_path / "zipped"), tmp_path).pull(DAY2, AFTER)) == plain


def test_a_book_is_only_given_by_eutils(nlm: Nlm, tmp_path: Path) -> None:
    live = EutilsSource(f"{nlm.url}/entrez/eutils", "test@example.org", None, tmp_path)
    book = next(iter(live.pull(DAY1, DAY2, ids=["pmid:97000001"])))
    assert "nobody has" in book.sections[0].text


def test_a_file_of_a_later_day_is_not_there_yet(nlm: Nlm, tmp_path: Path) -> None:
    nlm.day(1)
    try:
        assert not list(MedlinePlusSource(nlm.url, tmp_path).pull(DAY2, AFTER))
        assert not list(PubMedSource(f"{nlm.url}/pubmed", tmp_path).pull(DAY2, AFTER))
        assert list(PubMedSource(f"{nlm.url}/pubmed", tmp_path).pull(DAY1, AFTER))
    finally:
        nlm.day(2)


def test_the_sandbox_retracts_an_article_on_its_second_day(nlm: Nlm, tmp_path: Path) -> None:
    state = _state(list(PubMedSource(f"{nlm.url}/pubmed", tmp_path).pull(DAY1, AFTER)))
    retracted = [document for document in state.values() if document.status is Status.RETRACTED]
    assert len(retracted) == 1
    assert retracted[0].title.endswith("?") and not retracted[0].title.startswith("RETRACTED")
    notice = retracted[0].relations[0].target
    assert notice is not None and state[notice].status is Status.NOTICE


def test_eutils_outranks_the_files_of_its_day_and_not_those_of_the_next(nlm: Nlm, tmp_path: Path) -> None:
    files = PubMedSource(f"{nlm.url}/pubmed", tmp_path)
    live = EutilsSource(f"{nlm.url}/entrez/eutils", "test@example.org", None, tmp_path)
    first, second = next(files.pull(DAY1, DAY2)).revision, next(files.pull(DAY2, AFTER)).revision
    answer = next(iter(live.pull(DAY1, DAY2, ids=["pmid:99000001"]))).revision
    assert first < answer < second
