"""The request that a person approves or rejects: it is whole whatever a reason says, and a fault ends it red."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt

from medpipe import steps
from medpipe.settings import Settings
from tests.dags import light

DOCUMENT = "mplus:900003"
PLAIN = "takedown: names a patient"
ODD = "names | a\n| forged | row |\r\n**bold** _soft_ `code` [link](https://example.org) <img src=x> ~~gone~~ \\| &lt;"


@pytest.fixture
def table(bag, ring):
    """`table(reason)`: the cells of the request's table, row by row, as Markdown renders it."""
    from medpipe_airflow import approvals

    def cells(reason: str) -> list[list[str]]:
        ports = light.ports(Settings(home=ring))
        steps.withdraw((DOCUMENT,), reason, "Dr. A", ports=ports)
        body = approvals.hotfix_to_approve.function({"waiting": [DOCUMENT]}, "version/a")["body"]
        tokens = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).parse(body)
        assert [token.type for token in tokens].count("table_open") == 1
        rows: list[list[str]] = []
        for before, token in pairwise(tokens):
            if token.type == "tr_open":
                rows.append([])
            if before.type in ("td_open", "th_open"):
                assert {child.type for child in token.children} <= {"text", "text_special"}, "no markup"
                rows[-1].append("".join(child.content for child in token.children))
        return rows

    return cells


@pytest.fixture
def approval(bag, ring, monkeypatch):
    """The task that waits for a person, and what it wrote to the ledger."""
    from medpipe_airflow import approvals

    decisions: list[dict[str, object]] = []
    monkeypatch.setattr("medpipe.cli.call", lambda verb, arguments: decisions.append(arguments))
    task = approvals.HotfixApproval(task_id="approve", subject="Unlearn?", body="", documents=[DOCUMENT])
    return task, decisions


@pytest.mark.parametrize("reason", [PLAIN, ODD])
def test_each_document_is_one_row_with_its_reason_as_it_was_written(table, reason):
    head, row = table(reason)
    assert head == ["document", "state", "reason", "answers that asserted it"]
    assert (row[0], row[2], row[3]) == (DOCUMENT, " ".join(reason.split()), "0")


def test_a_request_that_nobody_answered_in_time_is_skipped(approval):
    from airflow.sdk.exceptions import AirflowSkipException

    task, decisions = approval
    with pytest.raises(AirflowSkipException, match=r"timeout has passed.* asks again"):
        task.execute_complete({}, {"error": "The response timeout has passed.", "error_type": "timeout"})
    assert decisions == []


@pytest.mark.parametrize("kind", ["unknown", "validation", "of a later Airflow"])
def test_a_request_that_a_fault_ended_is_red_and_is_not_tried_again(approval, kind):
    from airflow.sdk.exceptions import AirflowFailException

    task, decisions = approval
    with pytest.raises(AirflowFailException, match="because of a fault: the trigger died"):
        task.execute_complete({}, {"error": "the trigger died", "error_type": kind})
    assert decisions == []


@pytest.mark.parametrize("answer", [{"chosen_options": ["Maybe"]}, {"params_input": {"another": "field"}}])
def test_an_answer_that_the_request_does_not_have_decides_nothing(approval, answer):
    task, decisions = approval
    event = {
        "chosen_options": ["Reject"],
        "params_input": {},
        "responded_at": datetime(2026, 3, 4, tzinfo=UTC),
        "responded_by_user": {"id": "1", "name": "admin"},
    }
    with pytest.raises(ValueError, match=r"not in|does not match"):
        task.execute_complete({}, event | answer)
    assert decisions == []
