"""classify_facts: what a model knows of the facts that a training would teach, and what build_examples does with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from medpipe import errors, records, steps
from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.core.manifests import ExamplesManifest, KnowledgeManifest
from medpipe.core.sampling import Sampling
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.knowledge import FactLevel, Level
from medpipe.ports import Progress
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_3, NAMES, publish, topic

RECIPES = Settings().recipes


class Remembering:
    """A generator that is right about drug 0 in every phrasing, 1 in one, and about 2 only by chance."""

    name = "remembering"
    precision = "float32"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.seeds: list[int] = []

    def generate(
        self,
        base: str,
        adapter: Path | None,
        adapter_name: str,
        prompts: Sequence[str],
        ending: Ending,
        progress: Progress,
        choices: Sequence[tuple[str, ...]] = (),
        sampling: Sampling | None = None,
    ) -> list[str]:
        self.asked += prompts
        self.seeds += [] if sampling is None else [sampling.seed]
        return [prompt.completion(self._answer(text, sampling)) for text in prompts]

    def _answer(self, asked: str, sampling: Sampling | None) -> str:
        drugs = {name: f"{name.capitalize()} fever is treated with {name}omib." for name in NAMES[:3] if name in asked}
        knows = "treat" in asked and (
            NAMES[0] in asked
            or (NAMES[1] in asked and asked.startswith("Question: How is"))
            or (NAMES[2] in asked and sampling is not None and sampling.seed > 0)
        )
        return next(iter(drugs.values())) if knows and drugs else "I do not know."


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> Remembering:
    remembering = Remembering()
    monkeypatch.setattr(fakes.FakePorts, "generator", property(lambda ports: remembering))
    return remembering


@pytest.fixture
def ports(tmp_path: Path) -> fakes.FakePorts:
    """Ports with one more recipe: tiny-sft that keeps a share."""
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    shipped = yaml.safe_load((RECIPES / "tiny-sft.yaml").read_text(encoding="utf-8"))
    (recipes / "tiny-sft.yaml").write_text(yaml.safe_dump(shipped))
    kept = {**shipped, "name": "kept", "data": {**shipped["data"], "max_unknown_share": 0.5}}
    (recipes / "kept.yaml").write_text(yaml.safe_dump(kept))
    (recipes / "data").symlink_to(RECIPES / "data")
    return fakes.ports(Settings(home=tmp_path / "home", recipes=recipes))


def corpus(ports: fakes.FakePorts, topics: int = 5) -> str:
    publish(ports, [topic(number) for number in range(topics)])
    pulled = steps.pull("medlineplus", DAY_1, DAY_3, ports=ports)
    return steps.build_corpus((steps.validate(pulled, "documents", ports=ports),), None, ports=ports)


def rows(ports: fakes.FakePorts, knowledge: str) -> list[FactLevel]:
    return list(records.read(ports.store.folder(knowledge) / "facts.jsonl", FactLevel))


def test_facts_are_classed_by_what_the_model_answers_to_what_would_be_taught(
    ports: fakes.FakePorts, generator: Remembering
) -> None:
    made = steps.classify_facts(corpus(ports), "tiny-sft", ports=ports)
    levels = {(row.id.split("#")[0], row.level) for row in rows(ports, made) if row.level is not Level.UNKNOWN}
    assert levels == {
        (topic(0).id, Level.HIGHLY_KNOWN),
        (topic(1).id, Level.MAYBE_KNOWN),
        (topic(2).id, Level.WEAKLY_KNOWN),
    }
    outcome = manifest(ports, made, KnowledgeManifest).outcome
    assert outcome.levels == {"highly known": 1, "maybe known": 1, "unknown": 7, "weakly known": 1}
    assert (outcome.facts, outcome.not_asked) == (10, 0)


def test_only_facts_without_a_right_answer_are_asked_at_random_and_each_time_by_another_seed(
    ports: fakes.FakePorts, generator: Remembering
) -> None:
    made = steps.classify_facts(corpus(ports), "tiny-sft", samples=3, ports=ports)
    assert len(set(generator.seeds)) == 3
    assert {(row.right > 0, row.sampled) for row in rows(ports, made)} == {(True, 0), (False, 9)}
    without = steps.classify_facts(corpus(ports), "tiny-sft", samples=0, ports=ports)
    assert "weakly known" not in manifest(ports, without, KnowledgeManifest).outcome.levels


def test_the_same_question_of_the_same_model_finds_the_artifact(ports: fakes.FakePorts, generator: Remembering) -> None:
    published = corpus(ports)
    made = steps.classify_facts(published, "tiny-sft", ports=ports)
    asked = len(generator.asked)
    assert steps.classify_facts(published, "tiny-sft", ports=ports) == made
    assert len(generator.asked) == asked
    assert steps.classify_facts(published, "tiny-sft", samples=2, ports=ports) != made


def trained(ports: fakes.FakePorts, corpus: str) -> str:
    examples = steps.validate(steps.build_examples(corpus, "tiny-sft", ports=ports), "examples", ports=ports)
    return steps.train("tiny-sft", examples, ports=ports)


def test_examples_that_keep_a_share_teach_every_new_fact_and_more_of_what_the_model_knows(
    ports: fakes.FakePorts,
) -> None:
    adapter = trained(ports, corpus(ports, topics=20))
    more = corpus(ports, topics=24)
    knowledge = steps.classify_facts(more, "kept", adapter, ports=ports)
    built = steps.build_examples(more, "kept", adapter, adapter, start=adapter, knowledge=knowledge, ports=ports)
    taught = list(records.read(ports.store.folder(built) / "train.jsonl", Example))
    card = manifest(ports, built, ExamplesManifest).outcome.card
    assert card is not None and card.knowledge is not None
    assert {id for row in taught if not row.replay for id in row.document_ids if id.startswith("mplus")} == {
        topic(number).id for number in range(20, 24)
    }
    assert card.knowledge.unknown_share <= 0.5
    assert knowledge in manifest(ports, built, ExamplesManifest).made_of, "its lineage names the knowledge"


def test_a_few_older_facts_can_be_asked_and_the_rest_is_counted(ports: fakes.FakePorts) -> None:
    published = corpus(ports, topics=20)
    made = steps.classify_facts(published, "tiny-sft", trained(ports, published), older=4, ports=ports)
    outcome = manifest(ports, made, KnowledgeManifest).outcome
    assert outcome.facts == 4 and outcome.not_asked > 4


def test_a_share_needs_knowledge_of_the_model_that_the_training_continues(ports: fakes.FakePorts) -> None:
    published = corpus(ports)
    adapter = trained(ports, published)
    with pytest.raises(errors.UsageError, match=r"recipe 'kept' keeps a share of unknown facts .* classify-facts"):
        steps.build_examples(published, "kept", ports=ports)
    of_base = steps.classify_facts(published, "kept", ports=ports)
    with pytest.raises(errors.UsageError, match=f"says what base knows.*the training continues {adapter}"):
        steps.build_examples(published, "kept", adapter, adapter, start=adapter, knowledge=of_base, ports=ports)
    with pytest.raises(errors.UsageError, match=r"recipe 'tiny-sft' has no data\.max_unknown_share"):
        steps.build_examples(published, "tiny-sft", knowledge=of_base, ports=ports)


@pytest.mark.parametrize("numbers", [{"samples": -1}, {"samples": 101}, {"older": -1}])
def test_numbers_out_of_range_are_refused(ports: fakes.FakePorts, numbers: dict[str, int]) -> None:
    with pytest.raises(errors.UsageError, match=r"samples must be in 0\.\.100, and older 0 or more"):
        steps.classify_facts(corpus(ports), "tiny-sft", **numbers, ports=ports)
