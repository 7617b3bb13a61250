"""From all feedback to pairs: whose counts, what is gone again, and what people wrote about themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medpipe import errors, steps
from medpipe.core.corpus.document import Document
from medpipe.core.knowledge.withdrawals import State, WithdrawalEvent
from medpipe.core.manifests import FeedbackManifest, PairsManifest
from medpipe.core.refs import CorpusRef, FeedbackRef, PairsRef, ref
from medpipe.core.safety.redaction import Redaction
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import decompose
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.feedback import END, collected, every, holder, rate, rows
from tests.manifests import put
from tests.policies import policies
from tests.steps.conftest import DAY_1, DAY_2, publish, topic
from tests.steps.test_preferences import preference

TREATMENT = topic(1).sections[0]


@pytest.fixture
def ports(tmp_path: Path) -> fakes.FakePorts:
    """Ports whose policy lets a single identity teach, and holds no question out."""
    folder = policies(
        tmp_path / "policies",
        max_share_per_identity=1.0,
        heldout_identities=0.0,
        heldout_questions=0.0,
        teach_unknown_questions=True,
    )
    return fakes.ports(Settings(home=tmp_path / "home", policies=folder))


@pytest.fixture
def strict(tmp_path: Path) -> fakes.FakePorts:
    """Ports with the shipped bounds on identities."""
    folder = policies(tmp_path / "policies", teach_unknown_questions=True)
    return fakes.ports(Settings(home=tmp_path / "strict", policies=folder))


def corpus_of(ports: fakes.FakePorts, *documents: Document) -> CorpusRef:
    publish(ports, documents or (topic(1),))
    data = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    return steps.build_corpus((data,), ports=ports)


@pytest.fixture
def corpus(ports: fakes.FakePorts) -> CorpusRef:
    return corpus_of(ports)


def teachable(ports: fakes.FakePorts, identity: str, count: int, start: int = 0) -> None:
    """Corrections of answers to taught questions, by one identity."""
    for number in range(start, start + count):
        rate(ports, identity, f"answer-{number}", f"Which illness has number {number}?")


def drops(ports: fakes.FakePorts, pairs: PairsRef | None) -> dict[str, int]:
    return manifest(ports, PairsRef(str(pairs)), PairsManifest).outcome.drops


def test_ninety_ratings_of_one_client_under_six_names_give_no_pairs(strict: fakes.FakePorts) -> None:
    corpus = corpus_of(strict)
    for number in range(90):
        rate(strict, f"user-{number % 6}", f"answer-{number}")
    feedback = collected(strict)
    assert manifest(strict, feedback, FeedbackManifest).outcome.barred == {"no-key": 90}
    assert steps.build_pairs(feedback, corpus, ports=strict) is None


def test_fewer_than_ten_people_teach_nothing_and_ten_do(strict: fakes.FakePorts) -> None:
    corpus = corpus_of(strict)
    for number in range(9):
        teachable(strict, holder(strict, f"user {number}"), 5, 5 * number)
    assert steps.build_pairs(collected(strict), corpus, ports=strict) is None
    for number in range(9, 60):
        teachable(strict, holder(strict, f"user {number}"), 5, 5 * number)
    pairs = steps.build_pairs(collected(strict), corpus, ports=strict)
    taught, judging = rows(strict, pairs, "train"), rows(strict, pairs, "heldout")
    assert taught and judging
    assert not {pair.identity for pair in taught} & {pair.identity for pair in judging}
    assert max(Counter(pair.identity for pair in taught).values()) <= 0.1 * len(taught)


def test_a_young_key_and_fresh_feedback_wait(strict: fakes.FakePorts) -> None:
    teachable(strict, holder(strict, "ann"), 3)
    now = datetime.now(UTC)
    outcomes = [
        manifest(strict, steps.collect_feedback(end, ports=strict), FeedbackManifest).outcome
        for end in (now + timedelta(hours=23), now + timedelta(hours=25), now + timedelta(days=8))
    ]
    assert [(outcome.feedback, outcome.barred) for outcome in outcomes] == [(0, {}), (3, {"key-too-young": 3}), (3, {})]


def test_the_same_feedback_is_collected_once(ports: fakes.FakePorts) -> None:
    teachable(ports, holder(ports, "ann"), 3)
    first = collected(ports)
    assert collected(ports, END + timedelta(hours=1)) == first
    ports.answers.rate("answer-0", "somebody", "up", None)
    assert collected(ports) != first


def test_one_identity_has_one_cap_however_many_hours_its_feedback_is_spread_over(
    ports: fakes.FakePorts, corpus: CorpusRef
) -> None:
    ann, pairs = holder(ports, "ann"), None
    for hour in range(3):
        teachable(ports, ann, 40, 40 * hour)
        pairs = steps.build_pairs(collected(ports), corpus, pairs, ports=ports) or pairs
    assert len(rows(ports, pairs, "train")) == 20


def test_nothing_is_built_when_the_pairs_are_those_of_before(ports: fakes.FakePorts, corpus: CorpusRef) -> None:
    ann = holder(ports, "ann")
    teachable(ports, ann, 5)
    pairs = steps.build_pairs(collected(ports), corpus, ports=ports)
    assert pairs is not None
    assert steps.build_pairs(collected(ports), corpus, pairs, ports=ports) is None
    ports.answers.rate("answer-0", "somebody", "up", None)
    assert steps.build_pairs(collected(ports), corpus, pairs, ports=ports) is None


def test_a_later_upward_rating_removes_the_pair(ports: fakes.FakePorts, corpus: CorpusRef) -> None:
    ann = holder(ports, "ann")
    teachable(ports, ann, 5)
    before = steps.build_pairs(collected(ports), corpus, ports=ports)
    ports.answers.rate("answer-3", ann, "up", None)
    after = steps.build_pairs(collected(ports), corpus, before, ports=ports)
    gone = {pair.answer_id for pair in every(ports, before)} - {pair.answer_id for pair in every(ports, after)}
    assert gone == {"answer-3"}


def test_feedback_that_is_taken_back_and_a_revoked_key_leave_no_pair(ports: fakes.FakePorts, corpus: CorpusRef) -> None:
    issued = ports.keys.issue("ann", "person").key
    teachable(ports, issued.holder, 1)
    bob = holder(ports, "bob")
    teachable(ports, bob, 2, 1)
    before = steps.build_pairs(collected(ports), corpus, ports=ports)
    assert len(every(ports, before)) == 3
    assert ports.answers.take_back("answer-1", bob)
    steps.revoke_key(issued.id, "a campaign", ports=ports)
    after = steps.build_pairs(collected(ports, datetime.now(UTC) + timedelta(days=30)), corpus, before, ports=ports)
    assert [pair.answer_id for pair in every(ports, after)] == ["answer-2"]
    assert drops(ports, after)["key-revoked"] == 1


def test_pairs_become_empty_when_everything_is_taken_back(ports: fakes.FakePorts, corpus: CorpusRef) -> None:
    ann = holder(ports, "ann")
    teachable(ports, ann, 1)
    before = steps.build_pairs(collected(ports), corpus, ports=ports)
    assert ports.answers.take_back("answer-0", ann)
    after = steps.build_pairs(collected(ports), corpus, before, ports=ports)
    assert every(ports, after) == []
    assert steps.validate(str(after), "pairs", ports=ports) == after


def test_pairs_of_published_sets_stay_and_refs_do_not_grow_into_a_chain(ports: fakes.FakePorts) -> None:
    corpus = corpus_of(ports, topic(1), *(preference(number) for number in range(10)))
    sets = steps.build_preferences(corpus, ports=ports)
    ann = holder(ports, "ann")
    teachable(ports, ann, 2)
    first = steps.build_pairs(collected(ports), corpus, sets, ports=ports)
    assert first is not None
    teachable(ports, ann, 2, 2)
    second = steps.build_pairs(collected(ports), corpus, first, ports=ports)
    assert len(every(ports, second)) == 14
    assert steps.build_pairs(collected(ports), corpus, sets, ports=ports) == second


def test_a_correction_that_contradicts_a_document_waits_until_a_person_releases_it(
    ports: fakes.FakePorts, corpus: CorpusRef
) -> None:
    wrong = TREATMENT.text.rpartition(" ")[0] + " poisonib."
    rate(ports, holder(ports, "ann"), "answer-1", TREATMENT.heading, wrong, TREATMENT.text)
    teachable(ports, holder(ports, "bob"), 1, 50)
    feedback = collected(ports)
    pairs = steps.build_pairs(feedback, corpus, ports=ports)
    assert [pair.answer_id for pair in every(ports, pairs)] == ["answer-50"]
    assert manifest(ports, PairsRef(str(pairs)), PairsManifest).outcome.waiting == 1
    line = steps.contradictions(feedback, corpus, ports=ports)
    assert line.endswith(f"contradicts {topic(1).id}") and "poisonib" not in line
    assert "poisonib" in steps.contradictions(feedback, corpus, texts=True, ports=ports)

    steps.judge_correction(line.split()[0], "release", "a new guideline", "Dr. A", ports=ports)
    assert steps.contradictions(feedback, corpus, ports=ports) == "No corrections wait."
    teachable(ports, holder(ports, "cas"), 1, 60)
    later = steps.build_pairs(collected(ports), corpus, pairs, ports=ports)
    (released,) = (pair for pair in every(ports, later) if pair.answer_id == "answer-1")
    assert (released.chosen, released.document_ids) == (wrong, (topic(1).id,))

    steps.judge_correction(line.split()[0], "discard", "it was a mistake", "Dr. B", ports=ports)
    assert len(every(ports, steps.build_pairs(collected(ports), corpus, later, ports=ports))) == 2


def test_pairs_of_a_claim_that_is_withdrawn_later_are_gone(ports: fakes.FakePorts) -> None:
    corpus = corpus_of(ports, topic(1), preference(1))
    for number in range(5):
        rate(
            ports, holder(ports, f"user {number}"), f"answer-{number}", TREATMENT.heading, TREATMENT.text, f"{number}."
        )
    before = steps.build_pairs(collected(ports), corpus, ports=ports)
    assert len(every(ports, before)) == 5
    claim = Claim.of(decompose(topic(1), Data())[0][0])
    ports.withdrawals.append(
        WithdrawalEvent(document=topic(1).id, state=State.OPENED, at=END, reason="retracted", claims=(claim,))
    )
    after = steps.build_pairs(collected(ports), corpus, before, ports=ports)
    assert every(ports, after) == []
    assert drops(ports, after) == {"withdrawn-claim": 5}
    kept = steps.build_preferences(corpus, before, ports=ports)
    assert [pair.identity for pair in every(ports, kept)] == ["set:mediqa"]


def test_what_identifies_people_is_taken_out_of_pairs_and_counted(ports: fakes.FakePorts, corpus: CorpusRef) -> None:
    ann = holder(ports, "ann")
    for number in range(6):
        question = f"my name is Ruth Calder. What helps against {number} colds?"
        rate(ports, ann, f"answer-{number}", question, "Rest, and write to ruth@example.org for a leaflet.")
    rate(ports, ann, "answer-9", "What is rest?", "Sleep.", "Ask ann@example.org.")
    pairs = steps.build_pairs(collected(ports), corpus, ports=ports)
    kept = every(ports, pairs)
    assert sum("[NAME]" in pair.question and "[EMAIL]" in pair.chosen for pair in kept) == 6
    assert [pair.rejected for pair in kept if pair.answer_id == "answer-9"] == ["Ask [EMAIL]."]
    assert not any(word in pair.model_dump_json() for pair in kept for word in ("Calder", "ruth@", "ann@"))
    assert manifest(ports, PairsRef(str(pairs)), PairsManifest).outcome.identifiers == {"NAME": 6, "EMAIL": 7}


def test_questions_answers_and_corrections_are_read_as_english(
    ports: fakes.FakePorts, corpus: CorpusRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[list[str], str]] = []
    redact = fakes.EmailRedactor.redact

    def recorded(self: fakes.EmailRedactor, texts: Sequence[str], language: str) -> list[Redaction]:
        read.append((list(texts), language))
        return redact(self, texts, language)

    monkeypatch.setattr(fakes.EmailRedactor, "redact", recorded)
    rate(ports, holder(ports, "ann"), "answer-1", "What is rest?", "Sleep.")
    steps.build_pairs(collected(ports), corpus, ports=ports)
    assert read == [(["What is rest?"], "en"), (["Dust."], "en"), (["Sleep."], "en")]


def test_the_inputs_of_pairs_cover_what_decides_about_them(ports: fakes.FakePorts, corpus: CorpusRef) -> None:
    teachable(ports, holder(ports, "ann"), 3)
    feedback = collected(ports)
    first = steps.build_pairs(feedback, corpus, ports=ports)
    assert first is not None and steps.build_pairs(feedback, corpus, ports=ports) == first
    inputs = manifest(ports, first, PairsManifest).inputs.model_dump(mode="json")
    assert inputs == {
        "feedback": feedback,
        "corpus": corpus,
        "sets": None,
        "policy": ports.feedback_policy.model_dump(mode="json"),
        "guardrails": ports.guardrails.digest,
    }
    steps.judge_correction("0123456789abcdef", "discard", "a test", "Dr. A", ports=ports)
    assert steps.build_pairs(feedback, corpus, ports=ports) != first


def test_a_moment_without_a_zone_is_refused(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.UsageError, match="with a time zone, such as 2026-03-04T00:00:00Z"):
        steps.collect_feedback(datetime(2026, 3, 4), ports=ports)  # noqa: DTZ001
    for end in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        assert steps.collect_feedback(end, ports=ports).startswith("feedback/")


def test_refs_of_another_kind_are_refused_by_name(ports: fakes.FakePorts, corpus: CorpusRef) -> None:
    teachable(ports, holder(ports, "ann"), 1)
    feedback = collected(ports)
    other = put(ports.store, ref("documents", 1))
    with pytest.raises(errors.UsageError, match=f"expected a pairs/… ref, got {other}"):
        steps.build_pairs(feedback, corpus, PairsRef(other), ports=ports)
    with pytest.raises(errors.UsageError, match=f"expected a corpus/… ref, got {other}"):
        steps.build_pairs(feedback, CorpusRef(other), ports=ports)
    with pytest.raises(errors.UsageError, match=f"the suite 'feedback' validates feedback/… refs, got {other}"):
        steps.build_pairs(FeedbackRef(other), corpus, ports=ports)
    with pytest.raises(errors.UsageError, match=f"expected a pairs/… ref, got {other}"):
        steps.build_preferences(corpus, PairsRef(other), ports=ports)


def test_ratings_without_a_correction_teach_kto_by_a_policy_and_are_erased_like_pairs(tmp_path: Path) -> None:
    bounds = {"max_share_per_identity": 1.0, "heldout_identities": 0.0, "heldout_questions": 0.0}
    folder = policies(tmp_path / "policies", **bounds, teach_ratings=True)
    ports = fakes.ports(Settings(home=tmp_path / "home", policies=folder))
    corpus, ann = corpus_of(ports), holder(ports, "ann")
    rate(ports, ann, "right", TREATMENT.heading, None, answered=TREATMENT.text, rating="up")
    rate(ports, ann, "wrong", f"Say how {topic(1).title} is treated.", None, answered="Dust.")
    rate(ports, ann, "unknown", "What helps against hiccups?", None, answered="Dust.")
    pairs = steps.build_pairs(collected(ports), corpus, ports=ports)
    taught = {row.answer_id: (row.chosen, row.rejected, row.document_ids) for row in rows(ports, pairs, "train")}
    about = (topic(1).id,)
    assert taught == {"right": (TREATMENT.text, "", about), "wrong": ("", "Dust.", about)}
    steps.validate(pairs, "pairs", ports=ports)
    assert steps.train("tiny-kto", pairs, ports=ports)
    assert steps.erase("a request", "Dr. A", identity=ann, ports=ports).pairs == (pairs,)
    with pytest.raises(errors.DataError, match="were erased on request"):
        steps.train("tiny-kto", pairs, ports=ports)
