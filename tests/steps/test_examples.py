"""build_examples with every filter on, through the ports: what is written, and what the card says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from medpipe import errors, records, steps
from medpipe.core.corpus.document import Document, Section
from medpipe.core.judging.evaluation import Sample
from medpipe.core.manifests import ExamplesManifest
from medpipe.core.teaching.example import Example
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, publish, topic

RECIPES = Settings().recipes


@pytest.fixture
def ports(tmp_path: Path) -> fakes.FakePorts:
    """Ports with one more recipe: tiny-sft with the filters of real-mixed."""
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    for name in ("tiny-sft", "real-mixed"):
        (recipes / f"{name}.yaml").write_text((RECIPES / f"{name}.yaml").read_text(encoding="utf-8"))
    strict = yaml.safe_load((RECIPES / "real-mixed.yaml").read_text(encoding="utf-8"))
    strict["name"] = "strict"
    strict["data"] |= {"cut_off": DAY_2, "sources": {"mplus": 1.0, "meddialog": 1.0}, "check_languages": False}
    (recipes / "strict.yaml").write_text(yaml.safe_dump(strict))
    (recipes / "data").symlink_to(RECIPES / "data")
    return fakes.ports(Settings(home=tmp_path / "home", recipes=recipes))


def corpus(ports: fakes.FakePorts, documents: list[Document]) -> str:
    publish(ports, documents)
    pulled = steps.pull("medlineplus", DAY_1, DAY_3, ports=ports)
    return steps.build_corpus((steps.validate(pulled, "documents", ports=ports),), None, ports=ports)


def dialogue(question: str, answer: str) -> Document:
    return Document(
        id="meddialog:1",
        revision=topic(1).revision,
        source="meddialog",
        title="A talk",
        published=DAY_1,
        sections=(Section(heading=question, text=answer),),
    )


def train(ports: fakes.FakePorts, examples: str) -> list[Example]:
    return list(records.read(ports.store.folder(examples) / "train.jsonl", Example))


def test_documents_from_the_cut_off_on_are_asked_as_a_benchmark_and_never_taught(ports: fakes.FakePorts) -> None:
    built = steps.build_examples(corpus(ports, [topic(1), topic(2, DAY_2)]), "strict", ports=ports)
    taught = {id for example in train(ports, built) for id in example.document_ids}
    assert taught == {topic(1).id}
    asked = records.read(ports.store.folder(built) / "benchmarks" / "after-cut-off.jsonl", Sample)
    assert {sample.cluster for sample in asked} == {topic(2).id}
    assert manifest(ports, built, ExamplesManifest).outcome.after_cut_off == 4


def test_what_red_team_asks_is_not_taught_and_the_card_says_so(ports: fakes.FakePorts) -> None:
    question = ports.benchmark("red-team").questions[3]
    built = steps.build_examples(
        corpus(ports, [topic(1), dialogue(question, "See a doctor today, please.")]), "strict", ports=ports
    )
    assert not any(example.source == "meddialog" for example in train(ports, built))
    assert manifest(ports, built, ExamplesManifest).outcome.card["contamination"]["red-team"]
    assert "| red-team |" in steps.card(built, ports=ports)


def test_what_persons_wrote_is_redacted_and_the_card_counts_it_by_type(ports: fakes.FakePorts) -> None:
    built = steps.build_examples(
        corpus(ports, [dialogue("Hello, my name is Ada Lovelace. Is rest good?", "Write to a.b@c.org about it.")]),
        "strict",
        ports=ports,
    )
    rows = (ports.store.folder(built) / "train.jsonl").read_text(encoding="utf-8")
    assert "Lovelace" not in rows
    assert "a.b@c.org" not in rows
    assert manifest(ports, built, ExamplesManifest).outcome.card["identifiers"] == {"EMAIL": 1, "NAME": 1}
    assert "| NAME | 1 |" in steps.card(built, ports=ports)


def test_every_number_of_the_card_is_in_the_text_for_people(ports: fakes.FakePorts) -> None:
    built = steps.build_examples(corpus(ports, [topic(number) for number in range(9)]), "strict", ports=ports)
    text, card = steps.card(built, ports=ports), manifest(ports, built, ExamplesManifest).outcome.card
    for value in (card["examples"], card["facts"]["found"], card["facts"]["new"], "public domain", DAY_2):
        assert f"| {value} |" in text
    assert "omib" not in json.dumps(card), "a card quotes no text"


def test_the_card_of_examples_that_were_never_built_is_an_error_that_names_them(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.MedpipeError, match="examples/0000000000000000 does not exist"):
        steps.card("examples/0000000000000000", ports=ports)


def test_a_changed_benchmark_makes_other_examples(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    found = corpus(ports, [topic(1)])
    before, plain = (steps.build_examples(found, name, ports=ports) for name in ("strict", "tiny-sft"))
    more = ports.benchmark("red-team").model_copy(update={"questions": ("What are the treatments for anything?",)})
    monkeypatch.setattr(ports, "benchmarks", lambda: [more])
    assert steps.build_examples(found, "strict", ports=ports) != before
    assert steps.build_examples(found, "tiny-sft", ports=ports) == plain
