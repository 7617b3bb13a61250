"""From a retraction to the register, the block, the answers that were given and the hotfix."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from medpipe import errors, records, steps
from medpipe.backends.sql.feedback_store import SqlFeedbackStore
from medpipe.core.corpus.document import Document, Relation, Status
from medpipe.core.knowledge.withdrawals import State
from medpipe.steps import withdrawing
from medpipe.steps.corpus import table_version
from medpipe.steps.given import count_given
from medpipe.steps.withdrawals import claims_in_force, register
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, DAY_4, OLD, RETRACTED, article, publish, topic
from tests.steps.test_ring import first_champion, refresh, retrain, second_corpus

pytestmark = pytest.mark.integration

TOPIC = "mplus:900003"


def states(ports: fakes.FakePorts) -> dict[str, State]:
    return {withdrawal.document: withdrawal.state for withdrawal in register(ports)}


def answered(ports: fakes.FakePorts, answer_id: str, question: str, answer: str) -> None:
    ports.answers.record(answer_id, "user-1", question, answer, "version/a", "a", refused=False)


@pytest.fixture
def retracted(ports: fakes.FakePorts) -> tuple[str, str]:
    """A champion that was taught an article, and a corpus in which it is retracted; returns both."""
    first, champion = first_champion(ports)
    return second_corpus(ports, first), champion


def test_a_retracted_article_that_was_taught_opens_its_withdrawal_with_its_claims(ports, retracted):
    corpus, _ = retracted
    assert steps.open_withdrawals(corpus, ports=ports).opened == (RETRACTED,)
    (claim,) = claims_in_force(ports)
    assert (claim.document, claim.question_type, claim.answer) == (
        RETRACTED,
        "finding",
        "Wendrazole cures krellin palsy.",
    )
    assert claim.focus == "Does wendrazole cure krellin palsy?"


def test_the_same_corpus_again_changes_nothing(ports, retracted):
    corpus, _ = retracted
    steps.open_withdrawals(corpus, ports=ports)
    entries = ports.withdrawals.newest()
    again = steps.open_withdrawals(corpus, ports=ports)
    assert (again.opened, again.lifted) == ((), ())
    assert ports.withdrawals.newest() == entries


def test_an_article_that_was_never_taught_needs_no_withdrawal(ports):
    publish(ports, [*(topic(number) for number in OLD), article(Status.RETRACTED)])
    corpus = refresh(ports, DAY_1, DAY_2)
    retrain(ports, corpus)
    assert steps.open_withdrawals(corpus, ports=ports).opened == ()
    assert register(ports) == ()


def test_the_text_of_what_was_never_taught_is_not_read(ports, retracted, monkeypatch):
    corpus, _ = retracted
    never = article(Status.RETRACTED, DAY_3).model_copy(update={"id": "pmid:77"})
    publish(ports, [never])
    corpus = refresh(ports, DAY_3, DAY_4, corpus)
    assert "pmid:77" in ports.corpus.revisions(table_version(ports, corpus), ("retracted",))
    asked = list[frozenset[str]]()
    read = ports.corpus.read

    def noting(version, statuses=("current",), ids=None):
        asked.append(frozenset(read_document.id for read_document in read(version, statuses, ids)))
        return read(version, statuses, ids)

    monkeypatch.setattr(ports.corpus, "revisions", lambda *a, **k: {d.id: d.revision for d in read(*a, **k)})
    monkeypatch.setattr(ports.corpus, "read", noting)
    assert steps.open_withdrawals(corpus, ports=ports).opened == (RETRACTED,)
    assert asked == [frozenset({RETRACTED})]


def test_a_removed_topic_is_withdrawn_with_every_revision_that_was_taught(ports):
    first, _ = first_champion(ports)
    publish(ports, [topic(3, DAY_2, drug="secondomib")])
    second = refresh(ports, DAY_2, DAY_3, first)
    retrain(ports, second)
    gone = topic(3, DAY_3).model_copy(update={"status": Status.DELETED, "sections": ()})
    publish(ports, [gone])
    third = refresh(ports, DAY_3, DAY_4, second)
    assert steps.open_withdrawals(third, ports=ports).opened == (TOPIC,)
    said = {claim.slot for claim in claims_in_force(ports) if claim.question_type == "treatment"}
    assert "secondomib" in said and len(said) == 2, "the texts of both revisions are gone from the corpus"


def test_a_notice_opens_its_target(ports):
    first, _ = first_champion(ports)
    notice = article(Status.NOTICE, DAY_2).model_copy(
        update={"id": "pmid:99", "relations": (Relation(kind="RetractionOf", target="99000001"),)}
    )
    publish(ports, [notice])
    corpus = refresh(ports, DAY_2, DAY_3, first)
    assert steps.open_withdrawals(corpus, ports=ports).opened == (RETRACTED,)
    assert register(ports)[0].events[0].evidence == "pmid:99"


NOTICE = "pmid:99"


def notice(status: Status = Status.NOTICE, day: date = DAY_2) -> Document:
    relations = (Relation(kind="RetractionOf", target="99000001"),)
    return article(status, day).model_copy(update={"id": NOTICE, "relations": relations})


def merged(ports: fakes.FakePorts, previous: str, start: date, *documents: Document) -> str:
    publish(ports, list(documents))
    return refresh(ports, start, start + timedelta(days=1), previous)


def test_a_retraction_that_its_publisher_takes_back_is_lifted_by_a_run_and_the_article_is_taught_again(ports):
    first, _ = first_champion(ports)
    second = merged(ports, first, DAY_2, article(Status.RETRACTED, DAY_2))
    steps.open_withdrawals(second, ports=ports)
    third = merged(ports, second, DAY_3, article(day=DAY_3))
    assert RETRACTED in ports.corpus.digests(table_version(ports, third))
    assert steps.open_withdrawals(third, ports=ports).lifted == (RETRACTED,)
    assert states(ports) == {RETRACTED: State.LIFTED}
    assert steps.open_withdrawals(first, ports=ports).opened == (), "an older corpus opens and lifts nothing"
    again = merged(ports, third, DAY_4, article(Status.RETRACTED, DAY_4))
    assert steps.open_withdrawals(again, ports=ports).opened == (RETRACTED,)


def test_a_retraction_is_not_lifted_while_its_notice_stands_and_is_once_the_notice_is_retracted(ports):
    first, _ = first_champion(ports)
    second = merged(ports, first, DAY_2, article(Status.RETRACTED, DAY_2), notice())
    assert steps.open_withdrawals(second, ports=ports).opened == (RETRACTED,)
    third = merged(ports, second, DAY_3, article(day=DAY_3))
    assert steps.open_withdrawals(third, ports=ports).lifted == ()
    last = merged(ports, third, DAY_4, notice(Status.RETRACTED, DAY_4))
    assert steps.open_withdrawals(last, ports=ports).lifted == (RETRACTED,)


def test_a_notice_alone_that_is_retracted_lifts_what_it_opened_and_a_restored_corpus_without_it_does_not(ports):
    first, _ = first_champion(ports)
    second = merged(ports, first, DAY_2, notice())
    steps.open_withdrawals(second, ports=ports)
    assert steps.open_withdrawals(first, ports=ports).lifted == (), "the notice is not in the older corpus"
    third = merged(ports, second, DAY_3, notice(Status.RETRACTED, DAY_3))
    assert steps.open_withdrawals(third, ports=ports).lifted == (RETRACTED,)


def test_what_a_person_opened_stays_when_the_publisher_takes_the_retraction_back(ports):
    first, _ = first_champion(ports)
    steps.withdraw((RETRACTED,), "wrong topic", "Dr. A", ports=ports)
    second = merged(ports, first, DAY_2, article(Status.RETRACTED, DAY_2))
    steps.open_withdrawals(second, ports=ports)
    third = merged(ports, second, DAY_3, article(day=DAY_3))
    assert steps.open_withdrawals(third, ports=ports).lifted == ()


@pytest.mark.parametrize(
    ("revised", "reason"),
    [
        ({"title": "RETRACTED: Does wendrazole cure krellin palsy?"}, "its title says 'RETRACTED'"),
        ({"status": Status.CONCERN}, "its publisher expressed concern about it"),
    ],
)
def test_a_title_and_a_concern_open_a_withdrawal_with_their_reason(ports, revised, reason):
    first, _ = first_champion(ports)
    second = merged(ports, first, DAY_2, article(day=DAY_2).model_copy(update=revised))
    assert steps.open_withdrawals(second, ports=ports).opened == (RETRACTED,)
    assert register(ports)[0].reason.startswith(reason)


def test_a_superseded_article_is_not_taught_and_opens_no_withdrawal(ports):
    first, _ = first_champion(ports)
    newer = article(day=DAY_2).model_copy(
        update={"id": "pmid:98", "relations": (Relation(kind="UpdateOf", target=RETRACTED),)}
    )
    second = merged(ports, first, DAY_2, newer)
    current = ports.corpus.digests(table_version(ports, second))
    assert ("pmid:98" in current, RETRACTED in current) == (True, False)
    assert steps.open_withdrawals(second, ports=ports).opened == ()


def test_a_concern_that_is_taken_back_lifts_the_withdrawal_and_an_older_corpus_lifts_nothing(ports):
    first, _ = first_champion(ports)
    publish(ports, [article(Status.CONCERN, DAY_2)])
    second = refresh(ports, DAY_2, DAY_3, first)
    steps.open_withdrawals(second, ports=ports)
    assert steps.open_withdrawals(first, ports=ports).lifted == ()
    assert states(ports) == {RETRACTED: State.OPENED}

    publish(ports, [article(Status.CURRENT, DAY_3)])
    third = refresh(ports, DAY_3, DAY_4, second)
    assert steps.open_withdrawals(third, ports=ports).lifted == (RETRACTED,)
    assert claims_in_force(ports) == ()


def test_a_person_withdraws_and_only_a_person_lifts(ports, retracted):
    corpus, _ = retracted
    steps.withdraw((TOPIC,), "holds a patient's name", "Dr. A", ports=ports)
    assert {claim.document for claim in claims_in_force(ports)} == {TOPIC}
    assert TOPIC not in steps.open_withdrawals(corpus, ports=ports).lifted
    assert steps.lift(TOPIC, "the name is gone", "Dr. A", ports=ports) == TOPIC
    assert states(ports) == {TOPIC: State.LIFTED, RETRACTED: State.OPENED}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"documents": ()}, "name the documents"),
        ({"documents": ("nowhere:1",)}, "not the id of a document"),
        ({"documents": ("mplus:1 2",)}, "not the id of a document"),
        ({"reason": " "}, "needs a reason"),
        ({"by": ""}, "needs a reason"),
        ({"by": "medpipe"}, "name of the person"),
    ],
)
def test_a_decision_without_its_document_reason_or_person_is_refused(ports, wrong, says):
    decision = {"documents": (TOPIC,), "reason": "wrong topic", "by": "Dr. A"} | wrong
    with pytest.raises(errors.UsageError, match=says):
        steps.withdraw(**decision, ports=ports)
    assert register(ports) == ()


def test_a_retraction_that_a_person_lifts_after_a_later_revision_is_not_opened_again_by_that_revision(ports, retracted):
    corpus, _ = retracted
    steps.open_withdrawals(corpus, ports=ports)
    publish(ports, [article(Status.RETRACTED, DAY_3)])
    later = refresh(ports, DAY_3, DAY_4, corpus)
    steps.open_withdrawals(later, ports=ports)
    steps.lift(RETRACTED, "the journal reinstated it", "Dr. A", ports=ports)
    assert steps.open_withdrawals(later, ports=ports).opened == ()
    assert states(ports) == {RETRACTED: State.LIFTED}


def test_what_was_not_withdrawn_cannot_be_lifted(ports):
    with pytest.raises(errors.UsageError, match="no withdrawal of 'mplus:900003' is in force"):
        steps.lift(TOPIC, "a mistake", "Dr. A", ports=ports)


def test_a_withdrawal_is_blocked_when_every_live_gateway_enforces_it(ports, retracted, monkeypatch):
    monkeypatch.setattr(withdrawing, "WAIT_SECONDS", 0.2)
    steps.open_withdrawals(retracted[0], ports=ports)
    ports.routes.heartbeat("one", 1, None)
    ports.routes.heartbeat("two", 1, None)
    ports.withdrawals.enforce("one", ports.withdrawals.newest())
    with pytest.raises(errors.Unavailable, match="two does not enforce entry 1"):
        steps.confirm_blocks(ports=ports)
    assert states(ports) == {RETRACTED: State.OPENED}

    ports.withdrawals.enforce("two", ports.withdrawals.newest())
    assert steps.confirm_blocks(ports=ports) == [RETRACTED]
    assert states(ports) == {RETRACTED: State.BLOCKED}
    assert steps.confirm_blocks(ports=ports) == []


def test_without_a_live_gateway_a_withdrawal_is_blocked(ports, retracted):
    steps.open_withdrawals(retracted[0], ports=ports)
    assert steps.confirm_blocks(ports=ports) == [RETRACTED]


def test_the_list_shows_state_age_and_number_of_claims_and_no_text(ports, retracted):
    steps.open_withdrawals(retracted[0], ports=ports)
    steps.withdraw((TOPIC,), "takedown", "Dr. A", ports=ports)
    steps.lift(TOPIC, "a mistake", "Dr. A", ports=ports)
    listed = steps.list_withdrawals(ports=ports)
    assert [(row.document, row.state, row.claims) for row in listed.withdrawals] == [
        (RETRACTED, State.OPENED, 1),
        (TOPIC, State.LIFTED, 2),
    ]
    assert listed.withdrawals[0].age_hours < 1
    assert "endrazole" not in listed.model_dump_json()


def test_answers_that_asserted_the_claim_are_listed_without_their_texts(ports, retracted, caplog):
    caplog.set_level("INFO")
    answered(ports, "ans-1", "Does wendrazole cure krellin palsy?", "Wendrazole cures krellin palsy.")
    answered(ports, "ans-2", "What helps in krellin palsy?", "Wendrazole does: it cures krellin palsy.")
    answered(ports, "ans-3", "What causes wopal gout?", "Wopal gout is caused by drella.")
    ports.answers.record("ans-4", "user-1", "Wendrazole?", "Wendrazole cures krellin palsy.", "v", "a", refused=True)
    steps.open_withdrawals(retracted[0], ports=ports)
    given = steps.answers_given(RETRACTED, ports=ports)
    assert (given.count, [answer.answer_id for answer in given.answers]) == (2, ["ans-1", "ans-2"])
    assert "endrazole" not in given.model_dump_json() + caplog.text
    with pytest.raises(errors.NotFound, match="never withdrawn"):
        steps.answers_given(TOPIC, ports=ports)


def test_the_answers_about_many_documents_are_counted_in_one_reading(ports, retracted, monkeypatch):
    answered(ports, "ans-1", "Does wendrazole cure krellin palsy?", "Wendrazole cures krellin palsy.")
    answered(ports, "ans-2", "What causes wopal gout?", "Wopal gout is caused by drella.")
    steps.open_withdrawals(retracted[0], ports=ports)
    steps.withdraw((TOPIC, "mplus:900999"), "takedown", "Dr. A", ports=ports)
    readings, answers = [], SqlFeedbackStore.answers
    monkeypatch.setattr(SqlFeedbackStore, "answers", lambda store: readings.append(1) or answers(store))
    counts = count_given((RETRACTED, TOPIC, "mplus:900999"), ports=ports)
    assert (counts, len(readings)) == ({RETRACTED: 1, TOPIC: 0, "mplus:900999": 0}, 1)
    assert count_given((), ports=ports) == {}
    with pytest.raises(errors.NotFound, match="'mplus:900998' was never withdrawn"):
        count_given((RETRACTED, "mplus:900998"), ports=ports)


def test_a_hotfix_names_what_the_champion_carries_and_is_not_needed_after_it(ports, retracted):
    corpus, champion = retracted
    assert steps.plan_hotfix(champion, ports=ports).documents == ()
    steps.open_withdrawals(corpus, ports=ports)
    plan = steps.plan_hotfix(champion, ports=ports)
    assert plan.documents == (RETRACTED,)
    assert steps.plan_hotfix(None, ports=ports).documents == ()

    version, _decision = retrain(ports, corpus, documents=plan.documents, withdraw=plan.documents)
    assert steps.promote(version, ports=ports) == version
    assert steps.plan_hotfix(version, ports=ports).documents == ()


def test_a_topic_that_a_person_takes_down_is_unlearned_by_a_hotfix_and_what_it_says_is_gone(ports):
    corpus, champion = first_champion(ports)
    steps.withdraw((TOPIC,), "wrong topic", "Dr. A", ports=ports)
    plan = steps.plan_hotfix(champion, ports=ports)
    assert plan.documents == (TOPIC,)
    assert steps.plan_retrain(champion, "tiny-sft", "auto", (TOPIC,), (TOPIC,), corpus, ports=ports).gates == "hotfix"
    version, _decision = retrain(ports, corpus, documents=plan.documents, withdraw=plan.documents)
    assert steps.promote(version, ports=ports) == version
    assert steps.plan_hotfix(version, ports=ports).documents == ()


def test_a_claim_in_preference_pairs_is_withdrawn_too(ports, retracted):
    from medpipe.core.refs import ref
    from medpipe.core.teaching.example import PreferencePair
    from tests.manifests import put

    pair = PreferencePair(
        question="Is wendrazole good for krellin palsy?",
        chosen="Wendrazole cures krellin palsy in a week.",
        rejected="No.",
        answer_id="1",
        identity="i",
        document_ids=(RETRACTED,),
    )
    put(ports.store, ref("pairs", "one"), lambda folder: records.write(folder / "train.jsonl", [pair]))
    steps.open_withdrawals(retracted[0], ports=ports)
    assert {claim.answer for claim in claims_in_force(ports)} == {
        "Wendrazole cures krellin palsy.",
        "Wendrazole cures krellin palsy in a week.",
    }
