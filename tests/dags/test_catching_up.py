"""A source that does not answer keeps no other out, and is caught up when it answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from medpipe.core.manifests import CorpusManifest
from medpipe.errors import BatchRejected, SourceError
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from tests.contract.nlm_server import Nlm
from tests.dags import light
from tests.dags.conftest import states, values

WINDOW = {"start": "2026-03-03", "end": "2026-03-04", "baseline": "False"}


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

        monkeypatch.setattr(catching_up, "_plans", lambda count: [None] * count)
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
