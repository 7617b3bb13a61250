"""The figures of `bench.triage` for one answerer, and the table of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from medpipe.core.judging import statistics
from medpipe.core.judging.evaluation import Metric, Score
from medpipe.core.judging.triage import figures
from medpipe.core.triage.conditions import Condition
from medpipe.core.triage.labels import LABELS

Pair = tuple[str, float, float]
"""The right label, and whether each of two answerers gave it."""


def figures_of(scores: Sequence[Score], baselines: Sequence[Sequence[Score]]) -> dict[str, Any]:
    """Return the figures of one answerer; `baselines`: the scores of those that it must beat on the same texts."""
    sent, gaps = figures.sent_away(scores), figures.gaps(scores)
    widest = gaps[0]
    return {
        "texts": len(scores),
        "cases": len({score.cluster for score in scores}),
        "recall": {label: _interval(figures.recall(scores, label)) for label in LABELS},
        "under_triage": _interval(figures.under_triage(scores)),
        "sent_away": {"cases": sent.cases, "sent": len(sent.sent), "upper": sent.upper},
        "flips": _interval(figures.flips(scores)),
        "flips_with": {edit: _interval(figures.flips_with(scores, edit)) for edit in Condition._fields},
        "gap": {
            "better": widest.better,
            "worse": widest.worse,
            "value": widest.difference.value,
            "low": widest.difference.low,
            "high": widest.difference.high,
        },
        "gain": [_interval(gain(scores, baseline)) for baseline in baselines],
    }


def gain(scores: Sequence[Score], baseline: Sequence[Score]) -> Metric:
    """Return by how much the mean of the labels' recalls is above that of a baseline on the same texts."""
    other = {score.sample_id: score.value for score in baseline}
    pairs: list[Pair] = [(score.target, score.value, other[score.sample_id]) for score in scores]
    return statistics.jackknifed("gain", _difference, pairs, [score.cluster for score in scores], least=-1.0)


def _difference(pairs: Sequence[Pair]) -> float:
    labels = sorted({label for label, _, _ in pairs})
    return fmean(fmean(new - old for label, new, old in pairs if label == right) for right in labels)


def _interval(metric: Metric | None) -> dict[str, float] | None:
    return None if metric is None else {"value": metric.value, "low": metric.low, "high": metric.high}


def table(rows: Mapping[str, Any]) -> str:
    """Return the figures as Markdown: shares in per cent, with intervals of 95 % over cases."""
    head = ("answers", *(f"recall {label}" for label in LABELS), "under-triage", "sent away", "flips", "language gap")
    lines = [f"| {' | '.join((*head, 'beats both'))} |", "|" + "---|" * (len(head) + 1)]
    lines += [f"| {' | '.join(_row(name, row))} |" for name, row in rows.items()]
    edits = ("flips with", *(f"`{edit}`" for edit in Condition._fields))
    lines += ["", f"| {' | '.join(edits)} |", "|" + "---|" * len(edits)]
    lines += [
        f"| {name} | {' | '.join(_share(row['flips_with'][edit]) for edit in Condition._fields)} |"
        for name, row in rows.items()
    ]
    return "\n".join(lines)


def _row(name: str, row: Mapping[str, Any]) -> list[str]:
    sent, gap, gains = row["sent_away"], row["gap"], row["gain"]
    beats = ("yes" if all(one["low"] > 0 for one in gains) else "no") if gains else ""
    return [
        name,
        *(_share(row["recall"][label]) for label in LABELS),
        _share(row["under_triage"]),
        f"{sent['sent']} of {sent['cases']} (up to {100 * sent['upper']:.1f} %)",
        _share(row["flips"]),
        f"{100 * gap['value']:.1f} points ({100 * gap['low']:.1f} to {100 * gap['high']:.1f}), {gap['better']} over "
        f"{gap['worse']}",
        beats,
    ]


def _share(interval: Mapping[str, float] | None) -> str:
    if interval is None:
        return ""
    return f"{100 * interval['value']:.1f} % ({100 * interval['low']:.1f}–{100 * interval['high']:.1f})"
