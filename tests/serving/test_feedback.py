"""POST /v1/feedback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from medpipe import wiring
from medpipe.ports import FeedbackItem
from serving.answer_ids import Signer, signing_key
from tests.serving.conftest import Gateway


def items(gateway: Gateway) -> list[FeedbackItem]:
    now = datetime.now(UTC)
    store = wiring.Wiring(gateway.settings).feedback
    return list(store.between(now - timedelta(days=1), now + timedelta(days=1)))


def rate(gateway: Gateway, answer_id: str, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    return gateway.client.post(
        "/v1/feedback", json={"answer_id": answer_id, "rating": "down", **fields}, headers=headers
    )


def test_feedback_is_kept_with_the_question_and_the_answer(gateway: Gateway) -> None:
    gateway.route_to("a", "version/v7")
    answer = gateway.ask("What causes Velorin fever?")

    assert rate(gateway, answer["answer_id"], correction=" A virus. ").status_code == 202
    (item,) = items(gateway)
    assert (item.question, item.answer) == ("What causes Velorin fever?", answer["answer"])
    assert (item.version, item.rating, item.correction) == ("version/v7", "down", "A virus.")


def test_a_made_up_answer_id_is_refused(gateway: Gateway) -> None:
    gateway.route_to("a")
    signed = gateway.ask()["answer_id"]
    for forged in (
        "ans-x-y",
        "",
        signed[:-1] + ("0" if signed[-1] != "0" else "1"),
        Signer(b"other").new_id(),
        "é" * 20,
    ):
        answer = rate(gateway, forged)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forged_answer_id")
    assert items(gateway) == []


def test_feedback_that_cannot_be_stored_is_a_503_and_its_text_is_not_logged(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.route_to("a")
    answer = gateway.ask()
    with wiring.Wiring(gateway.settings).database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE feedback")
    refused = rate(gateway, answer["answer_id"], correction="my private words")
    assert refused.status_code == 503
    assert "private" not in refused.text + caplog.text
    assert "/v1/feedback 503 store_unavailable (OperationalError)" in caplog.text, "operators see the kind of cause"


def test_an_answer_that_is_no_longer_kept_is_a_404(gateway: Gateway) -> None:
    signed = Signer(signing_key(gateway.settings)).new_id()

    assert rate(gateway, signed).status_code == 404


def test_the_same_person_changes_their_mind_and_others_have_their_own(gateway: Gateway) -> None:
    gateway.route_to("a")
    answer_id = gateway.ask()["answer_id"]
    rate(gateway, answer_id, {"X-User": "ann"}, correction="First.")
    rate(gateway, answer_id, {"X-User": "ann"}, rating="up")
    rate(gateway, answer_id, {"X-User": "bob"})
    rate(gateway, answer_id, {"Authorization": "Bearer ann"})
    rate(gateway, answer_id)

    stored = items(gateway)
    assert sorted(item.identity.split("-")[0] for item in stored) == ["address", "key", "user", "user"]
    assert {item.rating for item in stored if item.correction is None} == {"up", "down"}
    assert not any("ann" in item.identity or "bob" in item.identity for item in stored)


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"rating": "meh"}, "rating"), ({"correction": "x" * 4001}, "correction"), ({"stars": 5}, "stars")],
)
def test_bad_feedback_names_its_field(gateway: Gateway, fields: dict[str, Any], field: str) -> None:
    answer = rate(gateway, "ans-1-2", **fields)

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
