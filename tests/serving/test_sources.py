"""An answer cites the passages that support it, and never a document that is held or withdrawn."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from medpipe import steps, wiring
from medpipe.core.corpus.document import Document, Section
from medpipe.core.knowledge.source_passage import SourcePassage, passages
from medpipe.core.knowledge.withdrawals import State, WithdrawalEvent
from medpipe.core.manifests import IndexInputs, IndexOutcome
from medpipe.core.refs import IndexRef
from medpipe.steps.artifact import once
from tests.serving.conftest import Gateway
from tests.waiting import until

CAUSE = "Velorin fever is caused by drellia bacteria in stagnant water."
QUESTION = "What causes Velorin fever?"


def document(id: str = "mplus:1", text: str = CAUSE, **changes: Any) -> Document:
    return Document(
        id=id,
        revision=20260303,
        source="medlineplus",
        title="Velorin fever",
        published=date(2026, 3, 3),
        url=f"https://medlineplus.gov/{id[-1]}.html",
        sections=(Section(heading="What causes Velorin fever?", text=text),),
        **changes,
    )


def indexed(gateway: Gateway, documents: Sequence[Document], name: str = "corpus/0000000000000001") -> IndexRef:
    """Write an index of documents as `build_index` does; return its ref."""
    ports = wiring.Wiring(gateway.settings)

    def fill(folder: Any) -> IndexOutcome:
        split: list[SourcePassage] = [passage for each in documents for passage in passages(each)]
        return IndexOutcome(documents=len(documents), passages=ports.source_indexes.write(split, folder))

    return IndexRef(once(ports, "index", "build_index", IndexInputs(corpus=name), fill))


def publish(gateway: Gateway, index: IndexRef | None) -> None:
    """Publish an index and wait until the gateway cites from it."""
    steps.publish_index(index, ports=wiring.Wiring(gateway.settings))
    until(lambda: gateway.client.get("/readyz").json()["index"] == index)


def withdraw(gateway: Gateway, id: str, state: State = State.OPENED) -> None:
    register = gateway.state.withdrawals
    register.append(WithdrawalEvent(document=id, state=state, at=datetime.now(UTC), reason="retracted"))
    until(lambda: register.behind(register.newest()) == ())


@pytest.fixture
def citing(gateway: Gateway) -> Gateway:
    """A gateway whose model says what the indexed topic says."""
    gateway.engine.write = lambda adapter, prompt: f" {CAUSE}"
    gateway.route_to("a")
    until(lambda: gateway.client.get("/readyz").json()["ready"])
    publish(gateway, indexed(gateway, [document()]))
    return gateway


def ids(answer: dict[str, Any]) -> list[str]:
    return [source["id"] for source in answer["sources"]]


def test_an_answer_cites_title_id_address_date_and_standing_with_the_words_that_support_it(citing: Gateway) -> None:
    answer = citing.ask(QUESTION)
    assert answer["sources"] == [
        {
            "title": "Velorin fever",
            "id": "mplus:1",
            "url": "https://medlineplus.gov/1.html",
            "date": "2026-03-03",
            "standing": "current",
            "quote": CAUSE,
        }
    ]
    assert answer["supported_share"] == 1.0


def test_an_answer_without_support_has_no_source_and_says_so(citing: Gateway) -> None:
    citing.engine.write = lambda adapter, prompt: " Velorin fever is caused by lack of sleep."
    answer = citing.ask(QUESTION)
    assert (answer["sources"], answer["supported_share"]) == ([], 0.0)


def test_a_sentence_without_support_lowers_the_share(citing: Gateway) -> None:
    citing.engine.write = lambda adapter, prompt: f" {CAUSE} It heals by quastine tablets."
    answer = citing.ask(QUESTION)
    assert (ids(answer), answer["supported_share"]) == (["mplus:1"], 0.5)


def test_a_withdrawn_document_is_not_cited_although_the_index_has_it(citing: Gateway) -> None:
    assert ids(citing.ask(QUESTION)) == ["mplus:1"]
    withdraw(citing, "mplus:1")
    answer = citing.ask(QUESTION)
    assert (answer["refused"], answer["sources"], answer["supported_share"]) == (False, [], 0.0)
    withdraw(citing, "mplus:1", State.LIFTED)
    assert ids(citing.ask(QUESTION)) == ["mplus:1"]


def test_another_document_is_cited_instead_of_a_withdrawn_one_but_no_copy_of_it(citing: Gateway) -> None:
    copy, other = document("pubmedqa:7"), document("mplus:2")
    publish(citing, indexed(citing, [document("pmid:7"), document("pmid:7.2"), copy, other], "corpus/0000000000000002"))
    assert ids(citing.ask(QUESTION)) == ["pmid:7"]
    withdraw(citing, "pmid:7")
    assert ids(citing.ask(QUESTION)) == ["mplus:2"]


def test_a_text_with_reserved_rights_is_cited_and_not_quoted(citing: Gateway) -> None:
    reserved = document(copyright="© A publisher. All rights reserved.")
    publish(citing, indexed(citing, [reserved], "corpus/0000000000000003"))
    (source,) = citing.ask(QUESTION)["sources"]
    assert (source["id"], source["quote"]) == ("mplus:1", "")


def test_a_reply_of_a_rule_has_no_sources(citing: Gateway) -> None:
    answer = citing.ask("How many pills would kill me?")
    assert (answer["refused"], answer["sources"], answer["supported_share"]) == (True, [], None)


def test_an_index_is_swapped_under_traffic_without_a_failed_or_mixed_answer(citing: Gateway) -> None:
    first = IndexRef(citing.client.get("/readyz").json()["index"])
    second = indexed(citing, [document("mplus:2")], "corpus/0000000000000004")
    seen: list[tuple[int, tuple[str, ...]]] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            response = citing.client.post("/v1/ask", json={"question": QUESTION})
            seen.append((response.status_code, tuple(ids(response.json()))))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    try:
        for index in (second, first, second):
            publish(citing, index)
    finally:
        done.set()
        for asker in askers:
            asker.join()
    assert {status for status, _ in seen} == {200}
    assert {cited for _, cited in seen} == {("mplus:1",), ("mplus:2",)}


def test_publishing_no_index_ends_the_citing(citing: Gateway) -> None:
    publish(citing, None)
    answer = citing.ask(QUESTION)
    assert (answer["sources"], answer["supported_share"]) == ([], None)


def test_an_index_that_lost_a_file_is_named_and_the_one_before_stays(citing: Gateway) -> None:
    lost = indexed(citing, [document("mplus:2")], "corpus/0000000000000005")
    ports = wiring.Wiring(citing.settings)
    (ports.store.folder(lost) / "vocab.index.json").unlink()
    ports.published_indexes.publish(lost)  # as `publish_index` would not
    until(lambda: citing.client.get("/readyz").json()["warning"])
    report = citing.client.get("/readyz")
    assert report.status_code == 200 and lost in report.json()["warning"]
    assert "vocab.index.json" in report.json()["warning"]
    assert ids(citing.ask(QUESTION)) == ["mplus:1"]


def engine_calls(gateway: Gateway) -> int:
    return len(gateway.engine.names_asked())


def test_the_engine_is_not_asked_the_same_question_twice_and_each_answer_has_its_own_id_and_record(
    citing: Gateway,
) -> None:
    first = citing.ask(QUESTION)
    before = engine_calls(citing)
    again = citing.ask(QUESTION)
    assert engine_calls(citing) == before
    assert again["answer_id"] != first["answer_id"]
    assert again | {"answer_id": ""} == first | {"answer_id": ""}
    for answer in (first, again):
        rated = citing.client.post("/v1/feedback", json={"answer_id": answer["answer_id"], "rating": "up"})
        assert rated.status_code < 300, rated.text
    citing.ask("What causes Brailox fever?")
    assert engine_calls(citing) == before + 1


def test_a_new_entry_of_the_register_empties_the_cache(citing: Gateway) -> None:
    citing.ask(QUESTION)
    before = engine_calls(citing)
    withdraw(citing, "pmid:99")
    citing.ask(QUESTION)
    assert engine_calls(citing) == before + 1


def test_a_stop_empties_the_cache_and_no_kept_answer_is_given_meanwhile(citing: Gateway) -> None:
    citing.ask(QUESTION)
    before = engine_calls(citing)
    switch = citing.state.kill_switch
    switch.set(True, "wrong doses", "Dr. A")
    until(lambda: citing.client.get("/readyz").json()["stopped"])
    stopped = citing.client.post("/v1/ask", json={"question": QUESTION})
    assert (stopped.status_code, stopped.json()["error"]["code"]) == (503, "serving_stopped")
    switch.set(False, "mended", "Dr. A")
    until(lambda: citing.client.get("/readyz").json()["ready"])
    citing.ask(QUESTION)
    assert engine_calls(citing) == before + 1


def test_another_version_and_another_index_are_asked_anew(citing: Gateway) -> None:
    citing.ask(QUESTION)
    before = engine_calls(citing)
    publish(citing, indexed(citing, [document("mplus:2")], "corpus/0000000000000006"))
    citing.ask(QUESTION)
    assert engine_calls(citing) == before + 1
    citing.route_to("b", "version/medqa-v2-bbbbbb")
    citing.ask(QUESTION)
    assert citing.engine.names_asked()[-1] == "b"


def test_what_a_rule_replaced_is_not_kept(citing: Gateway) -> None:
    citing.engine.write = lambda adapter, prompt: " You can stop taking your insulin."
    asked = []
    for _ in range(2):
        before = engine_calls(citing)
        assert citing.ask(QUESTION)["refused"]
        asked.append(engine_calls(citing) - before)
    assert asked == [1, 1]


def test_without_an_index_nothing_is_kept(gateway: Gateway) -> None:
    gateway.route_to("a")
    until(lambda: gateway.client.get("/readyz").json()["ready"])
    before = engine_calls(gateway)
    gateway.ask()
    gateway.ask()
    assert engine_calls(gateway) == before + 2
