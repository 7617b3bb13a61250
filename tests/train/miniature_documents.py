"""A handful of documents of every source that a shipped recipe takes, over invented conditions and drugs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from medpipe.core import dialogue, sources
from medpipe.core.chat import Turn
from medpipe.core.corpus.document import Document, Section
from medpipe.core.sources import Kind
from medpipe.core.teaching import questions
from medpipe.readers import Readers
from medpipe.sandbox import world
from medpipe.sandbox.world import Topic
from medpipe.settings import Settings
from tests.sources.curated.test_benchmarks import BIOASQ, MEDMCQA, MEDQA, PUBMEDQA, written

DAY = date(2026, 3, 3)
FRENCH = ("frenchmedmcqa", "mediqal")
EXAMINATIONS = ("medqa", *FRENCH)
ACCOUNTS = 24
"""Triage accounts, of the 132 that medpipe ships."""


def documents(prefix: str, number: int = 5) -> list[Document]:
    """Return documents of one source, in the form that its reader gives them."""
    if prefix == "triage":
        pulled = list(Readers(Settings(home=Path())).source("triage").pull(DAY, DAY))
        return [one.model_copy(update={"revision": _REVISION}) for one in pulled[:: len(pulled) // ACCOUNTS]]
    topics, _ = world.pretraining(sum(map(ord, prefix)), number, 0)
    return [_document(prefix, place, topic) for place, topic in enumerate(topics, start=1)]


_REVISION = int(DAY.strftime("%Y%m%d"))


def _document(prefix: str, number: int, topic: Topic) -> Document:
    id = f"{prefix}:{910000 + number}"
    source = sources.of_document(id)
    assert source is not None
    return Document(
        id=id,
        revision=_REVISION,
        source=source.name,
        title=topic.focus.capitalize(),
        focus=topic.focus,
        language="fr" if prefix in FRENCH else "en",
        published=DAY,
        sections=tuple(_sections(prefix, source.kind, topic)),
    )


def _sections(prefix: str, kind: Kind, topic: Topic) -> Iterator[Section]:
    facts = topic.facts[: 2 if kind is Kind.PAGE else 1]
    for fact in facts:
        heading = questions.training(fact.question_type, topic.focus, 1)[0]
        if prefix in EXAMINATIONS:
            asked = f"Quel est le mot qui convient pour la {topic.focus} ?" if prefix in FRENCH else heading
            yield Section(heading=asked, text=f"B. {fact.slot}", choices=("Velorin", fact.slot, "Braiko", "Stumox"))
        elif prefix == "pubmedqa":
            context = f"We asked 40 persons with {topic.focus} about {fact.slot}. Most of them felt better."
            yield Section(heading=f"Does {fact.slot} help in {topic.focus}?", text=fact.answer, context=context)
        elif prefix == "meddialog":
            said = [Turn("user", heading), Turn("assistant", fact.answer)]
            yield Section(heading=heading, text=fact.answer)
            again = f"Does {fact.slot} work for everybody who has {topic.focus}?"
            yield Section(heading=again, text=f"Yes, {fact.slot} does.", context=dialogue.written(said))
        elif kind is Kind.PREFERENCES:
            yield Section(heading=heading, text=fact.answer, rejected=f"Nobody knows about {topic.focus}.")
        else:
            yield Section(heading=heading, text=fact.answer)


def write_benchmarks(folder: Path) -> None:
    """Write one question of each published benchmark that a shipped recipe asks, as its publisher would."""
    for name, file, row in (
        ("medqa", "test.jsonl", MEDQA),
        ("medmcqa", "dev.jsonl", {**MEDMCQA, "cop": 4}),
        ("mmlu-medical", "anatomy_test.csv", "Which bone?,Ulna,Radius,Tibia,Femur,C\n"),
        ("pubmedqa", "test.json", json.dumps({"910099": PUBMEDQA})),
        ("bioasq", "golden.json", json.dumps({"questions": [BIOASQ]})),
    ):
        written(folder, name, file, row)
