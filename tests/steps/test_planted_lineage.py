"""trace and carried on planted cases: everything that carries a document is found, and nothing else is."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from medpipe import records, steps
from medpipe.core.corpus.document import Document, Section
from medpipe.core.knowledge import lineage
from medpipe.core.knowledge.carried import Carried, Role
from medpipe.core.manifests import TraceManifest
from medpipe.core.refs import ref
from medpipe.core.teaching import examples
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.example import Example, PreferencePair
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.recipe import Recipe
from medpipe.steps import carried
from medpipe.steps.artifact import manifest
from medpipe.steps.tracing import versions_carrying
from tests import building, fakes
from tests.building import in_order
from tests.manifests import put
from tests.steps.conftest import DAY_1, topic

pytestmark = pytest.mark.integration

LONG = "is treated with rest and water and sleep for ten whole days in a quiet room without any light"


class Planted:
    """A chain adapter → version → adapter → pairs → version, whose documents are known."""

    def __init__(self, ports: fakes.FakePorts) -> None:
        self.ports = ports
        self.number = 0

    def taught(self, rows: Sequence[Example], start: str = "base") -> str:
        """An adapter that learned these examples."""
        self.number += 1

        def fill(folder: Path) -> None:
            records.write(folder / "train.jsonl", rows)
            records.write_rows(folder / "documents.jsonl", lineage.shares(lineage.entries_of(enumerate(rows))))

        data = put(self.ports.store, ref("examples", ["planted", self.number]), fill)
        return put(self.ports.store, ref("adapter", ["planted", self.number]), data=data, start_from=start)

    def tuned(self, pairs: Sequence[PreferencePair | dict[str, object]], start: str) -> str:
        """An adapter that learned these pairs."""
        self.number += 1
        rows = [pair if isinstance(pair, dict) else pair.model_dump(mode="json") for pair in pairs]
        data = put(
            self.ports.store,
            ref("pairs", ["planted", self.number]),
            lambda folder: records.write_rows(folder / "train.jsonl", rows),
        )
        return put(
            self.ports.store, ref("adapter", ["planted", self.number]), data=data, start_from=start, method="dpo"
        )

    def named(self, adapter: str) -> str:
        """A version of an adapter."""
        self.number += 1
        return put(self.ports.store, f"version/medqa-v{self.number}-abcdef", adapter=adapter)

    def reached(self, *of: str) -> set[str]:
        """The adapters and versions that a trace from documents reaches."""
        outcome = manifest(self.ports, steps.trace(of, forward=True, ports=self.ports), TraceManifest).outcome
        return {*outcome.adapters, *outcome.versions}

    def carried(self, model: str) -> set[tuple[str, int, str]]:
        """The (id, revision, role) that a model carries."""
        return {(one.id, one.revision, str(one.role)) for one in carried.documents(self.ports, model)}


@pytest.fixture
def planted(ports: fakes.FakePorts) -> Planted:
    return Planted(ports)


def example(*named: tuple[str, int], role: str = "taught", question: str = "q") -> Example:
    return Example(
        question=question,
        answer="a",
        source="s",
        role=role,  # type: ignore[arg-type]  # one of two words
        document_ids=tuple(id for id, _ in named),
        document_revisions=tuple(revision for _, revision in named),
        document_digests=tuple(f"{id} at {revision}" for id, revision in named),
    )


def pair(answer: str, *documents: str) -> PreferencePair:
    return PreferencePair(
        question="q", chosen="c", rejected="r", answer_id=answer, identity="i", document_ids=documents
    )


def test_three_revisions_of_one_document_in_three_trainings_are_told_apart(planted: Planted) -> None:
    first = planted.taught([example(("pmid:1", 1), ("pmid:2", 1))])
    second = planted.taught([example(("pmid:1", 2))])
    third = planted.taught([example(("pmid:1", 3))], start=planted.named(second))
    assert planted.reached("pmid:1@1") == {first}
    assert planted.reached("pmid:1@2") - {third} == {second, f"version/medqa-v{3}-abcdef"}
    assert planted.reached("pmid:1@3") == {third}
    assert planted.reached("pmid:1@4") == set()
    assert planted.reached("pmid:1") == {first, second, third, "version/medqa-v3-abcdef"}
    assert planted.carried(third) == {("pmid:1", 2, "taught"), ("pmid:1", 3, "taught")}


def test_grandparents_are_reached_through_versions_and_adapters_in_turn(planted: Planted) -> None:
    oldest = planted.taught([example(("pmid:1", 1))])
    parent = planted.taught([example(("pmid:2", 1))], start=planted.named(oldest))
    child = planted.tuned([pair("a", "pmid:3")], start=parent)
    grandchild = planted.taught([example(("pmid:4", 1))], start=planted.named(child))
    stranger = planted.taught([example(("pmid:5", 1))])
    for document, carriers in (
        ("pmid:1@1", {oldest, parent, child, grandchild}),
        ("pmid:2", {parent, child, grandchild}),
        ("pmid:3", {child, grandchild}),
        ("pmid:4", {grandchild}),
        ("pmid:5", {stranger}),
    ):
        assert {one for one in planted.reached(document) if one.startswith("adapter/")} == carriers, document
    assert {id for id, _, _ in planted.carried(grandchild)} == {"pmid:1", "pmid:2", "pmid:3", "pmid:4"}
    assert planted.carried("base") == set()


def test_pairs_with_and_without_revisions_are_carried(planted: Planted) -> None:
    stated = pair("a", "pmid:7").model_dump(mode="json") | {"document_revisions": [20260304]}
    tuned = planted.tuned([stated, pair("b", "pmid:8"), pair("c")], start="base")
    assert planted.carried(tuned) == {("pmid:7", 20260304, "taught"), ("pmid:8", 0, "taught")}
    assert planted.reached("pmid:7@20260304") == planted.reached("pmid:8@20260304") == {tuned}
    assert planted.reached("pmid:7@20260305") == set()


def test_a_claim_that_was_taught_and_later_withdrawn_is_carried_in_both_roles(planted: Planted) -> None:
    taught = planted.taught([example(("pmid:1", 1))])
    withdrawn = planted.taught([example(("pmid:1", 1), ("pmid:9", 1), role="withdrawn")], start=taught)
    clean = planted.taught([example(("pmid:1", 1), role="withdrawn")])
    assert planted.carried(withdrawn) == {
        ("pmid:1", 1, "taught"),
        ("pmid:1", 1, "withdrawn"),
        ("pmid:9", 1, "withdrawn"),
    }
    assert planted.carried(clean) == {("pmid:1", 1, "withdrawn")}
    assert carried.taught_digests(planted.ports, withdrawn) == {"pmid:1": "pmid:1 at 1"}
    assert carried.taught_digests(planted.ports, clean) == {}


def page(number: int, said: str, published: int = 3) -> Document:
    return topic(number).model_copy(
        update={
            "id": f"mplus:{number}",
            "title": "Ill",
            "focus": "Ill",
            "published": DAY_1.replace(day=published),
            "sections": (Section(heading="Treatment", text=said),),
        }
    )


def built(documents: Iterable[Document], **data: object) -> tuple[Example, ...]:
    recipe = Recipe(name="r", summary="", method="sft", base="tiny", trainer={}, data=Data(**data))
    hygiene = Hygiene(clusters=fakes.PairwiseDuplicates().clusters)
    return building.built(examples.prepare(in_order(documents), recipe, hygiene=hygiene), recipe, None, hygiene).train


def test_a_document_that_was_merged_into_its_near_duplicate_and_every_paraphrase_of_it_are_found(
    planted: Planted,
) -> None:
    merged = [page(1, f"Ill {LONG}."), page(2, f"Ill {LONG} .", published=4)]
    rows = built([*merged, topic(5)], near_duplicates=0.8, paraphrases=3)
    first = planted.taught(rows)
    other = planted.taught(built([topic(6)]))
    assert planted.reached("mplus:1") == planted.reached("mplus:2") == {first}
    assert planted.reached(topic(6).id) == {other}
    traced = steps.trace(("mplus:2",), ports=planted.ports)
    found = {row["row"] for row in records.read_rows(planted.ports.store.folder(traced) / "found.jsonl")}
    assert found == {number for number, row in enumerate(rows) if row.focus == "Ill"}
    assert len(found) > 3, "paraphrases too"


def test_two_documents_that_say_the_same_word_for_word_are_both_behind_the_one_example(planted: Planted) -> None:
    model = planted.taught(built([page(1, "Ill is treated with rest."), page(2, "Ill is treated with rest.")]))
    assert planted.reached("mplus:1") == planted.reached("mplus:2") == {model}


@pytest.mark.parametrize("seed", range(20))
def test_precision_and_recall_are_whole_over_random_chains(planted: Planted, seed: int) -> None:
    chance = random.Random(seed)
    models: dict[str, set[tuple[str, int]]] = {"base": set()}
    adapters: list[str] = ["base"]
    for _ in range(8):
        start = chance.choice(adapters)
        named = [
            tuple((f"pmid:{chance.randrange(6)}", chance.randrange(1, 4)) for _ in range(chance.randrange(1, 3)))
            for _ in range(chance.randrange(1, 4))
        ]
        rows = [example(*dict(documents).items(), question=str(at)) for at, documents in enumerate(named)]
        model = planted.taught(rows, start)
        models[model] = models[start] | {
            one for row in rows for one in zip(row.document_ids, row.document_revisions, strict=True)
        }
        adapters.append(model)
        if chance.random() < 0.5:
            version = planted.named(model)
            models[version] = models[model]
            adapters.append(version)
    for id in {f"pmid:{number}" for number in range(6)}:
        for revision in (1, 2, 3):
            truth = {model for model, carries in models.items() if (id, revision) in carries}
            assert planted.reached(f"{id}@{revision}") == truth
        assert planted.reached(id) == {model for model, carries in models.items() if id in dict(carries)}
    for model, carries in models.items():
        assert {(one.id, one.revision) for one in carried.documents(planted.ports, model)} == carries


def test_carried_revisions_come_in_order_with_their_digests(planted: Planted) -> None:
    first = planted.taught([example(("pmid:2", 1), ("pmid:1", 2))])
    second = planted.taught([example(("pmid:1", 1))], start=first)
    assert list(carried.documents(planted.ports, second)) == [
        Carried("pmid:1", 1, "pmid:1 at 1", Role.TAUGHT),
        Carried("pmid:1", 2, "pmid:1 at 2", Role.TAUGHT),
        Carried("pmid:2", 1, "pmid:2 at 1", Role.TAUGHT),
    ]


def test_a_version_that_was_only_taught_the_withdrawal_is_not_tainted_by_the_document(planted: Planted) -> None:
    tainted = planted.named(planted.taught([example(("pmid:1", 1))]))
    clean = planted.named(planted.taught([example(("pmid:1", 1), role="withdrawn")]))
    relapsed = planted.named(planted.taught([example(("pmid:1", 1), role="withdrawn")], start=tainted))
    assert versions_carrying(("pmid:1",), ports=planted.ports) == tuple(sorted((tainted, relapsed)))
    assert clean in planted.reached("pmid:1")
