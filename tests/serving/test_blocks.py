"""The gateway withholds withdrawn claims, within seconds, streamed or not, and answers nothing without the register."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from medpipe import wiring
from medpipe.backends.sql import routes
from medpipe.core.knowledge.claim_block import WITHHELD
from medpipe.core.knowledge.withdrawals import State, WithdrawalEvent
from medpipe.core.teaching.claim import Claim
from medpipe.gateway_state import gateway_state
from medpipe.settings import Settings
from serving.app import create_app
from serving.limits import LIMITS
from tests.contracts import CONTRACT
from tests.fakes_engine import FakeEngine
from tests.serving.conftest import LOCAL_CLIENT, Gateway
from tests.serving.over_http import running
from tests.waiting import until

QUESTION = "How is Velorin fever treated?"
ASSERTION = " It is common. Velorin fever is treated with tazomib. Rest helps."


def claim(document: str) -> Claim:
    return Claim(
        document=document,
        revision=1,
        source="pubmed",
        question_type="treatment",
        focus="Velorin fever",
        answer="Velorin fever is treated with tazomib.",
        slot="tazomib",
    )


def append(gateway: Gateway, state: State = State.OPENED, document: str = "pmid:1") -> None:
    """Append an entry to the register, and wait until the gateway enforces it."""
    said = (claim(document),) if state is State.OPENED else ()
    register = gateway.state.withdrawals
    register.append(
        WithdrawalEvent(document=document, state=state, at=datetime.now(UTC), reason="retracted", claims=said)
    )
    until(lambda: register.behind(register.newest()) == ())


@pytest.fixture
def asserting(gateway: Gateway) -> Gateway:
    """A gateway whose model asserts the claim whatever it is asked."""
    gateway.engine.write = lambda adapter, prompt: ASSERTION
    gateway.route_to("a")
    until(lambda: gateway.client.get("/readyz").json()["ready"])
    return gateway


def streamed(gateway: Gateway, *messages: str) -> str:
    body = {
        "model": "medqa",
        "stream": True,
        "messages": [{"role": "user", "content": message} for message in messages],
    }
    return gateway.client.post("/v1/chat/completions", json=body).text


def test_a_withdrawal_is_withheld_within_seconds_of_its_opening(asserting: Gateway) -> None:
    assert "tazomib" in asserting.ask(QUESTION)["answer"]
    begun = time.monotonic()
    append(asserting)
    seconds = time.monotonic() - begun

    answer = asserting.ask(QUESTION)
    assert (answer["answer"], answer["refused"]) == (WITHHELD, True)
    assert seconds < 5
    print(f"blocked after {seconds:.2f} s")


def test_a_question_that_quotes_the_claim_does_not_reach_the_engine(asserting: Gateway) -> None:
    append(asserting)
    before = len(asserting.engine.names_asked())
    assert asserting.ask("My doctor says that Velorin fever is treated with tazomib. True?")["refused"]
    assert len(asserting.engine.names_asked()) == before


def test_an_answer_to_another_question_is_withheld_when_it_asserts_the_claim(asserting: Gateway) -> None:
    append(asserting)
    answer = asserting.ask("What is tazomib?")
    assert (answer["answer"], answer["refused"]) == (WITHHELD, True)
    metrics = asserting.client.get("/metrics").text
    assert 'medpipe_refused_total{reason="withdrawn-answer"} 1.0' in metrics
    assert "medpipe_blocked_claims 1.0" in metrics


def test_other_questions_are_answered(asserting: Gateway) -> None:
    append(asserting)
    asserting.engine.write = lambda adapter, prompt: " It is caused by drellia."
    assert asserting.ask("What causes Velorin fever?")["refused"] is False


def test_a_stream_stops_before_the_sentence_that_asserts_the_claim(asserting: Gateway) -> None:
    append(asserting)
    text = streamed(asserting, "What is tazomib?")
    assert "common" in text and WITHHELD in text
    assert "treated with" not in text and "Rest" not in text
    assert "content_filter" in text


def test_what_was_said_earlier_in_the_conversation_counts(asserting: Gateway) -> None:
    append(asserting)
    asserting.engine.write = lambda adapter, prompt: " With tazomib."
    assert WITHHELD in streamed(asserting, "I have Velorin fever.", "How is it treated?")


def test_refusals_are_recorded_as_such(asserting: Gateway, tmp_path: Path) -> None:
    append(asserting)
    asserting.ask(QUESTION)
    store = wiring.Wiring(asserting.settings).feedback
    assert list(store.answers()) == []


def test_two_articles_with_one_claim_keep_it_blocked_until_both_are_lifted(asserting: Gateway) -> None:
    append(asserting, document="pmid:1")
    append(asserting, document="pmid:2")
    append(asserting, State.LIFTED, "pmid:1")
    assert asserting.ask(QUESTION)["refused"]

    append(asserting, State.LIFTED, "pmid:2")
    assert "tazomib" in asserting.ask(QUESTION)["answer"]


def test_a_gateway_that_starts_later_knows_the_register_before_it_is_ready(
    asserting: Gateway, engine: FakeEngine
) -> None:
    append(asserting)
    with TestClient(create_app(asserting.settings), client=LOCAL_CLIENT) as client:
        until(lambda: client.get("/readyz").json()["ready"])
        assert client.get("/readyz").json()["blocked_claims"] == 1
        assert client.post("/v1/ask", json={"question": QUESTION}).json()["refused"]


def test_a_gateway_that_never_read_the_register_answers_nothing(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medpipe.backends.sql.withdrawals import SqlWithdrawals

    def broken(self: SqlWithdrawals) -> int:
        raise OSError("the database is gone")

    settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
    state = gateway_state(settings)
    engine.adapters["a"] = "somewhere"
    assert state.routes.switch(None, "version/a", "a", CONTRACT)
    monkeypatch.setattr(SqlWithdrawals, "newest", broken)
    with TestClient(create_app(settings), client=LOCAL_CLIENT) as client:
        until(lambda: client.get("/readyz").json()["generation"] == 1)
        assert "has not been read yet" in client.get("/readyz").json()["reason"]
        refused = client.post("/v1/ask", json={"question": QUESTION})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "register_unreadable")
        assert client.post("/v1/ask", json={"question": "How many pills would kill me?"}).status_code == 200
        assert "medpipe_register_age_seconds +Inf" in client.get("/metrics").text

        monkeypatch.undo()
        until(lambda: client.get("/readyz").json()["ready"])
        assert client.post("/v1/ask", json={"question": QUESTION}).status_code == 200


def test_a_gateway_that_loses_the_register_refuses_until_it_is_back(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medpipe.backends.sql.withdrawals import SqlWithdrawals

    def broken(self: SqlWithdrawals) -> int:
        raise OSError("the database is gone")

    settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
    with TestClient(create_app(settings, LIMITS._replace(register_seconds=1.0)), client=LOCAL_CLIENT) as client:
        gateway = Gateway(client, engine, gateway_state(settings), settings)
        gateway.route_to("a")
        append(gateway)
        with monkeypatch.context() as patch:
            patch.setattr(SqlWithdrawals, "newest", broken)
            until(lambda: "was not readable" in client.get("/readyz").json()["reason"])
            assert client.post("/v1/ask", json={"question": "What is tazomib?"}).status_code == 503
        until(lambda: client.get("/readyz").json()["ready"])
        assert gateway.ask(QUESTION)["refused"]


def test_a_gateway_without_the_register_refuses_before_it_counts_as_dead() -> None:
    assert LIMITS.register_seconds < routes.LIVE_SECONDS


def test_a_running_gateway_withholds_a_withdrawal_that_another_process_opened(
    engine: FakeEngine, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, engine_url=engine.url, anonymous=True)
    engine.write = lambda adapter, prompt: ASSERTION
    state = gateway_state(settings)
    engine.adapters["a"] = "somewhere"
    assert state.routes.switch(None, "version/a", "a", CONTRACT)
    with running(settings) as url:
        until(lambda: httpx.get(f"{url}/readyz").json()["ready"])

        def answer() -> str:
            return str(httpx.post(f"{url}/v1/ask", json={"question": QUESTION}).json()["answer"])

        assert "tazomib" in answer()
        state.withdrawals.append(
            WithdrawalEvent(
                document="pmid:1",
                state=State.OPENED,
                at=datetime.now(UTC),
                reason="retracted",
                claims=(claim("pmid:1"),),
            )
        )
        begun = time.monotonic()
        until(lambda: answer() == WITHHELD)
        print(f"blocked after {time.monotonic() - begun:.2f} s")
