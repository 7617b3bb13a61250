"""Any string as an id or a file name of a pull gives documents, or an error that the command line shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medpipe.errors import MedpipeError, SourceError, UsageError
from medpipe.ports import Source
from medpipe.sources.curated.source import CuratedSource
from medpipe.sources.medlineplus.genetics_source import GeneticsSource
from medpipe.sources.medlineplus.search_source import MedlinePlusSearchSource
from medpipe.sources.medlineplus.topics_source import MedlinePlusSource
from medpipe.sources.pubmed.eutils_source import EutilsSource
from medpipe.sources.pubmed.files_source import PubMedSource
from medpipe.sources.retraction_watch.list_source import RetractionWatchSource
from tests.contract.nlm_server import Nlm, running
from tests.sources.curated import samples
from tests.sources.retraction_watch.test_list import row, table

DAY1, DAY2 = date(2026, 3, 3), date(2026, 3, 4)
ODD = ("x" * 10_000, "../..", "mplus:1\x00", "a\nb", "", " ", "\ud800", "pmid:²", "group:", "ghr:gene/../../x")
NEVER = ("x" * 10_000, "mplus:1\x00", "a\nb", "", " ", "\ud800")


@pytest.fixture(scope="module")
def nlm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nlm]:
    with running(tmp_path_factory.mktemp("nlm") / "calendar.json") as server:
        yield server


def _listed(tmp: Path) -> Path:
    file = tmp / "retraction_watch.csv"
    file.write_text(table(row()), encoding="utf-8")
    return file


SOURCES: dict[str, Callable[[Nlm, Path], Source]] = {
    "medlineplus": lambda nlm, tmp: MedlinePlusSource(nlm.url, tmp),
    "medlineplus-search": lambda nlm, tmp: MedlinePlusSearchSource(f"{nlm.url}/ws/query", "", tmp, per_minute=60_000),
    "genetics": lambda nlm, tmp: GeneticsSource(f"{nlm.url}/download/ghr-summaries.xml", tmp),
    "pubmed": lambda nlm, tmp: PubMedSource(f"{nlm.url}/pubmed", tmp),
    "eutils": lambda nlm, tmp: EutilsSource(f"{nlm.url}/entrez/eutils", "test@example.org", "key", tmp),
    "retraction-watch": lambda nlm, tmp: RetractionWatchSource(str(_listed(tmp)), tmp),
    "curated": lambda nlm, tmp: CuratedSource(samples.write("medquad", tmp), "medquad"),
}


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, nlm: Nlm, tmp_path: Path) -> Source:
    source: Source = SOURCES[request.param](nlm, tmp_path)
    return source


@pytest.mark.parametrize("odd", ODD, ids=lambda value: ascii(value[:20]))
def test_odd_ids_end_in_an_answer_or_in_words(odd: str, source: Source) -> None:
    try:
        assert all(document.id for document in source.pull(DAY1, DAY2, ids=(odd,)))
    except MedpipeError as error:
        assert len(str(error)) < 500 and str(error).isprintable()


@pytest.mark.parametrize("never", NEVER, ids=lambda value: ascii(value[:20]))
def test_what_can_be_no_id_is_refused_by_every_source_before_anything_is_fetched(never: str, source: Source) -> None:
    with pytest.raises(UsageError, match=r"cannot be an id: .*correct --ids"):
        next(iter(source.pull(DAY1, DAY2, ids=("1", never))))


@pytest.mark.parametrize(
    ("name", "id", "message"),
    [
        ("medlineplus", "pmid:1", "'pmid:1' is not a topic of MedlinePlus; ids look like mplus:6308"),
        ("genetics", "ghr:disease/x", "'ghr:disease/x' is not a summary of Genetics; ids look like ghr:gene/samp1"),
        ("pubmed", "mplus:1", "'mplus:1' is not a PMID; ids look like pmid:99000006"),
        ("retraction-watch", "pmid:1", "'pmid:1' is not a row of Retraction Watch; ids look like rw:12345"),
        ("eutils", "mplus:1", "not PMIDs: mplus:1; ids look like pmid:99000006"),
    ],
)
def test_an_id_of_another_source_is_refused_with_an_example(
    name: str, id: str, message: str, nlm: Nlm, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        list(SOURCES[name](nlm, tmp_path).pull(DAY1, DAY2, ids=(id,)))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=st.text(max_size=400))
def test_any_text_as_the_file_of_a_pull_ends_in_words(file: str, tmp_path: Path) -> None:
    try:
        assert list(PubMedSource(str(tmp_path), tmp_path).pull(DAY1, DAY2, file=file)) == []
    except MedpipeError as error:
        assert len(str(error)) < 500


@pytest.mark.parametrize(
    "file",
    ["../../etc/passwd", "x" * 10_000, "pubmed26n0001.xml\x00", "medline.xml"],
    ids=lambda value: ascii(value[:20]),
)
def test_a_file_that_pubmed_cannot_have_is_refused(file: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a file of PubMed; names look like pubmed26n1335"):
        list(PubMedSource(str(tmp_path), tmp_path).pull(DAY1, DAY2, file=file))


def test_a_file_that_pubmed_may_still_post_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no pubmed26n9999\.xml was posted from 2026-03-03"):
        list(PubMedSource(str(tmp_path), tmp_path).pull(DAY1, DAY2, file="pubmed26n9999.xml"))
