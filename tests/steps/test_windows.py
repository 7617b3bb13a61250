"""Windows close by what was taken: a late file, an outage, a gap and a new baseline, played by the sandbox's NLM."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from medpipe import steps
from medpipe.core.corpus.document import Document, Status
from medpipe.core.manifests import CorpusManifest
from medpipe.core.refs import CorpusRef
from medpipe.errors import GapInFiles, SourceError
from medpipe.readers import Readers
from medpipe.sandbox.nlm.__main__ import server
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import table_version
from tests import fakes
from tests.contract.nlm_server import Nlm
from tests.served import served

DAYS = [date(2026, 3, day) for day in (3, 4, 5, 6)]
FIRST, SECOND, THIRD = (f"pubmed26n{number}.xml.gz" for number in (1335, 1336, 1337))
INDEX = "/pubmed/updatefiles/"


@pytest.fixture
def serving() -> Iterator[ThreadingHTTPServer]:
    with served(server(0)) as running:
        yield running


@pytest.fixture
def nlm(serving: ThreadingHTTPServer) -> Nlm:
    return Nlm(f"http://127.0.0.1:{serving.server_port}")


@pytest.fixture
def ports(nlm: Nlm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> fakes.FakePorts:
    """Fakes, but for the sources."""
    settings = Settings(
        home=tmp_path,
        medlineplus_url=nlm.url,
        pubmed_url=f"{nlm.url}/pubmed",
        eutils_url=f"{nlm.url}/entrez/eutils",
        ncbi_email="tests@example.org",
    )
    wired = fakes.ports(settings)
    monkeypatch.setattr(wired, "source", Readers(settings).source, raising=False)
    return wired


def _planned(ports: fakes.FakePorts, day: int, previous: CorpusRef | None, source: str, **options: bool) -> list[str]:
    return _named(steps.plan_pulls((source,), DAYS[day - 1], DAYS[day], previous=previous, ports=ports, **options))


def _named(planned: list[dict[str, str]]) -> list[str]:
    """The files or days of what is pulled, without a pull of nothing."""
    pulls = [arguments for arguments in planned if arguments["start"] != arguments["end"]]
    return [arguments.get("file", f"{arguments['start']} to {arguments['end']}") for arguments in pulls]


def _run(
    ports: fakes.FakePorts, day: int, previous: CorpusRef | None, source: str = "pubmed", **options: bool
) -> CorpusRef:
    """What the DAG corpus does on a day."""
    planned = steps.plan_pulls((source,), DAYS[day - 1], DAYS[day], previous=previous, ports=ports, **options)
    accepted = []
    for arguments in planned:
        window = date.fromisoformat(arguments["start"]), date.fromisoformat(arguments["end"])
        pulled = steps.pull(source, *window, file=arguments.get("file", ""), ports=ports)
        accepted.append(steps.validate(pulled, "documents", ports=ports))
    return steps.build_corpus(tuple(accepted), previous, ports=ports)


def _documents(ports: fakes.FakePorts, corpus: CorpusRef) -> list[Document]:
    return list(ports.corpus.read(table_version(ports, corpus), tuple(Status)))


def _statuses(ports: fakes.FakePorts, corpus: CorpusRef) -> dict[str, str]:
    return {document.id: str(document.status) for document in _documents(ports, corpus)}


def _taken(ports: fakes.FakePorts, corpus: CorpusRef) -> tuple[tuple[int, int], ...]:
    return manifest(ports, corpus, CorpusManifest).outcome.watermarks["pubmed"].numbers["26"]


@pytest.fixture
def through(ports: fakes.FakePorts, nlm: Nlm) -> dict[str, str]:
    """The statuses of all documents after three days without a fault."""
    corpus = None
    home = ports.settings.home / "without faults"
    whole = fakes.ports(ports.settings.model_copy(update={"home": home}))
    whole.source = Readers(whole.settings).source  # type: ignore[method-assign]
    for day in (1, 2, 3):
        nlm.day(day)
        corpus = _run(whole, day, corpus)
    nlm.day(1)
    return _statuses(whole, corpus)


def test_a_file_that_is_posted_late_on_a_day_already_taken_is_taken_by_the_next_run(
    ports: fakes.FakePorts, nlm: Nlm, through: dict[str, str]
) -> None:
    nlm.hold(SECOND)
    first = _run(ports, 1, None)
    nlm.day(2)
    assert _planned(ports, 2, first, "pubmed") == []
    second = _run(ports, 2, first)
    nlm.hold(SECOND, held=False)
    nlm.day(3)
    assert _planned(ports, 3, second, "pubmed") == [SECOND, THIRD]
    assert _statuses(ports, _run(ports, 3, second)) == through


def test_what_an_outage_of_several_runs_kept_away_is_caught_up(
    ports: fakes.FakePorts, nlm: Nlm, through: dict[str, str]
) -> None:
    first = _run(ports, 1, None)
    for day in (2, 3):
        nlm.day(day)
        nlm.misbehave(INDEX, "404", times=9)
        with pytest.raises(SourceError, match="HTTP 404"):
            _planned(ports, day, first, "pubmed")
        with pytest.raises(SourceError, match="HTTP 404"):
            steps.pull("pubmed", DAYS[0], DAYS[3], ports=ports)
    nlm.misbehave(INDEX, "404", times=0)
    assert _planned(ports, 3, first, "pubmed") == [SECOND, THIRD]
    assert _statuses(ports, _run(ports, 3, first)) == through


def test_a_missing_number_is_waited_for_and_then_named(
    ports: fakes.FakePorts, nlm: Nlm, through: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    first = _run(ports, 1, None)
    nlm.hold(SECOND)
    nlm.day(3)
    third = _run(ports, 3, first)
    assert "pubmed: 26n1336 is missing, although pubmed26n1337.xml.gz was posted on 2026-03-05" in caplog.text
    assert _taken(ports, third) == ((1335, 1335), (1337, 1337))
    with pytest.raises(GapInFiles, match=r"26n1336 is missing.*4 days ago.*add 26n1336 to never_posted"):
        steps.plan_pulls(("pubmed",), date(2026, 3, 9), date(2026, 3, 10), previous=third, ports=ports)
    nlm.hold(SECOND, held=False)
    fourth = _run(ports, 3, third)
    assert _taken(ports, fourth) == ((1335, 1337),)
    assert _statuses(ports, fourth) == through


def test_an_ordinary_run_does_not_load_a_new_baseline_and_an_ordered_one_outranks_nothing_newer(
    ports: fakes.FakePorts, nlm: Nlm, through: dict[str, str]
) -> None:
    corpus = None
    for day in (1, 2, 3):
        nlm.day(day)
        corpus = _run(ports, day, corpus)
    nlm.next_baseline()
    assert _planned(ports, 3, corpus, "pubmed") == []
    assert _planned(ports, 3, corpus, "pubmed", baseline=True) == ["pubmed27n0001.xml.gz"]
    loaded = _run(ports, 3, corpus, baseline=True)
    assert manifest(ports, loaded, CorpusManifest).outcome.incoming == 20
    assert _documents(ports, loaded) == _documents(ports, corpus)
    assert _statuses(ports, loaded) == through and "retracted" in through.values()
    assert _planned(ports, 3, loaded, "pubmed", baseline=True) == [], "a load that is repeated continues"


LATE = {"sources": ("pubmed",), "start": date(2026, 3, 9), "end": date(2026, 3, 10)}


def _turn_of_the_year(nlm: Nlm) -> None:
    """On the second day, the next baseline takes the place of the old update files."""
    nlm.day(2)
    nlm.hold(FIRST)
    nlm.hold(SECOND)
    nlm.next_baseline()


def test_a_turn_of_the_year_while_runs_went_on_needs_no_person(ports: fakes.FakePorts, nlm: Nlm) -> None:
    first = _run(ports, 1, None)
    nlm.hold(SECOND)
    nlm.day(2)
    quiet = _run(ports, 2, first)
    assert manifest(ports, quiet, CorpusManifest).outcome.watermarks["pubmed"].listed == {"26": (DAYS[1], 1335)}
    _turn_of_the_year(nlm)
    for last in (first, quiet):
        assert _named(steps.plan_pulls(**LATE, previous=last, ports=ports)) == []


def test_a_file_of_the_old_year_that_a_run_saw_and_that_did_not_enter_needs_a_person(
    ports: fakes.FakePorts, nlm: Nlm
) -> None:
    first = _run(ports, 1, None)
    nlm.day(2)
    seen = steps.pull("pubmed", DAYS[2], DAYS[2], ports=ports)
    corpus = steps.build_corpus((steps.validate(seen, "documents", ports=ports),), first, ports=ports)
    _turn_of_the_year(nlm)
    with pytest.raises(GapInFiles, match="26n1336 did not enter, if ever posted"):
        steps.plan_pulls(**LATE, previous=corpus, ports=ports)


def test_a_year_that_ended_while_no_run_looked_stops_pubmed_until_the_next_baseline_is_loaded(
    ports: fakes.FakePorts, nlm: Nlm, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = _run(ports, 1, None)
    policy = ports.source_policy("pubmed").model_copy(update={"gap_days": 0, "files_a_run": 1})
    monkeypatch.setattr(ports, "source_policy", lambda name: policy)
    _turn_of_the_year(nlm)
    assert _planned(ports, 2, first, "pubmed") == []
    assert "26n1336 did not enter, if ever posted" in caplog.text
    with pytest.raises(GapInFiles, match=r"26n1336 did not.*Load the baseline.*add 26n1336 to never_posted"):
        steps.plan_pulls(**LATE, previous=first, ports=ports)
    with caplog.at_level("INFO"):
        planned = _named(steps.plan_pulls(**LATE, previous=first, baseline=True, ports=ports))
    assert planned == ["pubmed27n0001.xml.gz"], "the load itself is not stopped"
    assert "pubmed: 0 of 1 files taken, 1 in this run, 0 wait for the next" in caplog.text
    assert _named(steps.plan_pulls(**LATE, previous=_run(ports, 2, first, baseline=True), ports=ports)) == []
    policy = policy.model_copy(update={"never_posted": ("26n1336",)})
    assert _named(steps.plan_pulls(**LATE, previous=first, ports=ports)) == [], "a person says that nothing was missed"


def test_files_that_entered_are_not_planned_again_and_one_that_is_posted_again_is(
    ports: fakes.FakePorts, nlm: Nlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _run(ports, 1, None)
    assert _planned(ports, 1, first, "pubmed") == []
    watermark = manifest(ports, first, CorpusManifest).outcome.watermarks["pubmed"]
    assert watermark.marks[FIRST].startswith("2026-03-03")
    again = [file._replace(mark="posted again") for file in ports.source("pubmed").files(DAYS[0], DAYS[1])]  # type: ignore[attr-defined]
    assert [watermark.has(file) for file in again] == [False]


def test_a_source_without_numbers_is_asked_from_its_watermark_on(ports: fakes.FakePorts, nlm: Nlm) -> None:
    first = _run(ports, 1, None, "medlineplus")
    nlm.day(3)
    assert _planned(ports, 3, first, "medlineplus") == ["2026-03-03 to 2026-03-06"]
    assert _planned(ports, 3, first, "pubmed") == [THIRD], "each source has its own"
    live = _run(ports, 1, first, "eutils")
    assert _planned(ports, 3, live, "eutils") == ["2026-03-01 to 2026-03-06"], "with an overlap"


def test_a_day_of_medlineplus_that_was_asked_for_too_early_is_not_empty_for_good(
    ports: fakes.FakePorts, nlm: Nlm
) -> None:
    early = steps.pull("medlineplus", DAYS[1], DAYS[2], ports=ports)
    nlm.day(2)
    later = steps.pull("medlineplus", DAYS[1], DAYS[2], ports=ports)
    assert early != later and (ports.store.folder(later) / "documents.jsonl").stat().st_size > 0
    assert steps.pull("medlineplus", DAYS[1], DAYS[2], ports=ports) == later


def test_ids_that_were_pulled_before_a_retraction_are_pulled_anew_after_it(ports: fakes.FakePorts, nlm: Nlm) -> None:
    window, ids = (DAYS[0], DAYS[3]), tuple(f"pmid:{99000001 + number}" for number in range(20))
    before = steps.pull("eutils", *window, ids=ids, ports=ports)
    nlm.day(3)
    after = steps.pull("eutils", *window, ids=ids, ports=ports)
    assert before != after
    assert '"retracted"' in (ports.store.folder(after) / "documents.jsonl").read_text()
    corpus = steps.build_corpus((steps.validate(after, "documents", ports=ports),), ports=ports)
    assert manifest(ports, corpus, CorpusManifest).outcome.watermarks == {}, "some ids are not all that was modified"
