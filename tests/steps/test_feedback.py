"""From feedback to pairs: caps, held-out questions, earlier pairs, and what people wrote about themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from medpipe import errors, records, steps
from medpipe.core.manifests import FeedbackManifest, PairsFromFeedback, PairsManifest
from medpipe.core.refs import FeedbackRef, PairsRef, ref
from medpipe.core.safety.redaction import Redaction
from medpipe.core.teaching.example import PreferencePair
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.manifests import put
from tests.steps.conftest import DAY_1, DAY_2, publish, topic


def rate(ports: fakes.FakePorts, number: int, question: str = "", correction: str = "", identity: str = "a") -> None:
    """An answer, and an identity's correction of it."""
    answer = f"answer-{number}"
    question = question or f"What helps against cold {number}?"
    ports.answers.record(answer, identity, question, "Dust.", "version/a", "a", refused=False)
    ports.answers.rate(answer, identity, "down", correction or f"Rest for {number} days.")


def collected(ports: fakes.FakePorts, hours: int = 1) -> FeedbackRef:
    """All feedback, validated. Another number of hours gives another window with the same feedback."""
    end = datetime(2100, 1, 1, tzinfo=UTC)
    feedback = steps.collect_feedback(end - timedelta(days=365 * 90, hours=hours), end, ports=ports)
    steps.validate(feedback, "feedback", ports=ports)
    return feedback


def rows(ports: fakes.FakePorts, pairs: PairsRef | None, name: str) -> list[PreferencePair]:
    assert pairs is not None
    return list(records.read(ports.store.folder(pairs) / f"{name}.jsonl", PreferencePair))


def every(ports: fakes.FakePorts, pairs: PairsRef | None) -> list[PreferencePair]:
    return [*rows(ports, pairs, "train"), *rows(ports, pairs, "heldout")]


def test_what_identifies_people_is_taken_out_of_pairs_and_counted(ports: fakes.FakePorts) -> None:
    for number in range(6):
        question = f"my name is Ruth Calder. What helps against {number} colds?"
        rate(ports, number, question, "Rest, and write to ruth@example.org for a leaflet.")
    ports.answers.record("answer-9", "a", "What is rest?", "Ask ann@example.org.", "version/a", "a", refused=False)
    ports.answers.rate("answer-9", "a", "down", "Sleep.")
    pairs = steps.build_pairs(collected(ports), ports=ports)
    kept = every(ports, pairs)
    assert len(kept) == 7
    assert sum("[NAME]" in pair.question and "[EMAIL]" in pair.chosen for pair in kept) == 6
    assert [pair.rejected for pair in kept if pair.answer_id == "answer-9"] == ["Ask [EMAIL]."]
    assert not any(word in pair.model_dump_json() for pair in kept for word in ("Calder", "ruth@", "ann@"))
    assert manifest(ports, PairsRef(str(pairs)), PairsManifest).outcome.identifiers == {"NAME": 6, "EMAIL": 7}


def test_questions_answers_and_corrections_are_read_as_english(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[list[str], str]] = []
    redact = fakes.EmailRedactor.redact

    def recorded(self: fakes.EmailRedactor, texts: Sequence[str], language: str) -> list[Redaction]:
        read.append((list(texts), language))
        return redact(self, texts, language)

    monkeypatch.setattr(fakes.EmailRedactor, "redact", recorded)
    rate(ports, 1, "What is rest?", "Sleep.")
    steps.build_pairs(collected(ports), ports=ports)
    assert read == [(["What is rest?"], "en"), (["Dust."], "en"), (["Sleep."], "en")]


def test_at_most_twenty_pairs_stem_from_one_identity(ports: fakes.FakePorts) -> None:
    for number in range(25):
        rate(ports, number)
    for number in range(25, 28):
        rate(ports, number, identity="b")
    pairs = steps.build_pairs(collected(ports), ports=ports)
    assert pairs is not None
    by_identity = [pair.identity for pair in every(ports, pairs)]
    assert (by_identity.count("a"), by_identity.count("b")) == (20, 3)
    outcome = manifest(ports, pairs, PairsManifest).outcome
    assert outcome.drops == {"over-the-cap": 5}
    assert outcome.train == len(rows(ports, pairs, "train"))
    assert outcome.heldout == len(rows(ports, pairs, "heldout"))


def test_the_inputs_of_pairs_are_feedback_previous_cap_and_share(ports: fakes.FakePorts) -> None:
    rate(ports, 1)
    feedback = collected(ports)
    first = steps.build_pairs(feedback, ports=ports)
    assert first is not None and steps.build_pairs(feedback, ports=ports) == first
    stored = manifest(ports, first, PairsManifest)
    assert (stored.verb, stored.inputs) == (
        "build_pairs",
        PairsFromFeedback(feedback=feedback, previous=None, cap=20, heldout=0.3, guardrails=ports.guardrails.digest),
    )
    second = steps.build_pairs(feedback, first, ports=ports)
    third = steps.build_pairs(collected(ports, hours=2), ports=ports)
    assert len({first, second, third}) == 3


def test_earlier_pairs_stay_and_no_answer_is_taught_twice(ports: fakes.FakePorts) -> None:
    for number in range(8):
        rate(ports, number)
    first = steps.build_pairs(collected(ports), ports=ports)
    for number in range(8, 12):
        rate(ports, number)
    second = steps.build_pairs(collected(ports, hours=2), first, ports=ports)
    for name in ("train", "heldout"):
        before, after = rows(ports, first, name), rows(ports, second, name)
        assert after[: len(before)] == before
    assert sorted(pair.answer_id for pair in every(ports, second)) == sorted(f"answer-{n}" for n in range(12))


def test_feedback_without_a_correction_gives_no_pairs(ports: fakes.FakePorts) -> None:
    ports.answers.record("answer-1", "a", "What is rest?", "Sleep.", "version/a", "a", refused=False)
    ports.answers.rate("answer-1", "a", "up", None)
    feedback = collected(ports)
    assert manifest(ports, feedback, FeedbackManifest).outcome.feedback == 1
    assert steps.build_pairs(feedback, ports=ports) is None
    assert list(ports.store.manifests(PairsManifest)) == []


def test_one_held_out_pair_is_enough(ports: fakes.FakePorts) -> None:
    for number in range(8):
        rate(ports, number)
    whole = steps.build_pairs(collected(ports), ports=ports)
    asked = rows(ports, whole, "heldout")[0]
    again = fakes.ports(Settings(home=ports.settings.home / "again"))
    rate(again, 1, asked.question)
    pairs = steps.build_pairs(collected(again), ports=again)
    assert (len(rows(again, pairs, "train")), len(rows(again, pairs, "heldout"))) == (0, 1)


def test_a_window_has_a_zone_and_does_not_end_before_it_begins(ports: fakes.FakePorts) -> None:
    start, end = datetime(2026, 3, 4, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)
    for window in ((start.replace(tzinfo=None), end), (start, end.replace(tzinfo=None))):
        with pytest.raises(errors.UsageError, match="with a time zone, such as 2026-03-04T00:00:00Z"):
            steps.collect_feedback(*window, ports=ports)
    with pytest.raises(errors.UsageError, match=r"starts at 2026-03-05.*after it ends at 2026-03-04"):
        steps.collect_feedback(end, start, ports=ports)
    feedback = steps.collect_feedback(start, start, ports=ports)
    assert manifest(ports, feedback, FeedbackManifest).outcome.feedback == 0
    inputs = manifest(ports, feedback, FeedbackManifest).inputs
    assert (inputs.start, inputs.end) == (start, start)
    assert steps.collect_feedback(start, end, ports=ports) != feedback


def test_refs_of_another_kind_are_refused_by_name(ports: fakes.FakePorts) -> None:
    rate(ports, 1)
    feedback = collected(ports)
    other = put(ports.store, ref("documents", 1))
    with pytest.raises(errors.UsageError, match=f"expected a pairs/… ref, got {other}"):
        steps.build_pairs(feedback, PairsRef(other), ports=ports)
    with pytest.raises(errors.UsageError, match=f"the suite 'feedback' validates feedback/… refs, got {other}"):
        steps.build_pairs(FeedbackRef(other), ports=ports)
    publish(ports, [topic(1)])
    data = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    corpus = steps.build_corpus((data,), ports=ports)
    with pytest.raises(errors.UsageError, match=f"expected a pairs/… ref, got {other}"):
        steps.build_preferences(corpus, PairsRef(other), ports=ports)
