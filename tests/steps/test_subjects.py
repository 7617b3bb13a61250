"""What is stored of a person, for the person; and answers that are forgotten because they are old."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medpipe import errors, steps
from medpipe.backends.sql.audit import SqlAudit
from medpipe.backends.sql.feedback_store import SqlFeedbackStore
from medpipe.core.teaching.feedback import Details
from tests import fakes
from tests.feedback import holder, rate


def test_a_person_gets_everything_that_is_stored_of_them_and_nothing_of_others(
    ports: fakes.FakePorts, tmp_path: Path
) -> None:
    ann, bob = holder(ports, "ann"), holder(ports, "bob")
    ports.answers.record("one", ann, "What is rest?", "Sleep.", "version/a", "a", refused=False)
    ports.answers.record("two", bob, "What is gout?", "A disease.", "version/a", "a", refused=False)
    ports.answers.rate("one", ann, "down", "Rest.", Details(stars=2, reason="Too short."))
    rate(ports, bob, "one", correction="Bob's words.")
    before = os.umask(0)
    file = Path(steps.export_subject(ann, tmp_path / "ann.jsonl", ports=ports))
    os.umask(before)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["kind"] for row in rows] == ["key", "answer", "feedback"]
    assert (rows[0]["label"], rows[1]["answer"], rows[2]["reason"], rows[2]["stars"]) == (
        "ann",
        "Sleep.",
        "Too short.",
        2,
    )
    assert "gout" not in file.read_text() and "Bob" not in file.read_text()


def test_an_export_needs_a_person_of_whom_something_is_stored_and_a_new_file(
    ports: fakes.FakePorts, tmp_path: Path
) -> None:
    with pytest.raises(errors.NotFound, match="nothing is stored of 'holder-1'"):
        steps.export_subject("holder-1", tmp_path / "x.jsonl", ports=ports)
    ann = holder(ports, "ann")
    (tmp_path / "x.jsonl").write_text("kept")
    with pytest.raises(errors.UsageError, match="name a new file"):
        steps.export_subject(ann, tmp_path / "x.jsonl", ports=ports)
    with pytest.raises(errors.UsageError, match="cannot be written"):
        steps.export_subject(ann, tmp_path / "nowhere" / "x.jsonl", ports=ports)
    assert (tmp_path / "x.jsonl").read_text() == "kept"


def test_old_answers_that_nobody_rated_are_forgotten_and_the_audit_knows_why(ports: fakes.FakePorts) -> None:
    now = datetime.now(UTC)
    for name, days in (("young", 9), ("old", 11), ("rated", 11), ("better", 11)):
        store = SqlFeedbackStore(ports.database, lambda days=days: now - timedelta(days=days))  # type: ignore[misc]
        store.record(name, "user-a", f"Question {name}?", "Answer.", "version/a", "a", refused=False)
    ports.answers.rate("rated", "user-a", "down", None, Details(preferred="better"))
    forgotten = steps.forget_answers(10, "our retention", "Dr. A", ports=ports)
    assert forgotten.answers == 1
    assert [answer.question for answer in ports.feedback.answers() if answer.question] == [
        "Question better?",
        "Question rated?",
        "Question young?",
    ]
    assert [stone.answer_id for stone in ports.feedback.tombstones()] == ["old"]
    assert steps.forget_answers(10, "our retention", "Dr. A", ports=ports).answers == 0
    steps.chain_answers(ports=ports)
    assert list(SqlAudit(ports.database, ports.heads).faults()) == []


def test_forgetting_needs_days_a_reason_and_a_name(ports: fakes.FakePorts) -> None:
    for days, reason, by in ((0, "x", "y"), (-1, "x", "y"), (10**9, "x", "y"), (1, " ", "y"), (1, "x", "")):
        with pytest.raises(errors.UsageError):
            steps.forget_answers(days, reason, by, ports=ports)
