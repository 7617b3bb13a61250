"""Make a challenger: build examples, train, evaluate, compare with the incumbent, register.

A recipe that keeps a share of unknown facts (`data.max_unknown_share`) has the model asked first what it knows.

The watch DAG asks for it when the corpus or the feedback has drifted, or a person fills in the form. A *hotfix*
names retracted articles, whose claims are withdrawn, or topics that were learned wrongly. It starts from the newest
version that never learned them.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag
from medpipe_airflow import (
    CHALLENGER,
    DEFAULTS,
    HOURS,
    RETRAIN_REQUEST,
    announce,
    lesson,
    ml_step,
    outcome_of,
    retrain_request,
    step,
)

IDS: dict[str, Any] = {"type": ["null", "array"], "items": {"type": "string"}}
"""JSON schema of a form field with ids."""


@dag(
    schedule=RETRAIN_REQUEST,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["medpipe", "training"],
    doc_md=__doc__,
    dag_display_name="3 · retrain",
    params={
        "reason": Param(
            "asked by an operator",
            type="string",
            minLength=3,
            title="Reason",
            description="Recorded with the version and shown on the model board",
        ),
        "recipe": Param("tiny-sft", type="string", title="Recipe", description="A file of medpipe/recipes"),
        "documents": Param(None, **IDS, title="Retracted articles", description="PubMed ids, each on a line"),
        "topics": Param(
            None, **IDS, title="Topics to learn again", description="MedlinePlus topic ids, each on a line"
        ),
        "start_from": Param(
            "auto",
            enum=["auto", "champion", "untainted", "base"],
            title="Start from",
            description="auto: the champion; for a hotfix, the newest version that never learned the documents; "
            "the base for another base, or for another recipe without new facts",
        ),
        "again": Param(
            False,
            type="boolean",
            title="Train again",
            description="Train although the same retrain was held before",
        ),
    },
)
def retrain() -> None:
    request: Any = retrain_request()  # XComArg declares no index, although a task with several outputs has one
    champion = step("champion")()
    anchor = step("freeze_anchor")(champion=champion)
    planned = step("plan_retrain", multiple_outputs=True)(
        champion=champion,
        recipe=request["recipe"],
        start_from=request["start_from"],
        documents=request["documents"],
        withdraw=request["withdraw"],
        corpus=request["corpus"],
        pairs=request["pairs"],
        again=request["again"],
    )
    knowledge = ml_step("classify_facts", skip_without="model")(
        corpus=request["corpus"], recipe=request["recipe"], model=planned["asks"]
    )
    # Also where nobody had to be asked.
    built = step("build_examples", apart=True, trigger_rule="none_failed_min_one_success", **HOURS)(
        corpus=request["corpus"],
        recipe=request["recipe"],
        since=planned["since"],
        knows=planned["knows"],
        withdraw=request["withdraw"],
        start=planned["start"],
        knowledge=knowledge,
    )
    examples = step("validate")(data=built, suite="examples")
    adapter = ml_step("train")(
        recipe=request["recipe"], data=lesson(request["pairs"], examples), start_from=planned["start"]
    )
    benchmarks = {"recipe": request["recipe"], "examples": examples, "pairs": request["pairs"], "anchor": anchor}
    challenger = ml_step("evaluate", task_id="evaluate_challenger")(model=adapter, **benchmarks)
    incumbent = ml_step("evaluate", task_id="evaluate_incumbent")(model=planned["incumbent"], **benchmarks)
    decision = step("compare")(challenger=challenger, champion=incumbent, plan=planned["gates"])
    verdict = outcome_of("outcome", "reasons", task_id="verdict")(decision)
    version = step("register")(
        adapter=adapter,
        evaluation=challenger,
        decision=decision,
        examples=examples,
        parent=planned["start"],
        incumbent=planned["incumbent"],
        pairs=request["pairs"],
        reason=request["reason"],
    )
    verdict >> version
    announce(CHALLENGER)({"version": version, "decision": decision})


retrain()
