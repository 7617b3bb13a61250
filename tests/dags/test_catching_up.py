"""A source that does not answer keeps no other out, and is caught up when it answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from medpipe.core.manifests import CorpusManifest
from medpipe.errors import BatchRejected, GapInFiles, SourceError
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.contract.nlm_server import Nlm
from tests.dags import light
from tests.dags.conftest import states, values
from tests.steps.conftest import publish, topic

WINDOW = {"start": "2026-03-03", "end": "2026-03-04", "baseline": "False"}


class Try:
    """One try of the task: what it was given, and what it leaves for the tasks that follow."""

    def __init__(self) -> None:
        self.left: dict[str, str] = {}

    def xcom_pull(self, task_ids: str, map_indexes: int) -> None:
        return None  # no plan could be made in the run

    def xcom_push(self, key: str, value: str) -> None:
        self.left[key] = value


@pytest.fixture
def late(monkeypatch):
    """`late(pubmed=error, …)`: run `catch_up` for sources of which nothing was taken; None is a source that answers."""
    pytest.importorskip("airflow")
    from medpipe_airflow import catching_up

    def run(**sources: Exception | None) -> str:
        def take(source: str, *window: str) -> str:
            if error := sources[source]:
                raise error
            return f"corpus/{source}"

        monkeypatch.setattr(catching_up, "get_current_context", lambda: {"ti": Try()})
        monkeypatch.setattr(catching_up, "_take", take)
        corpus: str = catching_up.catch_up().function([[source] for source in sources], [], **WINDOW)
        return corpus

    return run


def test_what_answers_is_taken_while_another_source_is_down_and_the_task_tries_again(late):
    assert late(pubmed=None, medlineplus=None) == "corpus/medlineplus"
    with pytest.raises(SourceError, match=r"pubmed: HTTP 503"):
        late(pubmed=SourceError("HTTP 503"), medlineplus=None)
    with pytest.raises(SourceError, match=r"pubmed: HTTP 503; medlineplus: cut to half"):
        late(pubmed=SourceError("HTTP 503"), medlineplus=BatchRejected("cut to half"))


def test_data_that_was_rejected_is_not_tried_again(late):
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match="medlineplus: cut to half"):
        late(medlineplus=BatchRejected("cut to half"), pubmed=None)


def test_a_gap_that_has_waited_for_days_does_not_wait_for_hours_again(late):
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match="pubmed: 26n1336 is missing"):
        late(pubmed=GapInFiles("26n1336 is missing"))


def test_a_source_with_a_thousand_files_leaves_most_of_them_to_the_next_run(monkeypatch):
    pytest.importorskip("airflow")
    from medpipe_airflow import catching_up

    called = []
    answers = {"latest": "", "plan_pulls": [{"file": str(number)} for number in range(1000)]}
    monkeypatch.setattr("medpipe.cli.call", lambda verb, arguments: called.append(verb) or answers.get(verb, verb))
    catching_up._take("pubmed", *WINDOW.values())
    assert called.count("pull") == catching_up.AT_ONCE


@pytest.fixture
def tried(ring, monkeypatch):
    """`tried("pubmed", …)`: one try of `catch_up` for these sources, with the real verbs; returns what it left."""
    pytest.importorskip("airflow")
    from medpipe_airflow import catching_up

    monkeypatch.setenv("MEDPIPE_PORTS", "tests.fakes:ports")

    def run(*sources: str) -> str:
        this = Try()
        monkeypatch.setattr(catching_up, "get_current_context", lambda: {"ti": this})
        with pytest.raises(SourceError, match="pubmed: HTTP 503"):
            catching_up.catch_up().function([[source] for source in sources], [], **WINDOW)
        return this.left.get("return_value", "")

    return run


def test_a_source_that_never_answers_makes_no_corpus_of_another_again_and_its_news_are_announced(
    ring, tried, monkeypatch
):
    ports = fakes.ports(Settings(home=ring))
    publish(ports, [topic(1)])
    publish(ports, [], source="pubmed")
    real = fakes.FileSource.pull
    monkeypatch.setattr(fakes.FileSource, "pull", lambda self, *window: answer(real, self, *window))
    assert tried("pubmed") == "", "nothing was taken"
    first = tried("medlineplus", "pubmed")
    assert [tried("medlineplus", "pubmed") for _ in range(3)] == [first] * 3
    assert [corpus.ref for corpus in ports.store.manifests(CorpusManifest)] == [first]


def answer(pull, source, *window):
    if source.file.stem == "pubmed":
        raise SourceError("HTTP 503")
    return pull(source, *window)


def test_a_source_without_news_makes_no_corpus(ring, monkeypatch):
    pytest.importorskip("airflow")
    from medpipe_airflow import catching_up

    called = []
    answers = {"latest": "corpus/1", "plan_pulls": []}
    monkeypatch.setattr("medpipe.cli.call", lambda verb, arguments: called.append(verb) or answers[verb])
    assert catching_up._take("pubmed", *WINDOW.values()) == "corpus/1"
    assert called == ["latest", "plan_pulls"]


def test_a_run_has_failed_although_what_came_late_is_announced(bag):
    corpus = bag.dags["corpus"]
    assert corpus.get_task("announce_late_corpus").trigger_rule == "all_done"
    assert not corpus.get_task("caught_up").downstream_list and corpus.get_task("caught_up").upstream_task_ids == {
        "catch_up"
    }


@pytest.mark.slow
def test_a_gap_stops_pubmed_and_a_late_file_is_taken_in_december_without_the_baseline(run, bag, nlm, ring, monkeypatch):
    monkeypatch.setitem(bag.dags["corpus"].get_task("plan_pulls").partial_kwargs, "retry_delay", timedelta(0))
    publisher = Nlm(nlm)
    first = run("corpus", sources=["pubmed"], start="2026-03-03", end="2026-03-04")
    assert _files(first) == ["pubmed26n1335.xml.gz"] and first.state == "success", states(first)
    publisher.day(3)
    publisher.hold("pubmed26n1336.xml.gz")
    gap = run("corpus", sources=["pubmed"], start="2026-03-05", end="2026-03-10")
    assert gap.state == "failed" and states(gap)["catch_up"] == "failed", "it does not wait for hours"
    assert [*light.ports(Settings(home=ring)).store.refs(CorpusManifest)] == [values(first)["build_corpus"]]
    publisher.hold("pubmed26n1336.xml.gz", held=False)
    publisher.next_baseline()
    late = run("corpus", sources=["pubmed"], start="2026-03-05", end="2026-03-10")
    assert _files(late) == ["pubmed26n1336.xml.gz", "pubmed26n1337.xml.gz"] and late.state == "success", states(late)
    corpus = manifest(light.ports(Settings(home=ring)), values(late)["build_corpus"], CorpusManifest)
    assert corpus.outcome.watermarks["pubmed"].numbers == {"26": ((1335, 1337),)}


def _files(run) -> list[str]:
    return [pull["file"] for pull in values(run)["pulls_of"]]


@pytest.mark.slow
def test_medlineplus_enters_while_pubmed_is_down_and_pubmed_follows_in_the_same_run(run, bag, nlm, ring, monkeypatch):
    monkeypatch.setitem(bag.dags["corpus"].get_task("plan_pulls").partial_kwargs, "retry_delay", timedelta(0))
    Nlm(nlm).misbehave("/pubmed/updatefiles/", "404", times=3)  # the three tries of the plan
    corpus = run("corpus", start="2026-03-03", end="2026-03-04")
    assert corpus.state == "success", states(corpus)
    first, second = (
        manifest(light.ports(Settings(home=ring)), values(corpus)[task], CorpusManifest)
        for task in ("build_corpus", "catch_up")
    )
    assert set(first.outcome.watermarks) == {"medlineplus"}
    assert set(second.outcome.watermarks) == {"medlineplus", "pubmed"} and second.inputs.previous == first.ref
