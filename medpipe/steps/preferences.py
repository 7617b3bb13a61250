"""Preferences that published sets state: build_preferences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from medpipe import records
from medpipe.core import sources
from medpipe.core.manifests import PairsFromCorpus, PairsManifest, PairsOutcome
from medpipe.core.refs import CorpusRef, PairsRef
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.pairs import held_out
from medpipe.core.teaching.recognition import Claims
from medpipe.core.teaching.stated_pairs import PREFIX, stated
from medpipe.ports import Ports, Redactor
from medpipe.steps.artifact import manifest, once
from medpipe.steps.corpus import table_version
from medpipe.steps.erased import erased_digest
from medpipe.steps.feedback import claims_digest, earlier
from medpipe.steps.unerased import Unerased
from medpipe.steps.withdrawals import claims_in_force


def build_preferences(
    corpus: CorpusRef, previous: PairsRef | None = None, max_answer_chars: int = 4000, *, ports: Ports
) -> PairsRef | None:
    """Make preference pairs from documents that state them; they replace those that `previous` had from documents.

    Pairs of `previous` that users gave stay: give the newest pairs, or users' pairs are lost. The same share of
    the questions is held out as of users' pairs, and identifiers are replaced in pairs from sources that people wrote.
    A pair that prefers a withdrawn claim is dropped, whoever gave it. `max_answer_chars`: pairs with a longer answer
    are dropped. Returns None when no document states a preference.
    """
    version, unerased = table_version(ports, corpus), Unerased(ports)
    if previous is not None:
        manifest(ports, previous, PairsManifest)
    share, claims = ports.feedback_policy.heldout_questions, Claims(claims_in_force(ports))
    if not any(pairs for pairs, _ in _stated(ports, version, max_answer_chars, claims)):
        return None

    def fill(folder: Path) -> PairsOutcome:
        drops = Counter[str]()

        def rows(name: str, heldout: bool) -> Iterator[PreferencePair]:
            users = (pair for pair in earlier(ports, previous, name) if not pair.identity.startswith(PREFIX))
            yield from (pair for pair in users if not claims.asserts(pair.chosen, pair.question))
            for pairs, left_out in _stated(ports, version, max_answer_chars, claims):
                if heldout:  # both passes leave the same pairs out: count them once
                    drops.update(left_out)
                yield from (pair for pair in pairs if held_out(pair.question, share) == heldout)

        train = records.write(folder / "train.jsonl", rows("train", heldout=False))
        heldout = records.write(folder / "heldout.jsonl", rows("heldout", heldout=True))
        return PairsOutcome(train=train, heldout=heldout, drops=dict(drops))

    inputs = PairsFromCorpus(
        corpus=corpus,
        previous=previous,
        max_answer_chars=max_answer_chars,
        heldout=share,
        guardrails=ports.guardrails.digest,
        claims=claims_digest(ports),
        erased=erased_digest(ports),
    )
    return PairsRef(once(ports, "pairs", "build_preferences", inputs, fill, unerased))


def _stated(
    ports: Ports, version: int, max_answer_chars: int, claims: Claims
) -> Iterator[tuple[list[PreferencePair], Counter[str]]]:
    """Yield for each document the pairs that it states, and how many were left out by reason."""
    for document in ports.corpus.read(version):
        pairs, left_out = stated(document, max_answer_chars, ports.guardrails)
        kept = [pair for pair in pairs if not claims.asserts(pair.chosen, pair.question)]
        if len(kept) < len(pairs):
            left_out["withdrawn-claim"] += len(pairs) - len(kept)
        if sources.by_people(document.source):
            kept = [_anonymous(pair, ports.redactor) for pair in kept]
        yield kept, left_out


def _anonymous(pair: PreferencePair, redactor: Redactor) -> PreferencePair:
    question, chosen, rejected = redactor.redact((pair.question, pair.chosen, pair.rejected), "en")
    return pair.model_copy(update={"question": question.text, "chosen": chosen.text, "rejected": rejected.text})
