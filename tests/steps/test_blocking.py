"""From a retraction in the corpus to a running gateway that withholds it, through the verbs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from medpipe import steps
from medpipe.core.knowledge.claim_block import WITHHELD
from medpipe.core.knowledge.withdrawals import State
from medpipe.settings import Settings
from medpipe.steps.withdrawals import register
from serving.app import create_app
from tests import fakes
from tests.contracts import CONTRACT
from tests.fakes_engine import FakeEngine
from tests.serving.conftest import LOCAL_CLIENT
from tests.steps.conftest import RETRACTED
from tests.steps.test_ring import first_champion, second_corpus
from tests.waiting import until

pytestmark = pytest.mark.integration

QUESTION = {"question": "Is it true that wendrazole is a cure for krellin palsy?"}


def test_a_retraction_is_blocked_within_seconds_and_confirmed_and_answered_again_when_it_is_lifted(
    tmp_path: Path,
) -> None:
    ports = fakes.ports(Settings(home=tmp_path))
    first, champion = first_champion(ports)
    corpus = second_corpus(ports, first)
    with FakeEngine(write=lambda adapter, prompt: " Wendrazole cures krellin palsy.") as engine:
        engine.adapters["a"] = "somewhere"
        assert ports.routes.switch(None, champion, "a", CONTRACT)
        settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
        with TestClient(create_app(settings), client=LOCAL_CLIENT) as gateway:
            until(lambda: gateway.get("/readyz").json()["ready"])

            def answer() -> str:
                return str(gateway.post("/v1/ask", json=QUESTION).json()["answer"])

            assert "cures" in answer()
            begun = time.monotonic()
            assert steps.open_withdrawals(corpus, ports=ports).opened == (RETRACTED,)
            assert steps.confirm_blocks(ports=ports) == [RETRACTED]
            assert answer() == WITHHELD
            assert time.monotonic() - begun < 10
            assert [withdrawal.state for withdrawal in register(ports)] == [State.BLOCKED]
            assert steps.answers_given(RETRACTED, ports=ports).count == 1, "the refusal is not listed"

            steps.lift(RETRACTED, "retracted by mistake", "Dr. A", ports=ports)
            until(lambda: "cures" in answer())
