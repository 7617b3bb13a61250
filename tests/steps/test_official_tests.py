"""Items of an official test enter by no door: not as another source's record, not by their text, not without a list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from medpipe import errors, records, steps
from medpipe.core.corpus.document import Section
from medpipe.core.manifests import ExamplesManifest
from medpipe.core.teaching.example import Example
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_3, RETRACTED, article, publish, topic

RECIPES = Settings().recipes
NUMBER = RETRACTED.removeprefix("pmid:")


@pytest.fixture
def ports(tmp_path: Path) -> fakes.FakePorts:
    """Ports with the recipe `guarded`: tiny-sft, which keeps PubMedQA's official test out."""
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    guarded = yaml.safe_load((RECIPES / "tiny-sft.yaml").read_text(encoding="utf-8"))
    guarded["name"] = "guarded"
    guarded["data"]["official_tests"] = ["pubmedqa"]
    (recipes / "guarded.yaml").write_text(yaml.safe_dump(guarded))
    (recipes / "data").symlink_to(RECIPES / "data")
    return fakes.ports(Settings(home=tmp_path / "home", recipes=recipes, curated=tmp_path / "curated"))


def listed(ports: fakes.FakePorts, *pmids: str, **rows: dict[str, object]) -> None:
    """The authors' list of the test half, and their file of records."""
    assert ports.settings.curated is not None
    folder = ports.settings.curated / "pubmedqa"
    folder.mkdir(parents=True)
    (folder / "test_ground_truth.json").write_text(json.dumps(dict.fromkeys(pmids, "yes")))
    if rows:
        (folder / "ori_pqal.json").write_text(json.dumps({name[1:]: row for name, row in rows.items()}))


def corpus(ports: fakes.FakePorts, *documents: object) -> str:
    publish(ports, documents)  # type: ignore[arg-type]
    pulled = steps.pull("medlineplus", DAY_1, DAY_3, ports=ports)
    return steps.build_corpus((steps.validate(pulled, "documents", ports=ports),), None, ports=ports)


def taught(ports: fakes.FakePorts, examples: str) -> set[str]:
    rows = records.read(ports.store.folder(examples) / "train.jsonl", Example)
    return {id for example in rows for id in example.document_ids}


def test_the_article_of_a_test_question_is_not_taught_from_pubmed(ports: fakes.FakePorts) -> None:
    listed(ports, NUMBER)
    built = steps.build_examples(corpus(ports, article(), topic(1)), "guarded", ports=ports)
    assert taught(ports, built) == {topic(1).id}
    assert manifest(ports, built, ExamplesManifest).outcome.drops["document of the official test of pubmedqa"] == 1


def test_the_text_of_a_test_question_is_not_taught_from_another_source(ports: fakes.FakePorts) -> None:
    question = "Does wendrazole cure krellin palsy in adults who were ill for three months or longer?"
    listed(ports, "7", _7={"QUESTION": question, "LONG_ANSWER": "It does.", "CONTEXTS": ["x"], "LABELS": ["A"]})
    copied = topic(2).model_copy(update={"sections": (Section(heading=question, text="Wendrazole cures it."),)})
    built = steps.build_examples(corpus(ports, copied, topic(1)), "guarded", ports=ports)
    assert taught(ports, built) == {topic(1).id}


def test_without_a_list_nothing_is_built(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.SourceError, match="nothing says which items of pubmedqa belong to its official test"):
        steps.build_examples(corpus(ports, article(), topic(1)), "guarded", ports=ports)


def test_another_list_is_another_ref(ports: fakes.FakePorts) -> None:
    known = corpus(ports, article(), topic(1))
    listed(ports, "7")
    first = steps.build_examples(known, "guarded", ports=ports)
    assert ports.settings.curated is not None
    (ports.settings.curated / "pubmedqa" / "test_ground_truth.json").write_text(json.dumps({NUMBER: "yes"}))
    assert steps.build_examples(known, "guarded", ports=ports) != first
