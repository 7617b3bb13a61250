"""A year on the disk, with and without `gc` every Sunday.

Every day a delivery, its validation with pages, a corpus, and a measurement of drift; every six hours all feedback and
all pairs, each with a validation; every week a retrain, of which every third one passes. Manifests, ledger, leases, the
corpus table and MLflow's runs with their copies of weights are real. Contents are blanks of a thousandth of the size
that they have in production: 30 MB a delivery, 60 MB of examples, 100 MB of weights, 1 KB for each of five corrections
an hour. The table begins with a thousandth of a million articles, and each day revises 24 and adds 6. What it no longer
needs goes at once, and not after 48 hours.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench import merging
from bench.measuring import timed
from medpipe.backends.delta.corpus import DeltaCorpus
from medpipe.core.contract import ServingContract
from medpipe.core.judging.gates import Outcome as Judgement
from medpipe.core.knowledge.drift import Drift
from medpipe.core.manifests import (
    AdapterInputs,
    AdapterOutcome,
    CorpusInputs,
    CorpusOutcome,
    DecisionInputs,
    DecisionOutcome,
    DocumentsInputs,
    DocumentsOutcome,
    DriftInputs,
    EvaluationInputs,
    EvaluationOutcome,
    ExamplesInputs,
    ExamplesOutcome,
    FeedbackInputs,
    FeedbackOutcome,
    Inputs,
    PairsFromFeedback,
    PairsOutcome,
    ValidationInputs,
    ValidationOutcome,
    VersionInputs,
    VersionOutcome,
)
from medpipe.core.refs import BASE, ref
from medpipe.settings import Settings
from medpipe.steps.retention import Inventory
from medpipe.steps.sweeping import gc
from medpipe.wiring import Wiring

NAME = "gc"
SCALE = 1000
"""A byte of a content stands for so many. Manifests, sweeps and markers have their real size."""
START = datetime(2026, 1, 1, tzinfo=UTC)
DELIVERY, EXAMPLES, WEIGHTS, SCORES, PAGE, CORRECTION = 30_000, 60_000, 100_000, 2_000, 50, 1
"""Bytes of the simulation."""
DOCUMENTS, UPDATE = 1_000, 30
"""Articles of the table at the beginning, and of a day."""
PAGES = 10
"""Files of one validation's Data Docs."""
CONTRACT = ServingContract(
    base="a/base", base_digest="0", precision="float32", max_new_tokens=48, stop="\n", guardrails=""
)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return megabytes and files month by month, with and without `gc`, and how long a `gc` took."""
    days = 21 if options.quick else 365
    kept = _Year(options.folder / "without").run(days, collecting=False)
    swept = _Year(options.folder / "with").run(days, collecting=True)
    return {"scale": SCALE, "days": days, "without": kept, "with": swept}


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
    kept, swept = figures["without"]["months"], figures["with"]["months"]
    return [
        f"| {figures['days']} days of runs without `medpipe gc` (simulated: contents at 1:{figures['scale']:,}, "
        f"manifests as they are) | {_grown(kept)} |",
        f"| the same with `medpipe gc --apply` every Sunday | {_grown(swept)} |",
        f"| the slowest of those runs of `gc` | {figures['with']['slowest_seconds']} s |",
    ]


def _grown(months: Sequence[Mapping[str, Any]]) -> str:
    """Return the size at the end, and the growth a month over the last three."""
    last, before = months[-1], months[-min(len(months), 4)]
    growth = (last["megabytes"] - before["megabytes"]) / max(1, last["day"] - before["day"]) * 30
    return f"**{last['megabytes']} MB**, {last['files']:,} files; at the end {growth:.1f} MB more a month"


class _Year:
    """One home, in which time passes by hand."""

    def __init__(self, home: Path) -> None:
        self.ports = Wiring(Settings(home=home))
        self.home = home
        self.now = START
        self.corpus: str | None = None
        self.pairs: str | None = None
        self.champion = BASE
        self.adapter = BASE

    def run(self, days: int, collecting: bool) -> dict[str, Any]:
        """Return what each month and each `gc` came to."""
        months, seconds = [], []
        with (
            patch.object(time, "time_ns", lambda: int(self.now.timestamp() * 1e9)),
            patch.object(self.ports.withdrawals, "now", lambda: self.now),
            patch.object(os, "fsync", lambda handle: None),
            patch.object(DeltaCorpus, "unpruned_hours", 0),
        ):
            merging.load(self.ports.corpus, DOCUMENTS, DOCUMENTS)
            for day in range(days):
                self._day(day)
                if day % 7 == 6:
                    self._retrain(day)
                    if collecting:
                        took, _ = timed(lambda: gc(apply=True, ports=self.ports))
                        seconds.append(round(took, 2))
                if day % 30 == 29 or day == days - 1:
                    months.append({"day": day + 1, **self._disk()})
            needed = self._resolved()
        self.ports.database.dispose()
        return {"months": months, "slowest_seconds": max(seconds, default=0), "needed_and_there": needed}

    def _day(self, day: int) -> None:
        self.now = START + timedelta(days=day)
        window = DocumentsInputs(source="medlineplus", start=self.now.date(), end=date(2030, 1, 1))
        delivery = self._put("documents", window, DocumentsOutcome(documents=1), {"documents.jsonl": DELIVERY})
        self._validate(delivery, "documents")
        version = self._merge(day)
        self.corpus = self._put(
            "corpus",
            CorpusInputs(pulls=(delivery,), previous=self.corpus),
            CorpusOutcome(
                table_version=version,
                content=self.ports.corpus.content(version),
                incoming=UPDATE,
                documents={},
                cut_off=None,
            ),
        )
        for quarter in range(4):
            self.now = START + timedelta(days=day, hours=6 * quarter)
            size = CORRECTION * 5 * (24 * day + 6 * quarter + 6)
            said = self._put("feedback", FeedbackInputs(content=str(size)), FeedbackOutcome(feedback=size), {"f": size})
            self._validate(said, "feedback")
            inputs = PairsFromFeedback(feedback=said, corpus=self.corpus, sets=None, policy={}, guardrails="")
            self.pairs = self._put("pairs", inputs, PairsOutcome(train=size, heldout=0), {"train.jsonl": size})
            self._validate(self.pairs, "pairs")
            measured = DriftInputs(
                corpus=self.corpus,
                champion=None,
                pairs=self.pairs,
                at=self.now,
                recipe={},
                dpo_recipe={},
                policy={},
                state="",
            )
            self._put("drift", measured, Drift(verdict="hold", method="sft", reasons=(), signals=()))

    def _merge(self, day: int) -> int:
        """Merge a day's update as `build_corpus` does; return the version of the table."""
        update = self.home.with_name("update.jsonl")
        merging.write_update(update, "random", DOCUMENTS, UPDATE, day)
        return self.ports.corpus.compact(self.ports.corpus.merge(merging.read(update), None, f"day {day}"))

    def _validate(self, data: str, suite: str) -> None:
        inputs = ValidationInputs(data=data, suite=suite, expectations="the suite")
        self._put("validation", inputs, ValidationOutcome(rows=1, accepted=True), {"quarantine.jsonl": 100})
        site = self.home / "data_docs" / suite / data.replace("/", "-")
        site.mkdir(parents=True, exist_ok=True)
        for number in range(PAGES):
            _blank(site / f"{number}.html", PAGE, self.now)
        os.utime(site, (self.now.timestamp(),) * 2)

    def _retrain(self, day: int) -> None:
        """Train, evaluate, decide and register; every third version becomes champion."""
        corpus = str(self.corpus)
        start = None if self.adapter == BASE else self.adapter
        taught = ExamplesInputs(
            corpus=corpus, recipe={"day": day}, since=start, knows=start, withdraw=(), benchmarks=()
        )
        files = {"train.jsonl": EXAMPLES, "documents.jsonl": EXAMPLES // 20}
        examples = self._put("examples", taught, ExamplesOutcome(corpus=corpus, train=1), files)
        self._validate(examples, "examples")
        trained = AdapterInputs(recipe={}, base="0", data=examples, start_from=self.adapter)
        outcome = AdapterOutcome(
            recipe="weekly",
            method="sft",
            base="a/base",
            base_digest="0",
            data=examples,
            start_from=self.adapter,
            examples=1,
            metrics={},
            digest="0",
        )
        adapter = self._put("adapter", trained, outcome, {"adapter_model.safetensors": WEIGHTS})
        challenger, incumbent = (self._evaluate(model, examples) for model in (adapter, self.adapter))
        passes = day % 21 == 6
        judgement = Judgement.PASS if passes else Judgement.FAIL
        decision = self._put(
            "decision",
            DecisionInputs(challenger=challenger, champion=incumbent, plan="news", gates={}),
            DecisionOutcome(
                outcome=judgement, gates=(), reasons=(), challenger=challenger, champion=incumbent, plan="news"
            ),
        )
        inputs = VersionInputs(
            adapter=adapter, evaluation=challenger, decision=decision, parent=self.champion, incumbent=self.champion
        )
        registered = self.ports.registry.register(self.ports.store.folder(adapter), {"adapter": adapter}, {}, {})
        described = VersionOutcome(
            adapter=adapter,
            digest="0",
            recipe="weekly",
            base="a/base",
            contract=CONTRACT,
            corpus=corpus,
            examples=examples,
            evaluation=challenger,
            decision=decision,
            outcome=judgement,
            parent=self.champion,
            incumbent=self.champion,
            number=registered.number,
            name=f"medqa-v{day}",
            page=registered.page,
        )
        version = self._put("version", inputs, described, at=f"version/medqa-v{day}")
        if passes:
            before = None if self.champion == BASE else self.champion
            self.ports.ledger.swap_champion(before, version, decision, ())
            self.champion, self.adapter = version, adapter

    def _evaluate(self, model: str, examples: str) -> str:
        inputs = EvaluationInputs(
            adapter=model, contract=CONTRACT, generator="", examples=examples, pairs=None, benchmarks=(), harm=""
        )
        return self._put("evaluation", inputs, EvaluationOutcome(model=model, metrics={}), {"evaluation.json": SCORES})

    def _put(self, kind: str, inputs: Inputs, outcome: Any, files: dict[str, int] | None = None, at: str = "") -> str:
        target = at or ref(kind, inputs.model_dump(mode="json"))
        with self.ports.store.write(target, "bench", inputs) as draft:
            for name, size in (files or {}).items():
                _blank(draft.path / name, size, self.now)
            draft.conclude(outcome)
        return target

    def _disk(self) -> dict[str, Any]:
        sizes = [path.stat().st_size for path in self.home.rglob("*") if path.is_file() and ".db" not in path.name]
        return {"megabytes": round(sum(sizes) / 1e6, 1), "files": len(sizes)}

    def _resolved(self) -> int:
        """Return how many artifacts the champion needs; raises NotFound for one that is not whole."""
        inventory = Inventory(self.ports)
        needed = [each for each, why in inventory.retained(self.now).whole.items() if "younger" not in why]
        for each in needed:
            self.ports.store.folder(each)
        return len(needed)


def _blank(file: Path, size: int, at: datetime) -> None:
    """Write a file of so many bytes, as old as the simulation says."""
    file.write_bytes(b"\n" * size)
    os.utime(file, (at.timestamp(),) * 2)
