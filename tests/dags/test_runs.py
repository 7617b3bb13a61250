"""Every DAG run to its end: real sources, Great Expectations, corpus and ledger; a fake trainer."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import pytest

from medpipe import steps
from medpipe.core.corpus.document import Document
from medpipe.core.manifests import (
    CorpusManifest,
    ExamplesManifest,
    KnowledgeManifest,
    ValidationManifest,
    VersionManifest,
)
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import table_version
from tests import fakes
from tests.dags import light
from tests.dags.conftest import states, values
from tests.places import ROOT
from tests.steps.conftest import DAY_1, RETRACTED, publish, topic
from tests.steps.test_ring import first_champion, retrain, second_corpus
from tests.steps.versions import barred

pytestmark = pytest.mark.slow
DAY = {"start": "2026-03-03", "end": "2026-03-04"}


@pytest.fixture
def ports(ring):
    return light.ports(Settings(home=ring))


def test_the_ring_turns_from_nlm_to_the_champion_and_back_from_feedback(run, nlm, ports):
    corpus = run("corpus", **DAY)
    assert corpus.state == "success"
    built = values(corpus)["build_corpus"]
    assert manifest(ports, built, CorpusManifest).outcome.documents["current"] > 60

    watch = run("watch")
    assert values(watch)["verdict"]["verdict"] == "retrain"
    assert values(watch)["request_of"]["corpus"] == built

    retrain = run("retrain", reason="first training", recipe="tiny-sft")
    assert retrain.state == "success", states(retrain)
    assert states(retrain)["classify_facts"] == "skipped", "tiny-sft keeps no share of unknown facts"
    version = values(retrain)["register"]
    assert values(retrain)["verdict"]["outcome"] == "pass"
    assert manifest(ports, version, VersionManifest).outcome.reason == "first training"

    rollout = run("rollout", version=version)
    assert states(rollout)["restore"] == "skipped"
    assert ports.ledger.champion() == version
    assert ports.routes.current().version == version

    assert values(run("watch"))["request_of"] is None, "nothing changed, so the verdict is to hold"
    held = run("watch")
    assert held.state == "success" and states(held)["announce_retrain_request"] == "skipped"


def test_a_recipe_that_keeps_a_share_of_unknown_facts_has_the_model_asked_what_it_knows_before_it_is_taught(
    run, nlm, ports, monkeypatch, tmp_path
):
    shutil.copytree(ROOT / "medpipe" / "recipes", tmp_path / "recipes")
    shipped = (tmp_path / "recipes" / "tiny-sft.yaml").read_text()
    asking = shipped.replace("name: tiny-sft", "name: asking").replace("data:\n", "data:\n  max_unknown_share: 0.9\n")
    (tmp_path / "recipes" / "asking.yaml").write_text(asking)
    monkeypatch.setenv("MEDPIPE_RECIPES", str(tmp_path / "recipes"))
    run("corpus", **DAY)
    made = run("retrain", reason="asks first", recipe="asking")
    assert made.state == "success", states(made)
    knowledge = values(made)["classify_facts"]
    examples = manifest(ports, values(made)["build_examples"], ExamplesManifest)
    assert examples.inputs.knowledge == knowledge
    assert manifest(ports, knowledge, KnowledgeManifest).inputs.adapter == "base"


def test_a_held_challenger_is_a_result_and_the_incumbent_serves_on(run, nlm, ports):
    run("corpus", **DAY)
    champion = values(run("retrain", reason="first", recipe="tiny-sft"))["register"]
    run("rollout", version=champion)
    control = run("retrain", reason="control", recipe="tiny-sft-shuffled", start_from="base")
    assert values(control)["verdict"]["outcome"] != "pass"

    rollout = run("rollout", version=values(control)["register"])
    assert rollout.state == "success"
    assert states(rollout)["announce_champion"] == "skipped"
    assert ports.ledger.champion() == champion
    assert ports.ledger.entries()[0].event == "held"


def test_a_planted_bad_batch_stops_its_source_without_retries_and_no_other(run, ports):
    broken = [topic(number).model_copy(update={"title": "", "sections": ()}) for number in range(12)]
    publish(ports, broken)
    other = [topic(number).model_copy(update={"id": f"pmid:{number + 1}"}) for number in range(12)]
    publish(ports, other, source="pubmed")
    stopped = run("corpus", **DAY)
    assert stopped.state == "failed" and states(stopped)["catch_up"] == "failed"
    (corpus,) = ports.store.manifests(CorpusManifest)
    assert corpus.outcome.documents == {"current": 12} and set(corpus.outcome.watermarks) == {"pubmed"}
    tried = {task.task_id: task.try_number for task in stopped.get_task_instances()}
    assert tried["validate"] == tried["catch_up"] == 1


def test_planted_bad_rows_are_quarantined_with_reasons_and_the_rest_goes_on(run, ports):
    good: list[Document] = [topic(number) for number in range(12)]
    publish(ports, [good[0].model_copy(update={"title": ""}), *good[1:]])
    publish(ports, [], source="pubmed")
    passed = run("corpus", **DAY)
    assert passed.state == "success"
    quarantine = next(
        ports.store.folder(found.ref) / "quarantine.jsonl"
        for found in ports.store.manifests(ValidationManifest)
        if found.outcome.quarantined_rows
    )
    rows = [json.loads(line) for line in quarantine.read_text().splitlines()]
    assert [row["row"]["id"] for row in rows] == [good[0].id] and rows[0]["reasons"]
    kept = {
        document.id
        for document in ports.corpus.read(
            int(manifest(ports, values(passed)["build_corpus"], CorpusManifest).outcome.table_version)
        )
    }
    assert kept == {document.id for document in good[1:]}


def links(run, task):
    """The addresses behind a task's button "Data Docs"."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        stored = session.scalars(
            XComModel.get_many(run_id=run.run_id, dag_ids=run.dag_id, task_ids=task, key="_link_DataDocsLink")
        ).all()
        return {XComModel.deserialize_value(one) for one in stored}


def test_a_validation_links_its_page_whether_it_passed_or_stopped(run, ports, bag):
    publish(ports, [topic(number) for number in range(12)])
    publish(ports, [topic(number).model_copy(update={"title": ""}) for number in range(12)], source="pubmed")
    stopped = run("corpus", **DAY)
    assert stopped.state == "failed"
    validated = {found.inputs.data: found.outcome.accepted for found in ports.store.manifests(ValidationManifest)}
    assert sorted(validated.values()) == [False, True]
    assert links(stopped, "validate") == {f"/medpipe/data-docs/of/documents/{data}" for data in validated}


def test_a_delivery_cut_to_half_stops_the_dag_and_the_corpus_stays_as_it_was(run, ports):
    whole = [
        topic(number % 62).model_copy(update={"id": f"mplus:{number + 1}", "language": ("en", "es")[number % 2]})
        for number in range(200)
    ]
    next_day = [one.model_copy(update={"revision": 20260304}) for one in whole]
    publish(ports, whole)
    publish(ports, [], source="pubmed")
    assert run("corpus", **DAY).state == "success"
    publish(ports, next_day[:101])
    stopped = run("corpus", start="2026-03-04", end="2026-03-05")
    assert stopped.state == "failed"
    contents = {corpus.outcome.content for corpus in ports.store.manifests(CorpusManifest)}
    assert len(contents) == 1
    reasons = [reason for found in ports.store.manifests(ValidationManifest) for reason in found.outcome.reasons]
    assert len(reasons) == 1 and "less than 70 %" in reasons[0]


def test_feedback_without_new_pairs_wakes_nobody(run, ports):
    first_champion(ports)
    quiet = run("feedback", end=datetime.now(UTC).isoformat())
    assert quiet.state == "success"
    assert states(quiet)["build_pairs"] == states(quiet)["announce_pairs"] == "skipped"


def test_a_rollout_without_a_version_fails_and_leaves_the_champion_alone(run, ports):
    _, champion = first_champion(ports)
    steps.deploy(ports=ports)
    failed = run("rollout")
    assert failed.state == "failed", states(failed)
    assert ports.ledger.champion() == champion
    assert ports.routes.current().version == champion


def test_a_rollout_that_somebody_else_overtook_fails_and_leaves_their_champion_alone(run, ports):
    first, champion = first_champion(ports)
    version, _ = retrain(ports, second_corpus(ports, first))
    other, decision = retrain(ports, first, start_from="base")
    assert ports.ledger.swap_champion(champion, other, decision, ())
    overtaken = run("rollout", version=version)
    assert overtaken.state == "failed", states(overtaken)
    assert ports.ledger.champion() == ports.routes.current().version == other, "and their champion is served"
    assert ports.ledger.entries(1, ("held",))[0].version == version


def test_a_rollout_of_a_version_that_was_held_before_the_hotfix_leaves_the_hotfix_live(run, ports):
    first, _ = first_champion(ports)
    steps.deploy(ports=ports)
    second = second_corpus(ports, first)
    steps.open_withdrawals(second, ports=ports)
    hotfix, _ = retrain(ports, second, documents=(RETRACTED,), withdraw=(RETRACTED,))  # first: each look costs
    held, _ = retrain(ports, second, "tiny-sft-no-replay")
    assert steps.promote(hotfix, ports=ports) == steps.deploy(ports=ports) == hotfix
    rollout = run("rollout", version=held.removeprefix("version/"))
    assert rollout.state == "success" and states(rollout)["announce_champion"] == "skipped"
    assert values(rollout)["deploy"] == ports.routes.current().version == hotfix


def test_a_rollout_whose_deployment_fails_bars_the_version_and_serves_the_champion_before(run, ports):
    first, champion = first_champion(ports)
    steps.deploy(ports=ports)
    version, _ = retrain(ports, second_corpus(ports, first))
    adapter = manifest(ports, version, VersionManifest).outcome.adapter
    (ports.store.folder(adapter) / fakes.WEIGHTS).unlink()
    failed = run("rollout", version=version)
    assert states(failed)["deploy"] == "failed" and states(failed)["restore"] == "success"
    assert ports.ledger.champion() == ports.routes.current().version == champion
    assert barred(ports) == {version: "medpipe: it did not go live"}
    assert run("rollout", version=version).state == "success"
    assert ports.ledger.champion() == champion


def test_the_corpus_is_the_same_when_a_run_is_repeated(run, ports):
    publish(ports, [topic(number, DAY_1) for number in range(12)])
    publish(ports, [], source="pubmed")
    first, second = (values(run("corpus", **DAY))["build_corpus"] for _ in range(2))
    before, after = (table_version(ports, ref) for ref in (first, second))
    assert list(ports.corpus.read(before)) == list(ports.corpus.read(after))


def test_one_request_loads_the_baseline_a_task_for_each_file_and_starts_itself_again_until_no_file_is_left(
    run, nlm, ports, one_file_a_run
):
    first = run("corpus", sources=["pubmed"], start="2026-03-04", end="2026-03-05", baseline=True)
    assert planned(first) == ["pubmed26n0001.xml.gz"] and first.state == "success", states(first)
    form = queued("corpus")
    assert form == {"sources": ["pubmed"], "start": "2026-03-04", "end": "2026-03-05", "baseline": True}
    second = run("corpus", **form)
    assert planned(second) == ["pubmed26n1335.xml.gz"]
    assert values(second)["pulls_of"][0]["start"] == "2026-03-03", "the day that the file was posted"
    assert queued("corpus") is None, "nothing is left"
    assert manifest(ports, values(second)["build_corpus"], CorpusManifest).outcome.documents["current"] > 10


def planned(run) -> list[str]:
    return [arguments["file"] for arguments in values(run)["pulls_of"]]


def queued(dag: str):
    """The form of the run that waits to begin, which is taken out of the queue; None without one."""
    from airflow.models import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        waiting = session.query(DagRun).filter(DagRun.dag_id == dag, DagRun.state == "queued").all()
        forms = [run.conf for run in waiting]
        for one in waiting:
            session.delete(one)
    assert len(forms) <= 1
    return forms[0] if forms else None


@pytest.fixture
def one_file_a_run(tmp_path, monkeypatch):
    copied = shutil.copytree(ROOT / "medpipe" / "policies", tmp_path / "policies")
    policy = copied / "sources.yaml"
    policy.write_text(policy.read_text().replace("files_a_run: 500", "files_a_run: 1"))
    monkeypatch.setenv("MEDPIPE_POLICIES", str(copied))
