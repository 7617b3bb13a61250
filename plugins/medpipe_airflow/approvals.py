"""A person's approval of a hotfix, asked for in Airflow: the request, the task that waits, and what starts it."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import Any, NoReturn

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Param, get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from medpipe import wiring
from medpipe.errors import UsageError
from medpipe.settings import Settings
from medpipe.steps.given import count_given
from medpipe_airflow.requests import task

log = logging.getLogger("airflow.task.medpipe")

DAG_ID = "approval"
"""The DAG whose runs wait for a person."""
_ACTIVE = re.compile(r"[\\`*_\[\]<>|~&]")
"""Characters that can begin markup inside a cell of a Markdown table (GitHub's dialect, which Airflow shows)."""


@task(multiple_outputs=False)
def hotfix_waits(plan: dict[str, Any]) -> list[str]:
    """Return the documents whose hotfix a person must approve. Skipped when there are none, or a request waits already.

    One request waits at a time. What is withdrawn meanwhile is in the next one. Fails, after its retries, while the
    request cannot start: nobody would see it.
    """
    waiting: list[str] = plan["waiting"]
    if not waiting:
        raise AirflowSkipException("no hotfix waits for an approval")
    runs = get_current_context()["ti"]
    if runs.get_dr_count(DAG_ID, states=["running"]):
        raise AirflowSkipException(f"a request waits in the DAG {DAG_ID} already")
    if runs.get_dr_count(DAG_ID, states=["queued"]):
        raise AirflowException(f"a request is queued in the DAG {DAG_ID} and does not start: is that DAG paused?")
    return waiting


def ask_a_person() -> TriggerDagRunOperator:
    """Return the task that starts the DAG with the approval, and does not wait for its end."""
    return TriggerDagRunOperator(
        task_id="ask_a_person",
        trigger_dag_id=DAG_ID,
        logical_date=None,
        doc_md="Starts the DAG *approval*, which waits for a person. This run does not wait.",
    )


@task(multiple_outputs=True)
def hotfix_to_approve(plan: dict[str, Any], champion: str | None) -> dict[str, Any]:
    """Return what a person must know to decide: subject and body of the request, and its documents.

    Skipped when no hotfix waits any more.
    """
    from medpipe.cli import call

    documents: list[str] = plan["waiting"]
    if not documents:
        raise AirflowSkipException("no hotfix waits for an approval any more")
    every = call("list_withdrawals", {}).withdrawals
    listed = {row.document: row for row in every if row.document in documents}
    given = count_given(documents, ports=wiring.ports(Settings()))
    rows = [
        f"| {_cell(id)} | {row.state.value} since {row.since:%Y-%m-%d %H:%M} UTC | {_cell(row.reason)} | {given[id]} |"
        for id, row in listed.items()
    ]
    return {
        "documents": documents,
        "subject": f"Unlearn {_named(documents)}?",
        "body": "\n".join(
            (
                f"{champion} was taught what was withdrawn. Gateways withhold the claims, whatever you decide.",
                "",
                "| document | state | reason | answers that asserted it |",
                "|---|---|---|---|",
                *rows,
                "",
                "**Approve**: the DAG *retrain* trains a version without these documents, from the newest version that "
                "never learned them. It is promoted if it passes the plan `hotfix`.",
                "",
                "**Reject**: nothing is trained, and the block stays on. Nobody is asked again until one of the "
                "withdrawals is opened anew. While the champion asserts a withdrawn claim, no routine retrain starts.",
            )
        ),
    }


class HotfixApproval(ApprovalOperator):
    """Waits for a person's decision about a hotfix, and writes it to the ledger.

    The task takes no worker while it waits. After `repeat_hours` of the policy withdrawals.yaml without an answer it is
    skipped, and the DAG withdrawals asks again, about the documents that wait by then.
    """

    template_fields = (*ApprovalOperator.template_fields, "documents")

    def __init__(self, *, documents: Any, **options: Any) -> None:
        """`documents`: an XComArg with the ids of the documents that the request is about."""
        super().__init__(
            params={
                "reason": Param(
                    "",
                    type="string",
                    title="Reason",
                    description="Kept in the ledger and shown on the model board, with your name",
                )
            },
            # Set from the policy when the task runs. Airflow takes the execution timeout for it if there is none.
            response_timeout=timedelta(days=1),
            **options,
        )
        self.documents = documents

    def execute(self, context: Any) -> Any:
        """Write the request, and wait."""
        self.response_timeout = timedelta(hours=wiring.ports(Settings()).withdrawal_policy.repeat_hours)
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Write the decision to the ledger; skip the tasks that follow if it is a rejection.

        Raises AirflowFailException for a decision that is out of date, such as one about a withdrawal that was lifted
        meanwhile, and for a fault of the request: another try would forget the answer and ask the same again. Raises
        ValueError for an answer that is neither option: nothing is written.
        """
        if "error" not in event:
            self.validate_chosen_options(event["chosen_options"])
            self.validate_params_input(event["params_input"] or {})
            self._record(event)
        return super().execute_complete(context, event)

    def process_trigger_event_error(self, event: dict[str, Any]) -> NoReturn:
        """End a request without an answer: skipped if nobody answered in time, failed if something went wrong.

        Airflow says which in `error_type`: `timeout`, or else a fault (`unknown`, `validation`).
        """
        if event.get("error_type") == "timeout":
            raise AirflowSkipException(f"{event['error']} The DAG withdrawals asks again")
        raise AirflowFailException(
            f"the request was not answered because of a fault: {event['error']}. The DAG withdrawals asks again"
        )

    def _record(self, event: dict[str, Any]) -> None:
        from medpipe.cli import call

        person = event["responded_by_user"]["name"]
        approved = event["chosen_options"] == [self.APPROVE]
        decision = {
            "documents": self.documents,
            "decision": "approve" if approved else "reject",
            "reason": (event["params_input"] or {}).get("reason") or "no reason was given",
            "by": person,
        }
        try:
            call("decide_hotfix", decision)
        except UsageError as error:
            raise AirflowFailException(f"{error}. The DAG withdrawals asks about what still waits") from error
        log.info("%s by %s: %s", decision["decision"], person, ", ".join(self.documents))


def _cell(text: str) -> str:
    """Return a text as one cell of a Markdown table, on one line and without markup."""
    return _ACTIVE.sub(r"\\\g<0>", " ".join(text.split()))


def _named(documents: list[str]) -> str:
    """Return the ids of a few documents, and how many more there are."""
    shown, more = documents[:3], len(documents) - 3
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
