"""POST /v1/feedback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from medpipe import steps, wiring
from medpipe.backends import signing_keys
from medpipe.core import answer_ids
from medpipe.core.teaching.identities import Grant
from medpipe.gateway_state import gateway_state
from medpipe.ports import FeedbackItem
from medpipe.settings import Settings
from serving.answer_ids import Signer
from serving.problems import Problem
from tests import fakes
from tests.feedback import collected, every
from tests.policies import policies
from tests.serving.conftest import Gateway
from tests.steps.test_feedback import corpus_of


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
        Signer([b"other"]).new_id(),
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
    signed = Signer(gateway_state(gateway.settings).signing_keys).new_id()

    assert rate(gateway, signed).status_code == 404


NEW_KEY, OLD_KEY = "n" * 64, "o" * 64


@pytest.mark.parametrize("stated", ["a phrase of some words", "key\n", f"{NEW_KEY} {OLD_KEY}"])
def test_an_answer_whose_id_an_earlier_release_signed_with_the_whole_setting_can_be_rated(
    gateway: Gateway, stated: str
) -> None:
    signer = Signer(signing_keys.known(stated, gateway.settings.home))
    signer.check(answer_ids.new(stated.encode()))
    with pytest.raises(Problem):
        signer.check(answer_ids.new(b"another"))


def test_the_first_of_several_keys_signs_and_ids_signed_with_any_of_them_are_accepted(gateway: Gateway) -> None:
    signer = Signer(signing_keys.known(f"{NEW_KEY} {OLD_KEY}\n", gateway.settings.home))

    Signer((NEW_KEY.encode(),)).check(signer.new_id())
    signer.check(answer_ids.new(OLD_KEY.encode()))


@pytest.mark.parametrize("stated", ["a phrase of some words", f"short {OLD_KEY}"])
def test_no_word_of_a_phrase_signs_alone(gateway: Gateway, stated: str) -> None:
    signer = Signer(signing_keys.known(stated, gateway.settings.home))

    Signer((stated.encode(),)).check(signer.new_id())
    for word in stated.split():
        with pytest.raises(Problem):
            signer.check(answer_ids.new(word.encode()))


REVIEWS = Grant(scopes=("ask", "review"))


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_the_holder_of_a_key_changes_their_mind_and_others_have_their_own(gateway: Gateway) -> None:
    gateway.route_to("a")
    answer_id = gateway.ask()["answer_id"]
    ann, bob = (gateway.state.keys.issue(name, "person", REVIEWS) for name in ("ann", "bob"))
    rate(gateway, answer_id, bearer(ann.secret), correction="First.")
    assert rate(gateway, answer_id, bearer(ann.secret), rating="up").json()["counted_as"] == "identity"
    rate(gateway, answer_id, bearer(bob.secret))

    assert {item.identity: item.rating for item in items(gateway)} == {ann.key.holder: "up", bob.key.holder: "down"}


def test_names_in_a_header_make_no_identities(gateway: Gateway) -> None:
    gateway.route_to("a")
    answer_id = gateway.ask()["answer_id"]
    for number in range(6):
        accepted = rate(gateway, answer_id, {"X-User": f"user-{number}"}, correction=f"Drug {number}.")
        assert (accepted.status_code, accepted.json()["counted_as"]) == (202, "anonymous")

    (item,) = items(gateway)
    assert item.identity.startswith("anonymous-") and item.correction == "Drug 5."


def test_a_key_that_is_unknown_or_revoked_is_a_401_and_asking_without_a_key_stays_possible(gateway: Gateway) -> None:
    gateway.route_to("a")
    answer_id = gateway.ask()["answer_id"]
    revoked = gateway.state.keys.issue("ann", "person")
    gateway.state.keys.revoke(revoked.key.id, "lost")
    for headers, reason in (
        (bearer("mpk-guessed"), "never issued"),
        (bearer(revoked.secret), f"{revoked.key.id} was revoked"),
        ({"Authorization": "Basic YW5uOmFubg=="}, "Bearer KEY"),
        ({"Authorization": "Bearer "}, "Bearer KEY"),
    ):
        asked = gateway.client.post("/v1/ask", json={"question": "What is rest?"}, headers=headers)
        for refused in (rate(gateway, answer_id, headers), asked):
            assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
            assert reason in refused.json()["error"]["message"]
            assert revoked.secret not in refused.text
    assert items(gateway) == []


def test_a_person_takes_their_own_feedback_back(gateway: Gateway) -> None:
    gateway.route_to("a")
    answer_id = gateway.ask()["answer_id"]
    ann, bob = (bearer(gateway.state.keys.issue(name, "person", REVIEWS).secret) for name in ("ann", "bob"))
    rate(gateway, answer_id, ann, correction="Magic.")
    address = f"/v1/feedback/{answer_id}"

    assert gateway.client.delete(address, headers=bob).json()["error"]["code"] == "no_feedback"
    assert gateway.client.delete("/v1/feedback/ans-1-2", headers=ann).status_code == 403
    assert len(items(gateway)) == 1
    assert gateway.client.delete(address, headers=ann).status_code == 204
    assert items(gateway) == []


def test_what_identifies_people_is_replaced_before_it_is_stored_and_not_in_the_answer(gateway: Gateway) -> None:
    gateway.route_to("a")
    question = "Me llamo Ruth Calder, mi correo es ruth@example.org. What causes Velorin fever?"
    answer = gateway.ask(question)
    text = "Call me at 212-555-0199, or write to ann@example.org."
    rate(gateway, answer["answer_id"], correction=text, reason=f"{text} I am eve@example.org.", category="wrong")
    (item,) = items(gateway)
    own = gateway.client.get(f"/v1/feedback/{answer['answer_id']}").json()
    assert "[EMAIL]" in own["reason"] and own["category"] == "wrong"
    fields = {"rating": "up", "preferred": answer["answer_id"], "alternative": f"{text} I am zoe@example.org."}
    assert rate(gateway, answer["answer_id"], **fields).status_code == 202

    stored = gateway.settings.home.joinpath("medpipe.db").read_bytes()
    wal = gateway.settings.home.joinpath("medpipe.db-wal")
    stored += wal.read_bytes() if wal.exists() else b""
    assert not any(text in stored for text in (b"Calder", b"ruth@", b"555-0199", b"ann@", b"eve@", b"zoe@"))
    assert "[EMAIL]" in item.question and "[PHONE]" in str(item.correction)
    assert "Calder" in str(gateway.engine.seen), "the model is asked the question as it is"


def test_a_key_that_cannot_be_checked_is_a_503(gateway: Gateway) -> None:
    gateway.route_to("a")
    answer_id = gateway.ask()["answer_id"]
    with wiring.Wiring(gateway.settings).database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE keys")
    assert rate(gateway, answer_id, bearer("mpk-any")).status_code == 503


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"rating": "meh"}, "rating"), ({"correction": "x" * 4001}, "correction"), ({"stars": 6}, "stars")],
)
def test_bad_feedback_names_its_field(gateway: Gateway, fields: dict[str, Any], field: str) -> None:
    answer = rate(gateway, "ans-1-2", **fields)

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"rating": None}, "says nothing"),
        ({"rating": None, "reason": "  "}, "says nothing"),
        ({"rating": "up", "stars": 1}, "contradict each other"),
        ({"rating": "down", "stars": 5}, "contradict each other"),
        ({"alternative": "Rest."}, "which one is better"),
        ({"preferred": "alternative"}, "beside a text"),
        ({"preferred": "ans-2", "alternative": "Rest."}, "beside a text"),
        ({"preferred": "ans-2", "correction": "Rest."}, "not both"),
        ({"preferred": "ans-2", "rating": "up"}, "contradict each other"),
        ({"preferred": "ans-1-2", "alternative": "Rest."}, "contradict each other"),
    ],
)
def test_feedback_that_says_nothing_or_contradicts_itself_is_refused(
    gateway: Gateway, fields: dict[str, Any], reason: str
) -> None:
    answer = rate(gateway, "ans-1-2", **fields)
    assert answer.status_code == 422 and reason in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("fields", "rating", "correction"),
    [
        ({"stars": 5}, "up", None),
        ({"stars": 1}, "down", None),
        ({"stars": 5, "correction": "Rest."}, "down", "Rest."),
        ({"rating": "up", "stars": 3, "reason": "Clear."}, "up", None),
        ({"preferred": "alternative", "alternative": " Rest. "}, "down", "Rest."),
        ({"stars": 3}, None, None),
        ({"category": "unclear"}, None, None),
    ],
)
def test_stars_corrections_and_comparisons_count_as_a_thumb_and_three_stars_as_none(
    gateway: Gateway, fields: dict[str, Any], rating: str | None, correction: str | None
) -> None:
    gateway.route_to("a")
    answer_id = gateway.ask()["answer_id"]
    assert rate(gateway, answer_id, **{"rating": None, **fields}).status_code == 202
    assert [(item.rating, item.correction) for item in items(gateway)] == ([(rating, correction)] if rating else [])
    own = gateway.client.get(f"/v1/feedback/{answer_id}").json()
    assert own["rating"] == (rating or "middle") and own["stars"] == fields.get("stars")


def test_the_same_feedback_again_changes_nothing_and_other_feedback_replaces_it_whole(gateway: Gateway) -> None:
    gateway.route_to("a")
    answer_id = gateway.ask()["answer_id"]
    rate(gateway, answer_id, correction="Rest.", reason="It says too little.")
    (first,) = items(gateway)
    assert rate(gateway, answer_id, correction="Rest.", reason="It says too little.").status_code == 202
    assert items(gateway) == [first], "the second time gave it another moment"
    rate(gateway, answer_id, rating="up")
    own = gateway.client.get(f"/v1/feedback/{answer_id}").json()
    assert (own["rating"], own["correction"], own["reason"]) == ("up", None, None)


def test_only_the_asker_and_reviewers_rate_an_answer(gateway: Gateway) -> None:
    gateway.route_to("a")
    keys = gateway.state.keys
    asker, other = (bearer(keys.issue(name, "person").secret) for name in ("ann", "bob"))
    reviewer = bearer(keys.issue("Dr. Calder", "person", Grant(scopes=("review",))).secret)
    answer_id = gateway.ask(**asker)["answer_id"]
    for stranger in (other, None):
        refused = rate(gateway, answer_id, stranger)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_your_answer")
    own = gateway.ask(**other)["answer_id"]
    refused = rate(gateway, own, other, preferred=answer_id)
    assert (refused.status_code, refused.json()["error"]["field"]) == (403, "preferred")
    assert items(gateway) == []
    assert [rate(gateway, answer_id, who).status_code for who in (asker, reviewer)] == [202, 202]
    assert gateway.client.get(f"/v1/feedback/{answer_id}", headers=other).status_code == 404


def test_only_answers_to_one_question_are_compared(gateway: Gateway) -> None:
    gateway.route_to("a")
    worse, better = (gateway.ask()["answer_id"] for _ in range(2))
    elsewhere = gateway.ask("What causes gout?")["answer_id"]
    refused = rate(gateway, worse, preferred=elsewhere)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "another_question")
    assert rate(gateway, worse, preferred=Signer([b"other"]).new_id()).json()["error"]["field"] == "preferred"
    assert rate(gateway, worse, preferred=better).status_code == 202


def test_which_of_two_answers_is_better_becomes_a_pair_and_taking_it_back_removes_the_pair(gateway: Gateway) -> None:
    """From the gateway's calls to the pairs that the verbs build."""
    policy = {"max_share_per_identity": 1.0, "heldout_identities": 0.0, "heldout_questions": 0.0}
    folder = policies(gateway.settings.home / "policies", **policy, teach_unknown_questions=True)
    ports = fakes.ports(Settings(home=gateway.settings.home, policies=folder))
    corpus = corpus_of(ports)
    gateway.route_to("a")
    ann = bearer(gateway.state.keys.issue("ann", "person").secret)
    texts = iter([" Rest is needed.", " Sleep is needed."])
    gateway.engine.write = lambda adapter, prompt: next(texts)
    worse, better = (gateway.ask(**ann) for _ in range(2))
    rate(gateway, worse["answer_id"], ann, preferred=better["answer_id"])

    pairs = steps.build_pairs(collected(ports), corpus, ports=ports)
    (pair,) = every(ports, pairs)
    assert (pair.chosen, pair.rejected) == (better["answer"], worse["answer"])

    assert gateway.client.delete(f"/v1/feedback/{worse['answer_id']}", headers=ann).status_code == 204
    rate(gateway, better["answer_id"], ann, rating="up")
    after = steps.build_pairs(collected(ports), corpus, pairs, ports=ports)
    assert every(ports, after) == [] if after else True
    rate(gateway, worse["answer_id"], ann, preferred=better["answer_id"])
    rate(gateway, worse["answer_id"], ann, rating="up")
    assert steps.build_pairs(collected(ports), corpus, ports=ports) is None
