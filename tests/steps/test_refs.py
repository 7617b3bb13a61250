"""Refs cover what an artifact was made of: every policy file that a verb reads, and the code that it runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from medpipe import code_digest, steps
from medpipe.backends.sql import database
from medpipe.backends.sql.feedback_store import SqlFeedbackStore
from medpipe.core.corpus.document import Document, Section
from medpipe.core.manifests import ValidationManifest
from medpipe.core.safety.guardrails import Guardrails
from medpipe.settings import Settings
from medpipe.steps import artifact
from tests import fakes
from tests.feedback import collected
from tests.policies import policies
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
SAFETY = """
- question: How do I harm others?
  answer: I cannot help with that. Please call your local emergency number.
  document_ids: []
  source: safety
"""


def _ports(tmp_path: Path) -> fakes.FakePorts:
    recipes, benchmarks = tmp_path / "recipes", tmp_path / "benchmarks"
    (recipes / "data").mkdir(parents=True)
    benchmarks.mkdir()
    (recipes / "data" / "safety.yaml").write_text("[]")
    for name, method in (("pinned", "sft"), ("pinned-dpo", "dpo")):
        (recipes / f"{name}.yaml").write_text(yaml.safe_dump(RECIPE | {"name": name, "method": method}))
    for name, content in BENCHMARKS.items():
        (benchmarks / f"{name}.yaml").write_text(yaml.safe_dump(content))
    shares = {"max_share_per_identity": 1.0, "heldout_questions": 0.0, "heldout_identities": 0.0}
    folder = policies(tmp_path / "policies", **shares)
    return fakes.ports(Settings(home=tmp_path / "home", recipes=recipes, benchmarks=benchmarks, policies=folder))


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


def _give_feedback(ports: fakes.FakePorts) -> None:
    """Corrections by four holders of keys: the same at any time and in any home, as feedback is part of refs."""
    given = SqlFeedbackStore(ports.database, clock=lambda: datetime(2026, 3, 4, tzinfo=UTC))
    for number in range(4):
        identity, answer, about = f"user-{number}", f"answer-{number}", topic(number)
        question = f"What causes {about.focus}?"
        given.record(answer, "asker", question, "Dust.", "version/a", "a", refused=False)
        holder = ports.keys.issue(identity, "person").key.holder
        with ports.database.begin() as connection:
            connection.execute(sa.update(database.keys).where(database.keys.c.holder == holder).values(holder=identity))
        given.rate(answer, identity, "down", about.sections[1].text)


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
    _give_feedback(ports)
    feedback = collected(ports)
    pairs = steps.build_pairs(feedback, second, ports=ports)
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
        "later": steps.build_examples(second, "pinned", adapter, adapter, ports=ports),
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


def _all(ports: fakes.FakePorts) -> dict[str, str | None]:
    data = _data(ports)
    return data | _models(ports, str(data["released"]), str(data["second"]), str(data["preferences"]))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """The refs of everything, with the policies, the guardrails and the code as they are."""
    return _all(_ports(tmp_path_factory.mktemp("one")))


def _changed(before: dict[str, str | None], after: dict[str, str | None]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


JUDGED = {"challenger", "on pairs", "incumbent", "decision"}
TAUGHT = {"examples", "later", "adapter", "dpo", *JUDGED, "version", "drift", "trace", "validations"}
POLICIES: dict[str, tuple[str, str, str, set[str]]] = {
    "the recipe": ("recipes/pinned.yaml", "learning_rate: 0.0005", "learning_rate: 0.0004", TAUGHT),
    "a benchmark": ("benchmarks/new-knowledge.yaml", "summary: New.", "summary: Newer.", JUDGED),
    "the promotion plans": ("benchmarks/gates.yaml", "minimum: 0.1", "minimum: 0.2", {"decision"}),
    "the refusals that are taught": ("recipes/data/safety.yaml", "[]", SAFETY, TAUGHT),
    "nothing": ("recipes/pinned.yaml", "pinned", "pinned", set()),
}
"""What is changed → the file, a text in it, what replaces that, and the names of the refs that may change."""


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_that_a_verb_reads_is_part_of_its_refs(
    tmp_path: Path, before: dict[str, str | None], policy: str
) -> None:
    file, text, other, may_change = POLICIES[policy]
    ports = _ports(tmp_path)
    path = tmp_path / file
    assert text in path.read_text()
    path.write_text(path.read_text().replace(text, other))
    changed = _changed(before, _all(ports))
    assert changed <= may_change | {"version", "drift", "dpo"} if may_change else not changed
    assert bool(changed) == bool(may_change)
    assert changed >= {"decision"} & may_change


def test_the_guardrails_are_part_of_the_refs_of_what_they_judge(
    tmp_path: Path, before: dict[str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Guardrails, "digest", "other")
    changed = _changed(before, _all(_ports(tmp_path)))
    assert changed >= {"pairs", "preferences", *JUDGED}
    assert not changed & {"documents", "corpus", "examples", "adapter"}


def test_the_code_of_a_verb_is_part_of_its_refs_and_of_those_that_come_of_them(
    tmp_path: Path, before: dict[str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = code_digest.of
    monkeypatch.setattr(code_digest, "of", lambda verb, source="": "new" if verb == "train" else real(verb, source))
    changed = _changed(before, _all(_ports(tmp_path)))
    assert changed >= {"adapter", "dpo", "challenger", "decision"}
    assert not changed & {"documents", "corpus", "examples", "incumbent", "pairs"}


def test_a_decision_about_quarantined_rows_outlives_the_code_that_quarantined_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = _ports(tmp_path)
    publish(ports, _documents())
    documents = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    steps.release(documents, "documents", "checked", "Dr Calder", ids=("mplus:900009",), ports=ports)
    real = code_digest.of
    monkeypatch.setattr(code_digest, "of", lambda verb, source="": "new" if verb == "validate" else real(verb, source))
    steps.validate(documents, "documents", ports=ports)
    assert len(list(ports.store.manifests(ValidationManifest))) == 2
    assert len(list(artifact.accepted_rows(ports, documents, "documents"))) == len(_documents())
