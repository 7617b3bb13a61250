"""Measure what keeps old knowledge while a model learns news: replay, L2, EWC, nothing: `make bench-retention`.

    python -m bench.retention_methods [--seeds N] [--quick]

Each seed invents its own medicine (`medpipe.sandbox.world`), teaches it to the tiny base, and lets each method learn
the same news. Then ten daily updates are learned one by one, and compared with a training on everything from the base.
All questions are asked in phrasings that no training has. Results go to bench/results/retention-methods.json.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from bench.measuring import machine
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
L2, EWC = 0.03, 0.1
"""Strengths, chosen by trying a few powers of ten on a seed that is not measured, by large steps."""
FIRST_SEED = 101


class Arm(NamedTuple):
    """One way to learn the news."""

    name: str
    replay: float
    penalty: Penalty | None = None


ARMS = (
    Arm("nothing", 0.0),
    Arm("L2 to the start", 0.0, Penalty(method="l2", strength=L2)),
    Arm("EWC", REPLAY, Penalty(method="ewc", strength=EWC, rehearse=False)),
    Arm("replay", REPLAY),
    Arm("replay and EWC", REPLAY, Penalty(method="ewc", strength=EWC)),
)


BY_SMALL_STEPS = ("nothing", "EWC", "replay")


class Trained(NamedTuple):
    """An adapter, the tokens that its training read, and its seconds."""

    adapter: Path
    tokens: int
    seconds: float


class Bench:
    """Trains and asks the tiny base about one seed's medicine."""

    def __init__(self, folder: Path, bases: Path, seed: int) -> None:
        self._folder, self._bases = folder, bases
        self._recipe = load_named(Settings(home=folder).recipes, "tiny-sft", "recipe", Recipe)
        self._chance = random.Random(f"retention-{seed}")
        names = Names(seed, "world")
        count = OLD + max(NEW, DAILY * UPDATES)
        self.topics = [new_topic(names, self._chance, number, DAYS[1]) for number in range(count)]
        self.asked_only = set(self._chance.sample(range(count), round(NEVER_REPLAYED * count)))
        self._trained = 0

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
    ) -> Trained:
        """Teach news; `old`: topics from which the arm replays."""
        new, older = _examples(news), _examples(self.replayable(old), replay=True)
        replayed = self._chance.sample(older, min(round(arm.replay * len(new)), len(older)))
        self._trained += 1
        place = self._folder / f"{self._trained}"
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


def methods(bench: Bench, champion: Path, arms: Sequence[Arm] = ARMS) -> list[dict[str, Any]]:
    """Let each arm learn the same news by small and by large steps, L2 and replay with EWC by large ones only."""
    old, news = bench.topics[:OLD], bench.topics[OLD : OLD + NEW]
    kept = bench.never_replayed(old)
    rows: list[dict[str, Any]] = [
        {"arm": "champion", "steps": "", "old": bench.right(champion, kept), "new": bench.right(champion, news)}
    ]
    for steps, rate in STEPS.items():
        for arm in (arm for arm in arms if steps == "large steps" or arm.name in BY_SMALL_STEPS):
            trained = bench.train(news, old, champion, arm, rate)
            rows.append(
                {
                    "arm": arm.name,
                    "steps": steps,
                    "old": bench.right(trained.adapter, kept),
                    "new": bench.right(trained.adapter, news),
                    "tokens": trained.tokens,
                    "seconds": round(trained.seconds, 1),
                }
            )
            _report(f"{rows[-1]}")
    return rows


def updates(bench: Bench, champion: Trained) -> dict[str, Any]:
    """Learn ten daily updates one by one, and everything at once from the base.

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
        row = {name: bench.right(adapter, topics) for name, topics in asked.items()} | {"tokens": tokens}
        _report(f"{row}")
        return row

    ways = {}
    for name, steps in (("replay", "small steps"), ("EWC", "large steps")):
        arm = next(arm for arm in ARMS if arm.name == name)
        adapter, tokens = champion.adapter, 0
        for day, before in zip(days, corpora, strict=False):
            trained = bench.train(day, before, adapter, arm, STEPS[steps])
            adapter, tokens = trained.adapter, tokens + trained.tokens
        ways[f"each from the last, {name}, {steps}"] = measured(adapter, tokens)
    tokens = sum(bench.tokens(_examples(corpus)) for corpus in corpora[1:])
    ways["each from the base, on everything"] = measured(bench.train(corpora[-1]).adapter, tokens)
    return ways


def measure(folder: Path, bases: Path, seed: int, quick: bool = False) -> dict[str, Any]:
    """Return all figures of one seed."""
    bench = Bench(folder, bases, seed)
    champion = bench.train(bench.topics[:OLD])
    _report(f"seed {seed}: a champion in {champion.seconds:.0f} s")
    rows = methods(bench, champion.adapter, ARMS[:1] if quick else ARMS)
    return {"methods": rows, "updates": {} if quick else updates(bench, champion)}


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def table(figures: Mapping[str, Any]) -> str:
    """Return both tables as Markdown."""
    seeds = list(figures["seeds"].values())
    rows = [
        [row for seed in seeds for row in seed["methods"] if (row["arm"], row["steps"]) == key] for key in _keys(seeds)
    ]
    lines = ["| what | steps | old, never replayed | new | tokens |", "|---|---|---|---|---|"]
    for same in rows:
        tokens = f"{sum(row.get('tokens', 0) for row in same) // len(same):,}" if "tokens" in same[0] else "–"
        cells = (same[0]["arm"], same[0]["steps"] or "–", _shares(same, "old"), _shares(same, "new"), tokens)
        lines.append(f"| {' | '.join(cells)} |")
    ways = [seed["updates"] for seed in seeds if seed["updates"]]
    if not ways:
        return "\n".join(lines)
    lines += ["", "| ten daily updates | all facts | old, never replayed | new | tokens |", "|---|---|---|---|---|"]
    for way in ways[0]:
        same = [updates[way] for updates in ways]
        cells = (way, *(_shares(same, name) for name in ("all", "old", "new")))
        lines.append(f"| {' | '.join(cells)} | {sum(row['tokens'] for row in same) // len(same):,} |")
    return "\n".join(lines)


def _keys(seeds: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(row["arm"], row["steps"]) for row in seeds[0]["methods"]]


def _shares(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    """Return the share over all seeds, and those of each seed."""
    counts = [row[name] for row in rows]
    whole = sum(right for right, _ in counts) / sum(asked for _, asked in counts)
    return f"{whole:.3f} ({', '.join(f'{right / asked:.2f}' for right, asked in counts)})"


def main() -> int:
    """Run it, write the figures after each seed, and print the tables."""
    parser = argparse.ArgumentParser(prog="bench.retention_methods", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seeds", type=int, default=3, help="worlds (default 3)")
    parser.add_argument("--quick", action="store_true", help="one arm of one world; nothing is recorded")
    options = parser.parse_args()
    bases = models(ROOT)
    make_tiny_base(bases)
    started = time.perf_counter()
    figures: dict[str, Any] = {"machine": machine(), "l2": L2, "ewc": EWC, "seeds": {}}
    for seed in range(FIRST_SEED, FIRST_SEED + (1 if options.quick else options.seeds)):
        with tempfile.TemporaryDirectory(prefix="medpipe-retention-") as folder:
            figures["seeds"][str(seed)] = measure(Path(folder), bases, seed, options.quick)
        figures["seconds"] = round(time.perf_counter() - started)
        if not options.quick:
            RESULT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
