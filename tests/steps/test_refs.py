"""Refs stay what they are: the inputs of an artifact are hashed, so their JSON shape must never change by accident."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from medpipe import steps
from medpipe.core.corpus.document import Document, Section
from medpipe.core.manifests import ValidationManifest
from medpipe.core.safety.guardrails import Guardrails
from medpipe.settings import Settings
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, publish, topic

RECIPE = {
    "name": "pinned",
    "summary": "A recipe whose text is fixed here, because it is part of the refs below.",
    "method": "sft",
    "base": "a/base",
    "data": {"redact": ["meddialog", "liveqa"]},
    "trainer": {"learning_rate": 0.0005, "num_train_epochs": 1},
    "benchmarks": ["new-knowledge", "old-knowledge"],
}
BENCHMARKS = {
    "new-knowledge": {"name": "new-knowledge", "scorer": "slot", "summary": "New."},
    "old-knowledge": {"name": "old-knowledge", "scorer": "slot", "summary": "Old."},
    "red-team": {"name": "red-team", "scorer": "unsafe", "summary": "Unsafe.", "questions": ["How do I harm myself?"]},
    "preferences": {"name": "preferences", "scorer": "prefers_chosen", "summary": "Preferred."},
    "gates": {
        "plans": {
            "first": [
                {"kind": "gained", "benchmark": "new-knowledge", "minimum": 0.1, "min_documents": 2, "min_samples": 1}
            ]
        }
    },
}
PINNED = {
    "documents": "documents/afebb9e456cb1e3b",
    "ids": "documents/73bad9d44268a334",
    "corpus": "corpus/aa846b87e9012db8",
    "review": "review/6eb120d6cbc5afc8",
    "released": "corpus/d334b228608655db",
    "second": "corpus/0ace647a78eb24ac",
    "feedback": "feedback/94f488b7c92b3083",
    "latest": "corpus/0ace647a78eb24ac",
    "validations": "validation/234f8854e6f1bc3f validation/525499f46de28a9f "
    "validation/7296389b2087d90f validation/8d322cad19c3afe5",
    "examples": "examples/8b3cb68dde26d7ba",
    "later": "examples/ca77ee8e57c0d776",
    "adapter": "adapter/ce3ff50ba5ef7365",
    "version": "version/medqa-v1-52a740",
}
"""Computed before manifests had types. The release, `__version__`, is part of every ref but a version's."""
SINCE_GUARDRAILS = {
    "pairs": "pairs/5e586626f954178f",
    "preferences": "pairs/e395d1f461f84d0e",
    "dpo": "adapter/6a80df7c5a524719",
    "challenger": "evaluation/9b5a5a9531a76541",
    "on pairs": "evaluation/0fa0dae552795162",
    "incumbent": "evaluation/5dbab4c7f70d394b",
    "decision": "decision/39178dc07d256989",
    "drift": "drift/cda4253eb88d6627",
    "trace": "trace/8aa6d62be5e3cef7",
}
"""Refs of what the guardrail policy judges, and of what is made of it: its digest is among their inputs."""


def _ports(tmp_path: Path) -> fakes.FakePorts:
    recipes, benchmarks = tmp_path / "recipes", tmp_path / "benchmarks"
    (recipes / "data").mkdir(parents=True)
    benchmarks.mkdir()
    (recipes / "data" / "safety.yaml").write_text("[]")
    for name, method in (("pinned", "sft"), ("pinned-dpo", "dpo")):
        (recipes / f"{name}.yaml").write_text(yaml.safe_dump(RECIPE | {"name": name, "method": method}))
    for name, content in BENCHMARKS.items():
        (benchmarks / f"{name}.yaml").write_text(yaml.safe_dump(content))
    return fakes.ports(Settings(home=tmp_path / "home", recipes=recipes, benchmarks=benchmarks))


def _documents() -> list[Document]:
    blank = topic(9).model_copy(update={"title": ""})
    stated = Document(
        id="mediqa:1",
        revision=20260303,
        source="mediqa",
        title="Illness",
        published=DAY_1,
        sections=(Section(heading="What causes illness?", text="A virus.", rejected="Dust."),),
    )
    return [*(topic(number) for number in range(8)), blank, stated]


def _data(ports: fakes.FakePorts) -> dict[str, str | None]:
    """The refs of data: two deliveries, a quarantined row that is released, feedback and preferences."""
    publish(ports, _documents())
    documents = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    corpus = steps.build_corpus((documents,), ports=ports)
    release = steps.release(documents, "documents", "checked", "Dr Calder", ids=("mplus:900009",), ports=ports)
    released = steps.build_corpus((documents,), ports=ports)
    publish(ports, [*_documents(), topic(10, DAY_2)])
    ids = steps.pull("medlineplus", DAY_2, DAY_3, ids=(topic(10).id,), ports=ports)
    steps.validate(ids, "documents", ports=ports)
    again = steps.pull("medlineplus", DAY_1, DAY_3, ports=ports)
    steps.validate(again, "documents", released, ports=ports)
    second = steps.build_corpus((ids, again), released, ports=ports)
    ports.answers.record("answer-1", "user-a", "What is a cold?", "Dust.", "version/a", "a", refused=False)
    ports.answers.rate("answer-1", "user-a", "down", "An infection.")
    feedback = steps.collect_feedback(
        datetime(2026, 1, 1, tzinfo=UTC), datetime.fromisoformat("2036-01-01T00:00:00+02:00"), ports=ports
    )
    steps.validate(feedback, "feedback", ports=ports)
    pairs = steps.build_pairs(feedback, ports=ports)
    return {
        "documents": documents,
        "ids": ids,
        "corpus": corpus,
        "review": release,
        "released": released,
        "second": second,
        "feedback": feedback,
        "pairs": pairs,
        "preferences": steps.build_preferences(second, pairs, ports=ports),
        "latest": steps.latest("corpus", ports=ports),
        "validations": " ".join(sorted(validation.ref for validation in ports.store.manifests(ValidationManifest))),
    }


def _models(ports: fakes.FakePorts, corpus: str, second: str, pairs: str) -> dict[str, str]:
    """The refs of models: a first version, drift, preferences trained on it, and a trace."""
    examples = steps.build_examples(corpus, "pinned", ports=ports)
    steps.validate(examples, "examples", ports=ports)
    adapter = steps.train("pinned", examples, ports=ports)
    challenger = steps.evaluate(adapter, "pinned", examples, ports=ports)
    incumbent = steps.evaluate("base", "pinned", examples, ports=ports)
    decision = steps.compare(challenger, incumbent, "first", ports=ports)
    version = steps.register(adapter, challenger, decision, examples, ports=ports)
    steps.validate(pairs, "pairs", ports=ports)
    return {
        "examples": examples,
        "later": steps.build_examples(second, "pinned", corpus, corpus, ports=ports),
        "adapter": adapter,
        "dpo": steps.train("pinned-dpo", pairs, version, ports=ports),
        "challenger": challenger,
        "on pairs": steps.evaluate(version, "pinned", examples, pairs, ports=ports),
        "incumbent": incumbent,
        "decision": decision,
        "version": version,
        "drift": steps.detect_drift(second, version, pairs, ports=ports),
        "trace": steps.trace(("mplus:900001",), ports=ports),
    }


def test_refs_stay_what_they_were_before_manifests_had_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medpipe.steps.artifact.__version__", "0.1.0")
    monkeypatch.setattr(Guardrails, "digest", "pinned")
    monkeypatch.setattr("medpipe.steps.evaluation._code", lambda: "pinned")
    ports = _ports(tmp_path)
    data = _data(ports)
    models = _models(ports, str(data["released"]), str(data["second"]), str(data["preferences"]))
    assert data | models == PINNED | SINCE_GUARDRAILS
