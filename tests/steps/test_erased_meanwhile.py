"""An erasure at any point of a verb that copies what people wrote: nothing that is published afterwards has it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from medpipe import errors, records, steps
from medpipe.backends.artifacts import unfinished
from medpipe.backends.sql import database
from medpipe.core.refs import BASE, ExamplesRef, FeedbackRef, PairsRef, ref
from medpipe.core.teaching.example import PreferencePair
from medpipe.ports import Validation
from medpipe.settings import Settings
from medpipe.steps import lease
from medpipe.steps.artifact import once
from tests import fakes
from tests.feedback import END, collected, holder, rate
from tests.manifests import inputs, put
from tests.steps.test_feedback import corpus_of
from tests.steps.test_feedback import ports as ports
from tests.steps.test_preferences import preference

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
POINTS = {
    "feedback": ("tombstones", "between"),
    "store": ("folder", "blanked", "write"),
    "leases": ("take", "renew", "release"),
    "redactor": ("redact",),
    "trainer": ("train",),
    "generator": ("generate",),
}
"""The calls of ports before which an erasure can come: those that read or write texts, or look at erasures."""


class Interrupted:
    """Ports, or one of them, that call `at_point` before each of those calls."""

    def __init__(self, inner: Any, at_point: Callable[[], None], calls: Collection[str] = POINTS) -> None:
        self._inner, self._at_point, self._calls = inner, at_point, calls

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name not in self._calls:
            return value
        return watched(value, self._at_point) if callable(value) else Interrupted(value, self._at_point, POINTS[name])


def watched(call: Callable[..., Any], at_point: Callable[[], None]) -> Callable[..., Any]:
    def calling(*arguments: Any, **named: Any) -> Any:
        at_point()
        result = call(*arguments, **named)
        return rows(result) if isinstance(result, Iterator) else result

    def rows(result: Iterator[Any]) -> Iterator[Any]:
        for row in result:
            yield row
            at_point()

    return calling


class World:
    """People who write, and the verb that an erasure meets. The word of each person is nobody else's."""

    def __init__(self, ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ports, self.patch = ports, monkeypatch
        self.corpus = corpus_of(ports, preference(1))
        self.examples = ExamplesRef(put(ports.store, ref("examples", "none"), empty))
        monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0)  # the interrupted verb may be reading the database
        self.other = fakes.ports(Settings(home=ports.settings.home, policies=ports.settings.policies))
        self.people: dict[str, str] = {}
        self.named: tuple[str, ...] = ()

    def person(self, number: int) -> str:
        """Somebody new rates an answer; returns the word that only this person writes."""
        word = f"ostra{number}x"
        self.people[word] = holder(self.ports, word)
        text = f"Sea air of {word} hums."
        rate(self.ports, self.people[word], f"answer-{number}", f"Is {word} far?", text, f"Dust of {word}.")
        return word

    def erase(self, word: str) -> None:
        self.named = steps.erase("a request", "Dr. A", identity=self.people[word], ports=self.other).adapters

    def has(self, word: str) -> list[Path]:
        """The files of artifacts and unfinished work in which a word stands, without adapters that `erase` named."""
        files = [file for place in ("artifacts", "work") for file in (self.ports.settings.home / place).rglob("*")]
        having = [file for file in files if file.is_file() and word.encode() in file.read_bytes()]
        return [file for file in having if not any(adapter in str(file) for adapter in self.named)]

    def forget(self) -> None:
        """Remove what was made, so that the next erasure is as quick as the first."""
        for kind in ("feedback", "pairs", "validation", "evaluation", "adapter"):
            shutil.rmtree(self.ports.settings.home / "artifacts" / kind, ignore_errors=True)

    def run(self, verb: Callable[[Any], object], word: str, point: int) -> bool:
        """Run a verb; the person of `word` erases at that point. Returns whether there was such a point."""
        passed, waits = 0, False

        def at_point() -> None:
            nonlocal passed, waits
            passed += 1
            if passed == point:
                try:
                    self.erase(word)
                except errors.Unavailable:  # a copy is just being published: `erase` asks to be run again
                    waits = True

        with self.patch.context() as patch:
            patch.setattr(lease, "_taken", taken_or_refused)
            patch.setattr(unfinished, "move", watched(unfinished.move, at_point))
            patch.setattr(records, "read_rows", watched(records.read_rows, at_point))
            try:
                verb(Interrupted(self.ports, at_point))
            except errors.MedpipeError:
                assert passed >= point, "only an erasure stops it"
        if waits:
            self.erase(word)
        return passed >= point


def empty(folder: Path) -> None:
    """Examples without rows."""
    for name in ("train", "documents", "facts"):
        records.write_rows(folder / f"{name}.jsonl", [])


def taken_or_refused(leases: Any, name: str, terms: lease.Terms) -> Any:
    """A lease, without waiting for the other one: both are in this thread."""
    taken = leases.take(name, terms.seconds)
    if taken is None:
        raise errors.Unavailable(name)
    return taken


def collecting(world: World, word: str) -> Callable[[Any], object]:
    return lambda ports: steps.collect_feedback(END, ports=ports)


def building(world: World, word: str) -> Callable[[Any], object]:
    feedback = collected(world.ports)
    return lambda ports: steps.build_pairs(feedback, world.corpus, ports=ports)


def preferring(world: World, word: str) -> Callable[[Any], object]:
    pairs = steps.build_pairs(collected(world.ports), world.corpus, ports=world.ports)
    return lambda ports: steps.build_preferences(world.corpus, pairs, ports=ports)


def validating(world: World, word: str) -> Callable[[Any], object]:
    """The suite quarantines every row."""
    everything = Validation(True, (), {0: ("a reason",)}, "")
    world.patch.setattr(fakes.BlankTitleValidator, "validate", lambda *arguments: everything)
    (item,) = (item for item in world.ports.feedback.between(BEGINNING, END) if word in item.question)
    place = ref("feedback", word)
    row = item._asdict()
    data = put(world.ports.store, place, lambda folder: records.write_rows(folder / "feedback.jsonl", [row]))
    return lambda ports: steps.validate(FeedbackRef(data), "feedback", ports=ports)


def judging(world: World, word: str) -> PairsRef:
    """Pairs that are held out and taught alike."""
    pair = PreferencePair(
        question=f"Is {word} far?",
        chosen=f"Sea air of {word} hums.",
        rejected="No.",
        answer_id="answer-0",
        identity=world.people[word],
    )

    def fill(folder: Path) -> None:
        records.write(folder / "train.jsonl", [pair])
        records.write(folder / "heldout.jsonl", [pair])

    return PairsRef(put(world.ports.store, ref("pairs", word), fill))


def evaluating(world: World, word: str) -> Callable[[Any], object]:
    """The model says what it is asked."""
    world.patch.setattr(fakes.MemoryGenerator, "generate", lambda self, base, adapter, name, prompts, *rest: prompts)
    recipe = world.ports.recipe("tiny-dpo").model_copy(update={"benchmarks": ()})
    world.patch.setattr(world.ports, "recipe", lambda name: recipe)
    pairs = judging(world, word)
    return lambda ports: steps.evaluate(BASE, "tiny-dpo", world.examples, pairs, ports=ports)


def training(world: World, word: str) -> Callable[[Any], object]:
    pairs = judging(world, word)
    steps.validate(pairs, "pairs", ports=world.ports)
    return lambda ports: steps.train("tiny-dpo", pairs, BASE, ports=ports)


SLOW = [pytest.param(prepare, marks=pytest.mark.slow) for prepare in (collecting, preferring, training)]


@pytest.mark.parametrize("prepare", [building, validating, evaluating, *SLOW])
def test_what_is_erased_while_a_verb_runs_is_in_nothing_that_it_publishes(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch, prepare: Callable[[World, str], Callable[[Any], object]]
) -> None:
    world = World(ports, monkeypatch)
    point, met = 0, True
    while met:
        point += 1
        word = world.person(point)
        met = world.run(prepare(world, word), word, point)
        assert met == (not world.has(word)), f"{point}: {world.has(word)}"
        world.forget()
    assert point > 8, "the verb has many points, and without an erasure it publishes the text"


def test_a_kind_that_can_hold_what_people_wrote_is_published_in_no_other_way(ports: fakes.FakePorts) -> None:
    with pytest.raises(TypeError, match="must publish it through Unerased"):
        once(ports, "feedback", "collect_feedback", inputs("feedback"), lambda folder: None)  # type: ignore[arg-type,return-value]
