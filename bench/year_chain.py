"""The loop over the deliveries of an invented year: each turn runs the verbs that the DAGs run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench import weights_asked
from bench.year_claims import Asserted, asserted
from bench.year_readers import PortsOfGateway, Readers
from medpipe import records
from medpipe.core.corpus.document import Document
from medpipe.core.knowledge.withdrawals import claims
from medpipe.core.manifests import DecisionManifest, DriftManifest, EvaluationManifest, VersionManifest
from medpipe.core.refs import CorpusRef, DocumentsRef, PairsRef
from medpipe.core.teaching import questions
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.recognition import Claims
from medpipe.sandbox.year import TOPICS, Delivery, Year
from medpipe.steps import (
    corpus,
    drift,
    evaluation,
    examples,
    feedback,
    hotfixes,
    judging,
    planning,
    rollout,
    sources,
    training,
    validation,
    withdrawing,
)
from medpipe.steps.artifact import manifest
from medpipe.steps.withdrawals import register

RECIPES = {"sft": "tiny-sft", "dpo": "tiny-dpo"}
"""Method → recipe."""
READ = 240
"""Answers that honest readers correct in a turn with feedback; half of the readers judge and are not taught."""
_WEEK = timedelta(weeks=1)


class Judged(NamedTuple):
    """What became of one retrain."""

    plan: str
    outcome: str
    promoted: bool
    reasons: tuple[str, ...]


class Turn(NamedTuple):
    """One delivery and what followed it."""

    turn: int
    opened: tuple[str, ...]
    lifted: tuple[str, ...]
    pairs: int
    """Preference pairs that all feedback so far supports."""
    hostile_pairs: int
    """Those among them that assert what is withdrawn."""
    retrains: tuple[Judged, ...]
    before: Asserted
    """By the champion that served when the withdrawals were opened."""
    asserted: Asserted
    """By the champion that serves at the end."""
    anchor: float | None
    """The champion's share of right answers on the anchor, 0 to 1; None before there is one."""


class Chain:
    """The loop over the deliveries of one year."""

    def __init__(self, home: Path, year: Year, ports: Callable[[Path], PortsOfGateway], read: int = READ) -> None:
        """Prepare. `ports`: makes the ports of a state folder, such as `home`. `read`: answers corrected in a turn."""
        self.ports, self.home, self.year, self._make_ports, self._read = ports(home), home, year, ports, read
        self.corpus: CorpusRef | None = None
        self.pairs: PairsRef | None = None
        self.readers = Readers(self.ports)
        self._sources = sorted({document.source for document in year.deliveries[0].documents})

    def turns(self) -> Iterator[Turn]:
        """Yield each turn after it was run."""
        for delivery in self.year.deliveries:
            yield self.turn(delivery)

    def turn(self, delivery: Delivery) -> Turn:
        """Publish a delivery and do what the DAGs do."""
        self.publish(delivery.documents)
        merged = self.merged(delivery.day, delivery.day + _WEEK)
        changed = withdrawing.open_withdrawals(merged, ports=self.ports)
        withdrawing.confirm_blocks(ports=self.ports)
        self._give_feedback(delivery.turn)
        before = self.asserted()
        retrains = (*self._hotfix(merged), *self._routine(merged))
        pairs, hostile = self._pairs()
        return Turn(
            delivery.turn,
            changed.opened,
            changed.lifted,
            pairs,
            hostile,
            retrains,
            before,
            self.asserted(),
            self._on_the_anchor(),
        )

    def asserted(self) -> Asserted:
        """Ask the champion every claim in force."""
        champion = rollout.champion(ports=self.ports)
        return asserted(claims(register(self.ports)) if champion else (), partial(self.answers, champion or ""))

    def control(self) -> Asserted:
        """Train a model on the same year without what was ever retracted, and ask it the claims in force."""
        left_out = {retraction.document for retraction in self.year.retractions}
        left_out |= {f"pmid:{retraction.twin.pmid}" for retraction in self.year.retractions if retraction.twin}
        control = Chain(self.home.with_name(f"{self.home.name}-control"), self.year, self._make_ports)
        for delivery in self.year.deliveries:
            control.publish([document for document in delivery.documents if document.id not in left_out])
            merged = control.merged(delivery.day, delivery.day + _WEEK)
        built = examples.build_examples(merged, RECIPES["sft"], ports=control.ports)
        validation.validate(built, "examples", ports=control.ports)
        adapter = training.train(RECIPES["sft"], built, ports=control.ports)
        return asserted(claims(register(self.ports)), partial(control.answers, adapter))

    def publish(self, documents: Sequence[Document]) -> None:
        """Add documents to what the sources have."""
        for source in self._sources:
            file = self.home / "sources" / f"{source}.jsonl"
            file.parent.mkdir(parents=True, exist_ok=True)
            before = list(records.read(file, Document)) if file.exists() else []
            records.write(file, [*before, *(document for document in documents if document.source == source)])

    def merged(self, start: date, end: date) -> CorpusRef:
        """Pull, validate and merge what was published in a window; return the corpus."""
        pulled = [sources.pull(source, start, end, ports=self.ports) for source in self._sources]
        accepted = tuple(DocumentsRef(validation.validate(data, "documents", ports=self.ports)) for data in pulled)
        self.corpus = corpus.build_corpus(accepted, self.corpus, ports=self.ports)
        return self.corpus

    def answers(self, model: str, asked: Sequence[str]) -> list[str]:
        """Return a model's answers to questions, by its weights alone."""
        return weights_asked.answers(self.ports, model, RECIPES["sft"], asked)

    def _give_feedback(self, turn: int) -> None:
        """Attackers quote withdrawn claims in every turn; honest readers correct answers in every fourth."""
        champion = rollout.champion(ports=self.ports)
        if champion is None:
            return
        self.readers.attack([one for one in self.year.retractions if one.in_force(turn)], champion)
        if turn % 4 == 0:
            asked = self._readers_questions()
            self.readers.correct(asked, self.answers(champion, asked), champion)
        collected = feedback.collect_feedback(datetime.now(UTC) + timedelta(minutes=1), ports=self.ports)
        validation.validate(collected, "feedback", ports=self.ports)
        assert self.corpus is not None
        built = feedback.build_pairs(collected, self.corpus, self.pairs, ports=self.ports)
        if built is not None:
            validation.validate(built, "pairs", ports=self.ports)
            self.pairs = built

    def _readers_questions(self) -> list[str]:
        """Return phrasings that nothing teaches of what the first delivery's topics state, spread over the topics."""
        asked = [
            question
            for topic in self.year.topics[:TOPICS]
            for fact in topic.facts
            for question in questions.held_out(fact.question_type, topic.focus)
        ]
        return asked[:: max(1, len(asked) // self._read)][: self._read]

    def _pairs(self) -> tuple[int, int]:
        """Return how many pairs there are, and how many of them assert what is withdrawn."""
        if self.pairs is None:
            return 0, 0
        in_force = Claims(claims(register(self.ports)))
        pairs = list(records.read(self.ports.store.folder(self.pairs) / "train.jsonl", PreferencePair))
        return len(pairs), sum(bool(in_force.asserts(pair.chosen, pair.question)) for pair in pairs)

    def _hotfix(self, merged: CorpusRef) -> Iterator[Judged]:
        """Do what the DAG withdrawals asks for."""
        plan = hotfixes.plan_hotfix(rollout.champion(ports=self.ports), ports=self.ports)
        if plan.documents:
            yield self._retrained(merged, "sft", plan.documents)

    def _routine(self, merged: CorpusRef) -> Iterator[Judged]:
        """Do what the DAG watch asks for: by examples, and then by pairs if the champion moved and there are enough."""
        for _ in RECIPES:
            champion = rollout.champion(ports=self.ports)
            sft, dpo = RECIPES["sft"], RECIPES["dpo"]
            measured = drift.detect_drift(merged, champion, self.pairs, None, sft, dpo, ports=self.ports)
            found = manifest(self.ports, measured, DriftManifest).outcome
            if found.verdict == "hold" or found.withdrawn:
                return
            judged = self._retrained(merged, found.method)
            yield judged
            if not judged.promoted:
                return

    def _retrained(self, merged: CorpusRef, method: str, withdraw: tuple[str, ...] = ()) -> Judged:
        """Run the verbs of the DAGs retrain and rollout."""
        ports, recipe, pairs = self.ports, RECIPES[method], self.pairs if method == "dpo" else None
        champion = rollout.champion(ports=ports)
        plan = planning.plan_retrain(
            champion, recipe, documents=withdraw, withdraw=withdraw, corpus=merged, pairs=pairs, ports=ports
        )
        built = examples.build_examples(merged, recipe, plan.since, plan.knows, withdraw, start=plan.start, ports=ports)
        validation.validate(built, "examples", ports=ports)
        anchor = judging.freeze_anchor(champion, ports=ports)
        adapter = training.train(recipe, pairs or built, plan.start, ports=ports)
        asked = partial(evaluation.evaluate, recipe=recipe, examples=built, pairs=pairs, anchor=anchor, ports=ports)
        challenger, incumbent = asked(adapter), asked(plan.incumbent)
        decision = judging.compare(challenger, incumbent, plan.gates, ports=ports)
        version = training.register(
            adapter,
            challenger,
            decision,
            built,
            plan.start,
            plan.incumbent,
            pairs=pairs,
            reason="the chain",
            ports=ports,
        )
        in_force = rollout.promote(version, ports=ports)
        outcome = manifest(ports, decision, DecisionManifest).outcome
        return Judged(plan.gates, str(outcome.outcome), in_force == version, outcome.reasons)

    def _on_the_anchor(self) -> float | None:
        champion = rollout.champion(ports=self.ports)
        if champion is None:
            return None
        judged = manifest(self.ports, champion, VersionManifest).outcome.evaluation
        metrics = manifest(self.ports, judged, EvaluationManifest).outcome.metrics
        return metrics["anchor"].value if "anchor" in metrics else None
