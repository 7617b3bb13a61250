"""What the DAG retrain is asked for, when events of several DAGs are folded into one run."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from medpipe import steps
from medpipe.settings import Settings
from tests import fakes
from tests.steps.conftest import RETRACTED
from tests.steps.test_ring import first_champion, second_corpus

FORM = {"reason": "by hand", "recipe": "tiny-sft", "start_from": "auto", "documents": None, "topics": None}


@pytest.fixture
def ports(airflow_home, ring, monkeypatch):
    monkeypatch.setenv("MEDPIPE_PORTS", "tests.fakes:ports")
    return fakes.ports(Settings(home=ring))


@pytest.fixture
def asked(bag, ports, monkeypatch):
    """`asked(extra, …)`: the request of a run that events with these extras started; without any, of the form."""
    from medpipe_airflow import requests

    def request(*extras, **form):
        events = {requests.RETRAIN_REQUEST: [SimpleNamespace(extra=extra) for extra in extras]} if extras else {}
        context = {"params": {**FORM, **form}, "triggering_asset_events": events}
        monkeypatch.setattr(requests, "get_current_context", lambda: context)
        return requests.retrain_request.function()

    return request


def hotfix(champion, *documents):
    listed = list(documents)
    return {"reason": "h", "recipe": "tiny-sft", "documents": listed, "withdraw": listed, "hotfix_of": champion}


def test_a_hotfix_is_not_lost_behind_a_routine_request(asked, ports):
    first, champion = first_champion(ports)
    routine = {"reason": "12 new documents", "recipe": "tiny-sft", "corpus": first}
    request = asked(hotfix(champion, "pmid:7"), routine)
    assert (request["documents"], request["withdraw"]) == (["pmid:7"], ["pmid:7"])
    assert request["reason"] == "h; 12 new documents"


def test_a_routine_retrain_leaves_out_what_was_withdrawn_also_when_nobody_opened_it_yet(asked, ports):
    first, _ = first_champion(ports)
    corpus = second_corpus(ports, first)
    request = asked({"reason": "12 new documents", "recipe": "tiny-sft", "corpus": corpus})
    assert (request["documents"], request["withdraw"]) == ([RETRACTED], [RETRACTED])


def test_a_hotfix_of_another_champion_is_skipped(asked, ports):
    from airflow.sdk.exceptions import AirflowSkipException

    first_champion(ports)
    with pytest.raises(AirflowSkipException, match="another champion"):
        asked(hotfix("version/medqa-v9-aaaaaa", "pmid:7"))


def test_an_outdated_hotfix_does_not_reach_a_routine_retrain(asked, ports):
    first, _ = first_champion(ports)
    routine = {"reason": "12 new documents", "recipe": "tiny-sft", "corpus": first}
    request = asked(routine, hotfix("version/medqa-v9-aaaaaa", "pmid:7"))
    assert (request["documents"], request["reason"]) == ([], "12 new documents")


def test_the_form_asks_for_what_it_says_and_nothing_else(asked, ports):
    first, _ = first_champion(ports)
    steps.open_withdrawals(second_corpus(ports, first), ports=ports)
    assert asked()["documents"] == []
    request = asked(documents=["99000001"], topics=["6308"])
    assert (request["documents"], request["withdraw"]) == ([RETRACTED, "mplus:6308"], [RETRACTED])


@pytest.mark.parametrize("recipe", ["tiny-dpo", "tiny-kto"])
def test_a_preference_training_gets_the_pairs_and_is_not_made_a_hotfix(asked, ports, recipe):
    first, _ = first_champion(ports)
    corpus = second_corpus(ports, first)
    request = asked({"reason": "pairs", "recipe": recipe, "corpus": corpus, "pairs": "pairs/0123456789abcdef"})
    assert (request["documents"], request["pairs"]) == ([], "pairs/0123456789abcdef")
