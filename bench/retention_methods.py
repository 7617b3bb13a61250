"""Measure what keeps old knowledge while a model learns news: replay, L2, EWC, nothing: `make bench-retention`.

    python -m bench.retention_methods [--seeds N] [--quick] [--keep FOLDER]

Each seed invents its own medicine (`medpipe.sandbox.world`) and its own order of data, teaches the medicine to the tiny
base, and lets each method learn the same news. Then ten daily updates are learned one by one, and compared with a
training on everything from the base. All questions are asked in phrasings that no training has. With `--keep`, what was
trained and measured stays in a folder, and a run that was killed goes on from there. When all seeds are complete, the
results go to bench/results/retention-methods.json.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from bench.measuring import machine
from bench.retention_methods_table import table
from medpipe import records
from medpipe.backends.transformers_generator import TransformersGenerator
from medpipe.backends.trl.trainer import TrlTrainer
from medpipe.configuration import load_named
from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.core.teaching import questions
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.penalty import Penalty
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.text import contains
from medpipe.sandbox.servers import models
from medpipe.sandbox.tiny_base import make_tiny_base
from medpipe.sandbox.world import DAYS, Names, Topic, new_topic
from medpipe.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench" / "results" / "retention-methods.json"
OLD, NEW = 60, 16
"""Topics that the champion was taught, and those of the news: as on the demo's first and second day."""
NEVER_REPLAYED, REPLAY = 0.45, 2.0
"""Share of the old topics that are only asked, and replayed examples for each new one: as in the recipe tiny-sft."""
DAILY, UPDATES = 3, 10
"""Topics of a daily update, and updates."""
STEPS = {"small steps": 0.0005, "large steps": 0.003}
"""Learning rates of tiny-sft and of tiny-sft-no-replay from a champion."""
MIDDLE = 0.001
"""A learning rate between them, for daily updates: by small steps, seven facts get too few of them to be learned."""
L2, EWC = 0.03, 0.1
"""Strengths, chosen by trying a few powers of ten on a seed that is not measured, by large steps."""
FIRST_SEED = 101


class Arm(NamedTuple):
    """One way to learn the news."""

    name: str
    replay: float
    penalty: Penalty | None = None
    estimate: int = 0
    """Older examples that EWC is estimated on, if there are more than `replay` gives; they are not taught."""


ARMS = (
    Arm("nothing", 0.0),
    Arm("L2 to the start", 0.0, Penalty(method="l2", strength=L2)),
    Arm("EWC", REPLAY, Penalty(method="ewc", strength=EWC, rehearse=False)),
    Arm("replay", REPLAY),
    Arm("replay and EWC", REPLAY, Penalty(method="ewc", strength=EWC)),
)


BY_SMALL_STEPS = ("nothing", "EWC", "replay")
DAILY_WAYS = {
    "replay, small steps": (Arm("replay", REPLAY), STEPS["small steps"]),
    "replay of 3.5 for each new one, middle steps": (Arm("replay 3.5", 3.5), MIDDLE),
    "EWC on two older rows for each new one, large steps": (ARMS[2], STEPS["large steps"]),
    "EWC on 128 older rows, large steps": (ARMS[2]._replace(estimate=128), STEPS["large steps"]),
    "EWC on 128 older rows, middle steps": (ARMS[2]._replace(estimate=128), MIDDLE),
    "L2, large steps": (ARMS[1], STEPS["large steps"]),
}
"""Ways to learn daily updates. An update has about twenty new rows, so by two older ones for each, EWC is estimated on
forty and not on the 128 of its default; whether that is why it lost everything is what the third and fourth compare."""


class Trained(NamedTuple):
    """An adapter, the tokens that its training read, and its seconds."""

    adapter: Path
    tokens: int
    seconds: float


class Bench:
    """Trains and asks the tiny base about one seed's medicine."""

    def __init__(self, folder: Path, bases: Path, seed: int) -> None:
        self._folder, self._bases = folder, bases
        recipe = load_named(Settings(home=folder).recipes, "tiny-sft", "recipe", Recipe)
        self._recipe = recipe.model_copy(update={"seed": seed})
        self._seed = seed
        chance = random.Random(f"retention-{seed}")
        names = Names(seed, "world")
        count = OLD + max(NEW, DAILY * UPDATES)
        self.topics = [new_topic(names, chance, number, DAYS[1]) for number in range(count)]
        self.asked_only = set(chance.sample(range(count), round(NEVER_REPLAYED * count)))

    def replayable(self, topics: Sequence[Topic]) -> list[Topic]:
        """Return the topics that may be replayed."""
        return [topic for topic in topics if self.topics.index(topic) not in self.asked_only]

    def never_replayed(self, topics: Sequence[Topic]) -> list[Topic]:
        """Return the topics that are only asked once they are old."""
        return [topic for topic in topics if self.topics.index(topic) in self.asked_only]

    def train(
        self,
        news: Sequence[Topic],
        old: Sequence[Topic] = (),
        start: Path | None = None,
        arm: Arm = ARMS[0],
        rate: float | None = None,
        name: str = "champion",
    ) -> Trained:
        """Teach news; `old`: topics from which the arm replays. `name`: the training's own: it decides its chance."""
        new, older = _examples(news), _examples(self.replayable(old), replay=True)
        count = max(round(arm.replay * len(new)), arm.estimate)
        replayed = random.Random(f"{self._seed}-{name}").sample(older, min(count, len(older)))
        place = self._folder / name
        shutil.rmtree(place, ignore_errors=True)
        records.write(place / "data" / "train.jsonl", [*new, *replayed])
        recipe = self._recipe.model_copy(update={"penalty": arm.penalty})
        if rate is not None:
            recipe = recipe.model_copy(update={"trainer": recipe.trainer | {"learning_rate": rate}})
        started = time.perf_counter()
        TrlTrainer(self._bases, 1, True).train(
            recipe, place / "data", start, place / "adapter", place / "work", lambda share, text: None
        )
        taught = new if arm.penalty and not arm.penalty.rehearse else [*new, *replayed]
        return Trained(place / "adapter", self.tokens(taught), time.perf_counter() - started)

    def tokens(self, examples: Sequence[Example]) -> int:
        """Return how many tokens a training on these reads, in all its epochs."""
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(self._bases / self._recipe.base)
        texts = [prompt.render(example.question) + prompt.completion(example.answer) for example in examples]
        return int(self._recipe.trainer["num_train_epochs"]) * sum(map(len, tokenizer(texts).input_ids))

    def right(self, adapter: Path, topics: Sequence[Topic]) -> tuple[int, int]:
        """Return how many questions about topics are answered right, of how many."""
        facts = [(topic, fact) for topic in topics for fact in topic.facts]
        asked = [prompt.render(questions.held_out(fact.question_type, topic.focus)[0]) for topic, fact in facts]
        given = TransformersGenerator(self._bases, 1, True).generate(
            self._recipe.base, adapter, "a", asked, Ending(self._recipe.max_new_tokens), lambda share, text: None
        )
        return sum(contains(text, fact.slot) for text, (_, fact) in zip(given, facts, strict=True)), len(facts)


def _examples(topics: Sequence[Topic], replay: bool = False) -> list[Example]:
    return [
        Example(question=phrased, answer=fact.answer, document_ids=(topic.id,), source="invented", replay=replay)
        for topic in topics
        for fact in topic.facts
        for phrased in questions.training(fact.question_type, topic.focus, 3)
    ]


class Journal:
    """What was measured of one seed, in a file that a killed run goes on from."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def once(self, key: str, work: Callable[[], Any]) -> Any:
        """Return what was measured under a key; measure it where it was not."""
        if key not in self._known:
            self._known[key] = work()
            self._file.write_text(json.dumps(self._known, indent=1), encoding="utf-8")
            _report(f"{key}: {self._known[key]}")
        return self._known[key]


def methods(bench: Bench, champion: Path, journal: Journal, arms: Sequence[Arm] = ARMS) -> list[dict[str, Any]]:
    """Let each arm learn the same news by small and by large steps, L2 and replay with EWC by large ones only."""
    old, news = bench.topics[:OLD], bench.topics[OLD : OLD + NEW]
    kept = bench.never_replayed(old)

    def before() -> dict[str, Any]:
        return {"arm": "champion", "steps": "", "old": bench.right(champion, kept), "new": bench.right(champion, news)}

    def learned(arm: Arm, steps: str) -> dict[str, Any]:
        trained = bench.train(news, old, champion, arm, STEPS[steps], _file_name(f"{arm.name} {steps}"))
        return {
            "arm": arm.name,
            "steps": steps,
            "old": bench.right(trained.adapter, kept),
            "new": bench.right(trained.adapter, news),
            "tokens": trained.tokens,
            "seconds": round(trained.seconds, 1),
        }

    return [
        journal.once("before", before),
        *(
            journal.once(f"{arm.name}, {steps}", partial(learned, arm, steps))
            for steps in STEPS
            for arm in arms
            if steps == "large steps" or arm.name in BY_SMALL_STEPS
        ),
    ]


def updates(bench: Bench, champion: Path, journal: Journal) -> dict[str, Any]:
    """Learn ten daily updates one by one in each way, and everything at once from the base.

    The tokens of the latter are those of a training on the whole corpus after each update. Only the last is trained.
    """
    days = [bench.topics[OLD + DAILY * day : OLD + DAILY * (day + 1)] for day in range(UPDATES)]
    corpora = [*accumulate(days, lambda corpus, day: [*corpus, *day], initial=bench.topics[:OLD])]
    asked = {
        "all": corpora[-1],
        "old": bench.never_replayed(corpora[0]),
        "new": [topic for day in days for topic in day],
    }

    def measured(adapter: Path, tokens: int) -> dict[str, Any]:
        return {name: bench.right(adapter, topics) for name, topics in asked.items()} | {"tokens": tokens}

    def daily(way: str) -> dict[str, Any]:
        (arm, rate), adapter, tokens = DAILY_WAYS[way], champion, 0
        kept: list[int] = []
        for number, (day, before) in enumerate(zip(days, corpora, strict=False), start=1):
            trained = bench.train(day, before, adapter, arm, rate, _file_name(f"{way} {number}"))
            adapter, tokens = trained.adapter, tokens + trained.tokens
            kept.append(bench.right(adapter, asked["old"])[0])
        return measured(adapter, tokens) | {"old_after_each": kept}

    def whole() -> dict[str, Any]:
        tokens = sum(bench.tokens(_examples(corpus)) for corpus in corpora[1:])
        return measured(bench.train(corpora[-1], name="everything").adapter, tokens)

    ways = {f"each from the last, {way}": journal.once(way, partial(daily, way)) for way in DAILY_WAYS}
    return ways | {"each from the base, on everything": journal.once("everything", whole)}


def measure(folder: Path, bases: Path, seed: int, quick: bool = False) -> dict[str, Any]:
    """Return all figures of one seed. `folder`: what an earlier run left there is not trained and asked again."""
    bench, journal = Bench(folder, bases, seed), Journal(folder / "measured.json")

    def champion() -> dict[str, Any]:
        trained = bench.train(bench.topics[:OLD])
        return {"seconds": round(trained.seconds, 1), "tokens": trained.tokens}

    journal.once("champion", champion)
    adapter = folder / "champion" / "adapter"
    rows = methods(bench, adapter, journal, ARMS[:1] if quick else ARMS)
    return {"methods": rows, "updates": {} if quick else updates(bench, adapter, journal)}


def _file_name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Run it, print the tables, and write the figures when every seed is complete."""
    parser = argparse.ArgumentParser(prog="bench.retention_methods", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seeds", type=int, default=3, help="worlds, each with its own order of data (default 3)")
    parser.add_argument("--quick", action="store_true", help="one arm of one world; nothing is recorded")
    parser.add_argument("--keep", type=Path, help="a folder in which trainings and figures stay, to go on from")
    options = parser.parse_args()
    bases = models(ROOT)
    make_tiny_base(bases)
    started = time.perf_counter()
    figures: dict[str, Any] = {"machine": machine(), "l2": L2, "ewc": EWC, "seeds": {}}
    with tempfile.TemporaryDirectory(prefix="medpipe-retention-") as temporary:
        for seed in range(FIRST_SEED, FIRST_SEED + (1 if options.quick else options.seeds)):
            folder = (options.keep or Path(temporary)) / str(seed)
            folder.mkdir(parents=True, exist_ok=True)
            figures["seeds"][str(seed)] = measure(folder, bases, seed, options.quick)
    figures["seconds"] = round(time.perf_counter() - started)
    if not options.quick:
        RESULT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
