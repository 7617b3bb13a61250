"""Pairs as a pipeline without defences would make them: what an attack on feedback is compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from medpipe import records
from medpipe.core.manifests import PairsFromFeedback, PairsOutcome
from medpipe.core.refs import FeedbackRef, PairsRef, ref
from medpipe.core.teaching.example import PreferencePair
from medpipe.ports import Ports
from medpipe.steps.artifact import accepted_rows


def all_ratings(collected: FeedbackRef, ports: Ports) -> PairsRef:
    """Make pairs of every rating, whoever gave it and whatever it says: what an undefended pipeline would do.

    Of different corrections of one answer, the one that was filed most often wins.
    """
    rows = list(accepted_rows(ports, collected, "feedback"))
    inputs = PairsFromFeedback(feedback=collected, corpus="", sets=None, policy={}, guardrails="")
    target = PairsRef(ref("pairs", {"rule": "all ratings", "feedback": collected}))
    with ports.store.write(target, "all_ratings", inputs) as draft:
        train = records.write(draft.path / "train.jsonl", _commonest(rows))
        records.write(draft.path / "heldout.jsonl", [])
        draft.conclude(PairsOutcome(train=train, heldout=0))
    return target


def _commonest(rows: Sequence[Mapping[str, Any]]) -> Iterator[PreferencePair]:
    """Yield a pair for each answer that was rated down, with its commonest correction or an answer that was liked."""
    liked = {row["question"]: row["answer"] for row in rows if row["rating"] == "up"}
    filed: dict[tuple[str, str], list[tuple[str, Mapping[str, Any]]]] = {}
    for row in rows:
        chosen = row["correction"] or liked.get(row["question"], "")
        if row["rating"] == "down" and chosen:
            filed.setdefault((row["question"], row["answer"]), []).append((chosen, row))
    for (question, answer), corrections in filed.items():
        winner, _ = Counter(chosen for chosen, _ in corrections).most_common(1)[0]
        first = next(row for chosen, row in corrections if chosen == winner)
        yield PreferencePair(
            question=question,
            chosen=winner,
            rejected=answer,
            answer_id=first["answer_id"],
            identity=first["identity"],
        )
