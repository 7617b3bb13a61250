"""What users say about answers, and the preference pairs that it supports: collect_feedback, build_pairs."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from medpipe import records
from medpipe.core.batches import batched
from medpipe.core.manifests import FeedbackInputs, FeedbackOutcome, PairsFromFeedback, PairsManifest, PairsOutcome
from medpipe.core.refs import CorpusRef, FeedbackRef, PairsRef, digest_of
from medpipe.core.teaching import contradiction, identities
from medpipe.core.teaching import pairs as preference_pairs
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.facts import Fact, decompose
from medpipe.core.teaching.grounds import Grounds
from medpipe.core.teaching.pairs import BuiltPairs
from medpipe.core.teaching.questions import LANGUAGES
from medpipe.core.teaching.recognition import Claims
from medpipe.core.teaching.stated_pairs import of_users
from medpipe.errors import UsageError
from medpipe.ports import FeedbackItem, Ports, Redactor
from medpipe.steps.artifact import accepted_rows, manifest, once, release_refs
from medpipe.steps.corpus import table_version
from medpipe.steps.erased import Erased, erased_digest
from medpipe.steps.unerased import Unerased
from medpipe.steps.withdrawals import claims_in_force

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any feedback."""
_BATCH = 500
"""Items whose identifiers are replaced at once."""
_FACTS = Data(languages=tuple(sorted(LANGUAGES)), aims=True, max_question_chars=4000, max_answer_chars=4000)
"""Every fact that any recipe may teach."""


def collect_feedback(end: datetime, *, ports: Ports) -> FeedbackRef:
    """Collect all feedback until `end`, each item with the answer that it is about and whether it may teach.

    Feedback that is younger than the policy's `min_feedback_hours` is left for a later run. When nothing has changed,
    the ref is that of the earlier collection. Raises UsageError for a time without a zone.
    """
    if end.tzinfo is None:
        raise UsageError("give end with a time zone, such as 2026-03-04T00:00:00Z")
    policy, unerased = ports.feedback_policy, Unerased(ports)
    known = identities.standings(ports.keys.all(), end, policy)
    ripe = end - timedelta(hours=policy.min_feedback_hours) if end > _BEGINNING else _BEGINNING
    barred = Counter[str]()

    def rows() -> Iterator[dict[str, Any]]:
        for item in ports.feedback.between(_BEGINNING, ripe):
            reason = identities.standing(item.identity, known)
            barred.update([reason] if reason else [])
            yield item._replace(barred=reason)._asdict()

    with TemporaryDirectory() as folder:
        file = Path(folder) / "feedback.jsonl"
        count = records.write_rows(file, rows())

        def fill(artifact: Path) -> FeedbackOutcome:
            shutil.copyfile(file, artifact / "feedback.jsonl")
            return FeedbackOutcome(feedback=count, barred=dict(sorted(barred.items())))

        inputs = FeedbackInputs(content=_digest(file))
        return FeedbackRef(once(ports, "feedback", "collect_feedback", inputs, fill, unerased))


def build_pairs(
    feedback: FeedbackRef, corpus: CorpusRef, previous: PairsRef | None = None, *, ports: Ports
) -> PairsRef | None:
    """Make the preference pairs that all feedback supports, anew each time (`core.teaching.pairs.build`).

    `corpus`: corrections that contradict one of its current documents wait for a person (`contradictions`), and every
    pair names the documents that its question is about. `previous`: the newest pairs. Its pairs from published sets
    and from clinicians are kept; users' pairs of earlier runs are not, so what was taken back, erased or withdrawn is
    gone. Returns None when there are no pairs, and when they are those of `previous`.
    """
    unerased = Unerased(ports)
    rows = accepted_rows(ports, feedback, "feedback")
    sets = _sets(ports, previous)
    built, identifiers = judged(ports, rows, corpus)
    if _same(ports, previous, built):
        return None

    def fill(folder: Path) -> PairsOutcome:
        train = records.write(folder / "train.jsonl", [*built.train, *_of_sets(ports, sets, "train")])
        heldout = records.write(folder / "heldout.jsonl", [*built.heldout, *_of_sets(ports, sets, "heldout")])
        return PairsOutcome(
            train=train,
            heldout=heldout,
            waiting=len(built.waiting),
            drops=dict(built.drops),
            identifiers=dict(identifiers),
        )

    inputs = PairsFromFeedback(
        feedback=feedback,
        corpus=corpus,
        sets=sets,
        policy=ports.feedback_policy.model_dump(mode="json"),
        guardrails=ports.guardrails.digest,
        claims=claims_digest(ports),
        erased=erased_digest(ports),
        reviewed=_digest_or_none([review._asdict() for review in ports.feedback.reviews()]),
        released=release_refs(ports, feedback, "feedback"),
    )
    return PairsRef(once(ports, "pairs", "build_pairs", inputs, fill, unerased))


def judged(ports: Ports, rows: Iterable[dict[str, Any]], corpus: CorpusRef) -> tuple[BuiltPairs, Counter[str]]:
    """Return what rows of feedback support, and how many identifiers of people were replaced, by type."""
    version = table_version(ports, corpus)
    identifiers = Counter[str]()
    erased = Erased(ports)
    items = [
        item
        for item in _redacted(map(_item, rows), ports.redactor, identifiers)
        if not erased.covers(item.answer_id, item.identity, item.at)
    ]
    judging_all = ports.feedback_policy.teach_ratings
    questions = {item.question for item in items if not item.barred and (judging_all or item.rating == "down")}
    reviews = ports.feedback.reviews()
    grounds = Grounds(
        known=contradiction.known(facts_of(ports, version), questions) if questions else {},
        claims=Claims(claims_in_force(ports)),
        released=frozenset(review.correction for review in reviews if review.decision == "release"),
        discarded=frozenset(review.correction for review in reviews if review.decision == "discard"),
    )
    return preference_pairs.build(items, ports.feedback_policy, ports.guardrails, grounds), identifiers


def claims_digest(ports: Ports) -> str:
    """Return a digest of the withdrawn claims in force, "" without any."""
    return _digest_or_none([claim.model_dump(mode="json") for claim in claims_in_force(ports)])


def _digest_or_none(values: list[Any]) -> str:
    return digest_of(values) if values else ""


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def facts_of(ports: Ports, version: int) -> Iterator[Fact]:
    """Yield every fact of a version of the corpus that any recipe may teach."""
    for document in ports.corpus.read(version):
        yield from decompose(document, _FACTS)[0]


def _sets(ports: Ports, previous: PairsRef | None) -> str | None:
    """Return the pairs in which the pairs from published sets were built, so that refs do not grow into a chain."""
    if previous is None:
        return None
    inputs = manifest(ports, previous, PairsManifest).inputs
    return inputs.sets if isinstance(inputs, PairsFromFeedback) else previous


def _of_sets(ports: Ports, sets: str | None, name: str) -> Iterator[PreferencePair]:
    return (pair for pair in earlier(ports, sets, name) if not of_users(pair))


def _same(ports: Ports, previous: PairsRef | None, built: BuiltPairs) -> bool:
    """Return whether the users' pairs are those in the files of `previous`, on both sides."""
    return all(
        [pair for pair in _pairs(ports, previous, name) if of_users(pair)] == list(pairs)
        for name, pairs in (("train", built.train), ("heldout", built.heldout))
    )


def earlier(ports: Ports, pairs: str | None, name: str) -> Iterator[PreferencePair]:
    """Yield one side of some pairs, without those whose texts were erased; nothing for None."""
    erased = Erased(ports)
    return (pair for pair in _pairs(ports, pairs, name) if not erased.covers(pair.answer_id, pair.identity))


def _pairs(ports: Ports, pairs: str | None, name: str) -> Iterator[PreferencePair]:
    if pairs is not None:
        yield from records.read(ports.store.folder(pairs) / f"{name}.jsonl", PreferencePair)


def _redacted(items: Iterable[FeedbackItem], redactor: Redactor, identifiers: Counter[str]) -> Iterator[FeedbackItem]:
    """Yield the items with identifiers of people replaced; count them by type in `identifiers`."""
    for batch in batched(items, _BATCH):
        fields = (
            [item.question for item in batch],
            [item.answer for item in batch],
            [item.correction or "" for item in batch],
        )
        redactions = [redactor.redact(texts, "en") for texts in fields]
        for item, question, answer, correction in zip(batch, *redactions, strict=True):
            for redaction in (question, answer, correction):
                identifiers.update(redaction.counts)
            yield item._replace(question=question.text, answer=answer.text, correction=correction.text or None)


def _item(row: dict[str, Any]) -> FeedbackItem:
    return FeedbackItem(**{**row, "at": datetime.fromisoformat(str(row["at"]))})
