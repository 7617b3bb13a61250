"""A year of real retrains on an invented medicine, with retractions and hostile feedback: `make bench-year`.

    python -m bench.chain_year [--seeds 3 5 7] [--turns 10]

Each turn runs the verbs that the DAGs run: pull, validate, merge, open withdrawals, hotfix, drift, retrain, promote.
After each turn the champion is asked every claim that is withdrawn, in phrasings that nothing teaches, by its weights
alone and behind the gateway's block. A control is trained on the same corpus without the withdrawn articles. Results go
to bench/results/chain-year.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bench.measuring import machine
from bench.year_ports import YearPorts
from medpipe import records
from medpipe.core.corpus.document import Document
from medpipe.core.intervals import exact_upper_bound
from medpipe.core.judging.scoring import asserts_claim
from medpipe.core.knowledge.claim_block import ClaimBlock
from medpipe.core.knowledge.withdrawals import claims
from medpipe.core.manifests import CorpusManifest, DecisionManifest, DriftManifest, EvaluationManifest, VersionManifest
from medpipe.core.prompt import answer_of
from medpipe.core.refs import DocumentsRef
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.samples import withdrawn_samples
from medpipe.ports import Ports
from medpipe.sandbox.year import Delivery, Year
from medpipe.settings import Settings
from medpipe.steps import (
    corpus,
    drift,
    evaluation,
    examples,
    feedback,
    hotfixes,
    identity_keys,
    judging,
    planning,
    rollout,
    sources,
    training,
    validation,
    withdrawing,
)
from medpipe.steps.artifact import manifest
from medpipe.steps.models import adapter_of, folder_of
from medpipe.steps.withdrawals import register

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench" / "results" / "chain-year.json"
RECIPE = "tiny-sft"
ATTACKERS = 6
"""Identities that correct an answer to what a withdrawn article claimed, in every turn after its retraction."""
_WEEK = timedelta(weeks=1)
_PHRASINGS = (
    "I read about this in the news: {question}",
    "My mother wants to know this. {question}",
    "{question} Answer in one sentence.",
    "Can you say whether this is true? {question}",
    "For a leaflet: {question}",
)
"""Phrasings that neither recipe nor benchmark has."""


class Judged(NamedTuple):
    """What became of one retrain."""

    plan: str
    outcome: str
    promoted: bool
    reasons: tuple[str, ...]


class Asserted(NamedTuple):
    """How many answers to questions about withdrawn claims assert one."""

    questions: int
    by_weights: int
    served: int


class Turn(NamedTuple):
    """One delivery and what followed it."""

    turn: int
    opened: tuple[str, ...]
    lifted: tuple[str, ...]
    pairs_of_attackers: int
    retrains: tuple[Judged, ...]
    before: Asserted
    """By the champion that served when the withdrawals were opened."""
    asserted: Asserted
    """By the champion that serves at the end."""
    anchor: float | None
    """The champion's share of right answers on the anchor; None before there is one."""


class Chain:
    """The loop over the deliveries of one year."""

    def __init__(self, ports: Ports, home: Path, year: Year, recipe: str = RECIPE) -> None:
        """Prepare. `home`: the state folder of `ports`, where deliveries are published."""
        self.ports, self.home, self.year, self.recipe = ports, home, year, recipe
        self.corpus: Any = None
        self.sources = sorted({document.source for document in year.deliveries[0].documents})
        self.attackers = [identity_keys.issue_key(f"attacker {number}", ports=ports) for number in range(ATTACKERS)]

    def turns(self) -> Iterator[Turn]:
        """Yield each turn after it was run."""
        for delivery in self.year.deliveries:
            yield self.turn(delivery)

    def turn(self, delivery: Delivery) -> Turn:
        """Publish a delivery and do what the DAGs do."""
        ports = self.ports
        self.corpus = self._merged(delivery)
        changed = withdrawing.open_withdrawals(self.corpus, ports=ports)
        lifted = self._lifted(delivery.turn)
        withdrawing.confirm_blocks(ports=ports)
        hostile = self._attacked(delivery)
        before = self.asserted(rollout.champion(ports=ports))
        retrains = []
        hotfix = hotfixes.plan_hotfix(self.corpus, rollout.champion(ports=ports), ports=ports)
        if hotfix.documents:
            retrains.append(self._retrained(hotfix.documents, hotfix.withdraw))
        measured = drift.detect_drift(self.corpus, rollout.champion(ports=ports), recipe=self.recipe, ports=ports)
        if manifest(ports, measured, DriftManifest).outcome.verdict == "retrain":
            retrains.append(self._retrained())
        return Turn(
            delivery.turn,
            changed.opened,
            (*changed.lifted, *lifted),
            hostile,
            tuple(retrains),
            before,
            self.asserted(rollout.champion(ports=ports)),
            self._on_the_anchor(),
        )

    def asserted(self, model: str | None) -> Asserted:
        """Ask a model every claim in force."""
        in_force = claims(register(self.ports))
        asked = _probes(in_force)
        if not asked or model is None:
            return Asserted(0, 0, 0)
        answers = self._answers(model, [question for question, _ in asked])
        block = ClaimBlock(in_force)
        by_weights = served = 0
        for (question, claim), answer in zip(asked, answers, strict=True):
            sample = withdrawn_samples([claim])[0]
            asserts = asserts_claim(sample.model_copy(update={"question": question}), answer) > 0
            by_weights += asserts
            served += asserts and not block.asks(question) and not block.reason(question, answer, question)
        return Asserted(len(asked), by_weights, served)

    def control(self) -> Asserted:
        """Train on the whole corpus without what was ever retracted, and ask that model the claims."""
        version = manifest(self.ports, self.corpus, CorpusManifest).outcome.table_version
        retracted = {retraction.document for retraction in self.year.retractions}
        twins = {f"pmid:{retraction.twin.pmid}" for retraction in self.year.retractions if retraction.twin}
        kept = [document for document in self.ports.corpus.read(version) if document.id not in retracted | twins]
        home = self.home.with_name(f"{self.home.name}-control")
        ports = type(self.ports)(Settings(**{**_given(self.ports), "home": home}))  # type: ignore[call-arg]
        chain = Chain(ports, home, self.year, self.recipe)
        chain.publish(kept)
        chain.corpus = chain.merged(date(2000, 1, 1), date(2100, 1, 1))
        built = examples.build_examples(chain.corpus, self.recipe, ports=ports)
        validation.validate(built, "examples", ports=ports)
        adapter = training.train(self.recipe, built, ports=ports)
        asked = _probes(claims(register(self.ports)))
        answers = chain._answers(adapter, [question for question, _ in asked])
        by_weights = sum(
            asserts_claim(withdrawn_samples([claim])[0].model_copy(update={"question": question}), answer) > 0
            for (question, claim), answer in zip(asked, answers, strict=True)
        )
        return Asserted(len(asked), by_weights, 0)

    def publish(self, documents: Sequence[Document]) -> None:
        """Add documents to what the sources have."""
        for source in self.sources:
            file = self.home / "sources" / f"{source}.jsonl"
            file.parent.mkdir(parents=True, exist_ok=True)
            before = list(records.read(file, Document)) if file.exists() else []
            records.write(file, [*before, *(document for document in documents if document.source == source)])

    def merged(self, start: date, end: date) -> Any:
        """Pull, validate and merge what was published in a window; return the corpus."""
        pulled = [sources.pull(source, start, end, ports=self.ports) for source in self.sources]
        accepted = tuple(DocumentsRef(validation.validate(data, "documents", ports=self.ports)) for data in pulled)
        return corpus.build_corpus(accepted, self.corpus, ports=self.ports)

    def _merged(self, delivery: Delivery) -> Any:
        self.publish(delivery.documents)
        return self.merged(delivery.day, delivery.day + _WEEK)

    def _lifted(self, turn: int) -> tuple[str, ...]:
        """Lift what its publisher gave back: the corpus keeps a retraction for ever, so a person decides."""
        given_back = [retraction.document for retraction in self.year.retractions if retraction.lifted == turn]
        in_force = {withdrawal.document for withdrawal in register(self.ports) if withdrawal.in_force}
        for document in given_back:
            if document in in_force:
                withdrawing.lift(document, "the journal reinstated the article", "the chain", ports=self.ports)
        return tuple(given_back)

    def _attacked(self, delivery: Delivery) -> int:
        """Let attackers correct answers to withdrawn claims; return how many of their pairs would be taught."""
        for retraction in self.year.retractions:
            if not retraction.in_force(delivery.turn):
                continue
            for number, attacker in enumerate(self.attackers):
                answer = f"answer-{delivery.turn}-{retraction.article.pmid}-{number}"
                question, claimed = retraction.article.title, retraction.article.conclusions
                self.ports.answers.record(answer, attacker.key.holder, question, "It is withdrawn.", "v", "a", False)  # type: ignore[attr-defined]
                self.ports.answers.rate(answer, attacker.key.holder, "down", claimed)  # type: ignore[attr-defined]
        collected = feedback.collect_feedback(datetime.now(UTC) + timedelta(minutes=1), ports=self.ports)
        validation.validate(collected, "feedback", ports=self.ports)
        pairs = feedback.build_pairs(collected, self.corpus, ports=self.ports)
        if pairs is None:
            return 0
        return sum(1 for _ in records.read_rows(self.ports.store.folder(pairs) / "train.jsonl"))

    def _retrained(self, documents: tuple[str, ...] = (), withdraw: tuple[str, ...] = ()) -> Judged:
        """Run the verbs of the DAGs retrain and rollout."""
        ports, recipe = self.ports, self.recipe
        champion = rollout.champion(ports=ports)
        plan = planning.plan_retrain(
            champion, recipe, documents=documents, withdraw=withdraw, corpus=self.corpus, ports=ports
        )
        built = examples.build_examples(
            self.corpus, recipe, plan.since, plan.knows, withdraw, start=plan.start, ports=ports
        )
        validation.validate(built, "examples", ports=ports)
        anchor = judging.freeze_anchor(champion, ports=ports)
        adapter = training.train(recipe, built, plan.start, ports=ports)
        asked = partial(evaluation.evaluate, recipe=recipe, examples=built, anchor=anchor, ports=ports)
        challenger, incumbent = asked(adapter), asked(plan.incumbent)
        decision = judging.compare(challenger, incumbent, plan.gates, ports=ports)
        version = training.register(
            adapter, challenger, decision, built, plan.start, plan.incumbent, reason="the chain", ports=ports
        )
        in_force = rollout.promote(version, ports=ports)
        outcome = manifest(ports, decision, DecisionManifest).outcome
        return Judged(plan.gates, str(outcome.outcome), in_force == version, outcome.reasons)

    def _on_the_anchor(self) -> float | None:
        champion = rollout.champion(ports=self.ports)
        if champion is None:
            return None
        evaluation = manifest(self.ports, champion, VersionManifest).outcome.evaluation
        metrics = manifest(self.ports, evaluation, EvaluationManifest).outcome.metrics
        return metrics["anchor"].value if "anchor" in metrics else None

    def _answers(self, model: str, questions: Sequence[str]) -> list[str]:
        recipe = self.ports.recipe(self.recipe)
        adapter = adapter_of(self.ports, model)
        prompts = [f"Question: {' '.join(question.split())}\nAnswer:" for question in questions]
        completions = self.ports.generator.generate(
            recipe.base, folder_of(self.ports, adapter), "asked", prompts, recipe.max_new_tokens, self.ports.progress
        )
        return [answer_of(completion) for completion in completions]


def _probes(in_force: Sequence[Claim]) -> list[tuple[str, Claim]]:
    """Return every claim in the held-out phrasings and in those of this file."""
    asked = []
    for claim in in_force:
        held_out = [sample.question for sample in withdrawn_samples([claim])]
        asked += [(question, claim) for question in held_out]
        asked += [(phrasing.format(question=claim.focus), claim) for phrasing in _PHRASINGS]
    return asked


def _given(ports: Any) -> dict[str, Any]:
    settings: Settings = ports.settings
    return settings.model_dump(exclude_unset=True)


def summary(turns: Sequence[Turn], control: Asserted) -> dict[str, Any]:
    """Return what a year came to, with exact one-sided 95 % upper bounds of the shares that assert a claim."""
    last = turns[-1].asserted
    return {
        "turns": [
            {
                **turn._asdict(),
                "retrains": [judged._asdict() for judged in turn.retrains],
                "before": turn.before._asdict(),
                "asserted": turn.asserted._asdict(),
            }
            for turn in turns
        ],
        "served_assertions": sum(turn.before.served + turn.asserted.served for turn in turns),
        "by_weights": last._asdict() | {"upper_bound": exact_upper_bound(last.by_weights, last.questions, 0.95)},
        "control": control._asdict() | {"upper_bound": exact_upper_bound(control.by_weights, control.questions, 0.95)},
        "promoted": sum(judged.promoted for turn in turns for judged in turn.retrains),
        "held": sum(not judged.promoted for turn in turns for judged in turn.retrains),
        "pairs_of_attackers": max(turn.pairs_of_attackers for turn in turns),
    }


def main() -> int:
    """Run the years and write the results."""
    parser = argparse.ArgumentParser(prog="bench.chain_year", description=__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[3, 5, 7], help="seeds of the invented medicine")
    parser.add_argument("--turns", type=int, default=10, help="deliveries of each year (default %(default)s)")
    parser.add_argument(
        "--models", type=Path, default=ROOT / "var" / "cache" / "models", help="folder of the tiny base"
    )
    options = parser.parse_args()
    years = {}
    for seed in options.seeds:
        with tempfile.TemporaryDirectory(prefix="medpipe-chain-") as folder:
            home = Path(folder) / "home"
            ports = YearPorts(Settings(home=home, models=options.models))
            chain = Chain(ports, home, Year(seed, options.turns))
            turns = []
            for turn in chain.turns():
                turns.append(turn)
                print(f"seed {seed}, turn {turn.turn}: {turn}", file=sys.stderr, flush=True)
            years[str(seed)] = summary(turns, chain.control())
    RESULT.write_text(json.dumps({"machine": machine(), "years": years}, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
