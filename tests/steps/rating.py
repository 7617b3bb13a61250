"""A taught model, its base, and what raters say of their answers, for tests of the verbs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from medpipe import steps
from medpipe.core.judging.rating.scale import DIMENSIONS
from medpipe.core.refs import RatingsRef, SheetRef
from medpipe.steps.sampling import FOR_RATERS
from tests import fakes
from tests.feedback import holder
from tests.steps.conftest import DAY_1, DAY_2, publish, topic

Row = Mapping[str, str]
Said = int | Mapping[str, object]
"""One level for every dimension, or cells by column."""


def evaluations_of(ports: fakes.FakePorts, topics: int = 20) -> tuple[str, str]:
    """The evaluations of a model that was taught some topics, and of its base."""
    publish(ports, [topic(number, DAY_1) for number in range(topics)])
    documents = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    examples = steps.build_examples(steps.build_corpus((documents,), ports=ports), "tiny-sft", ports=ports)
    adapter = steps.train("tiny-sft", steps.validate(examples, "examples", ports=ports), ports=ports)
    taught, base = (steps.evaluate(model, "tiny-sft", examples, ports=ports) for model in (adapter, "base"))
    return taught, base


def raters(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch, count: int = 3) -> list[str]:
    """Holders of keys whom the policy names as raters."""
    holders = [holder(ports, f"rater {number}") for number in range(1, count + 1)]
    policy = ports.rating_policy.model_copy(update={"raters": dict.fromkeys(holders, "a test")})
    monkeypatch.setattr(fakes.FakePorts, "rating_policy", policy)
    return holders


def filled(ports: fakes.FakePorts, artifact: str, file: Path, says: Callable[[Row], Said]) -> str:
    """A rater's file: the artifact's sheet with what the rater says of each row; 0 says nothing."""
    with (ports.store.folder(artifact) / FOR_RATERS / "sheet.csv").open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    with file.open("w", encoding="utf-8-sig", newline="") as text:
        writer = csv.DictWriter(text, rows[0].keys(), delimiter=";")
        writer.writeheader()
        for row in rows:
            said = says(row)
            cells = dict.fromkeys(DIMENSIONS, said or "") if isinstance(said, int) else said
            writer.writerow({**row, **cells})
    return str(file)


def by_accuracy(row: Row) -> int:
    """A rater who knows the invented medicine: an answer about the question's own fever is right."""
    return 5 if asked_about(row) in row["answer"].lower() else 1


def asked_about(row: Row) -> str:
    return next(word for word in row["question"].lower().split() if word.endswith("ane"))


def rated(
    ports: fakes.FakePorts, sheet: SheetRef, holders: list[str], folder: Path, *says: Callable[[Row], Said]
) -> RatingsRef:
    """What raters say of a sheet: one function for each."""
    folder.mkdir(exist_ok=True)
    files = tuple(filled(ports, sheet, folder / f"{number}.csv", one) for number, one in enumerate(says))
    return steps.take_ratings(sheet, files, tuple(holders[: len(files)]), ports=ports)
