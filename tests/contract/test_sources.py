"""One contract for every source, on the sandbox's server and on recorded real answers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from medpipe.backends.curated import CuratedSource
from medpipe.backends.eutils import EutilsSource
from medpipe.backends.medlineplus import MedlinePlusSource
from medpipe.backends.pubmed import PubMedSource
from medpipe.core.document import Document, Status
from medpipe.core.merge import newer
from medpipe.ports import Source
from tests.contract.nlm_server import DATA, Nlm, running

EVER = (date(1990, 1, 1), date(2100, 1, 1))
DAY1, DAY2, AFTER = date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 5)


class Case(NamedTuple):
    """A source, a window in which it has something, and how many documents that is (None: not known here)."""

    source: Source
    window: tuple[date, date]
    documents: int | None = None
    dated: bool = True
    """Whether a window before everything is empty."""


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
    made = CASES[request.param](nlm, tmp_path)
    assert isinstance(made, Case)
    return made


def _base(document: Document) -> str:
    """The id without the version that PubMed's later versions carry."""
    return document.id.partition(".")[0]


def _state(documents: list[Document]) -> dict[str, Document]:
    state = dict[str, Document]()
    for document in documents:
        state[document.id] = newer(state.get(document.id), document)
    return state


def test_a_pull_gives_whole_documents(case: Case) -> None:
    documents = list(case.source.pull(*case.window))
    assert documents
    assert case.documents is None or len(documents) == case.documents
    for document in documents:
        prefix, _, number = document.id.partition(":")
        assert prefix in {"mplus", "pmid", "medquad"} and number
        assert Document.model_validate_json(document.model_dump_json()) == document
        assert document.url.startswith("http") or document.source == "medquad"
        assert document.licence or document.status is Status.DELETED
        assert all(section.text and section.heading for section in document.sections)
        assert not any("<" + tag in section.text for section in document.sections for tag in ("p>", "li>", "TOPIC"))


def test_the_same_pull_gives_the_same_documents(case: Case) -> None:
    assert list(case.source.pull(*case.window)) == list(case.source.pull(*case.window))


def test_documents_come_in_the_order_of_their_revisions(case: Case) -> None:
    revisions = [document.revision for document in case.source.pull(*case.window)]
    assert revisions == sorted(revisions)


def test_a_scoped_pull_gives_the_asked_ids_and_no_others(case: Case) -> None:
    full = list(case.source.pull(*case.window))
    standing = {_base(document) for document in full if document.status is not Status.DELETED}
    some = sorted(standing)[:: max(1, len(standing) // 3)][:3]
    scoped = list(case.source.pull(*case.window, ids=some))
    assert {_base(document) for document in scoped} == set(some)
    assert {document.digest for document in full if document.id in some} == {
        document.digest for document in scoped if document.id in some
    }


def test_a_window_before_everything_is_empty(case: Case) -> None:
    if not case.dated:
        pytest.skip("a curated set has no dates: it gives all it has in every window")
    assert list(case.source.pull(date(1980, 1, 1), date(1980, 1, 2))) == []


def test_documents_merge_to_the_same_state_in_any_order(case: Case) -> None:
    documents = list(case.source.pull(*case.window))
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
    }
    assert {name for name, document in standing.items() if document.status is Status.NOTICE} == {
        "pmid:99000020",
        "pmid:99000021",
    }
    assert {name for name, document in standing.items() if document.status is Status.CONCERN} == {
        "pmid:99000023",
        "pmid:99000029",
    }
    assert state["pmid:99000009"].status is state["pmid:98999999"].status is Status.DELETED


def test_the_real_medlineplus_day_after_changes_one_topic_and_adds_one(tmp_path: Path) -> None:
    source = MedlinePlusSource(_copied(_real("synthetic"), "mplus_topics_*", tmp_path / "files"), tmp_path)
    first = {topic.id: topic.digest for topic in source.pull(date(2026, 1, 6), date(2026, 1, 7))}
    second = {topic.id: topic.digest for topic in source.pull(date(2026, 1, 6), date(2026, 1, 8))}
    assert {name for name in second if first.get(name) != second[name]} == {"mplus:900001", "mplus:900004"}


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
    asked = next(iter(live.pull(DAY1, DAY2, ids=["pmid:99000001"]))).revision
    assert first < asked < second
