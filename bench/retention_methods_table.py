"""The figures of `bench.retention_methods` as tables: the median over the seeds, and each seed as the spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any


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
    """Return the median of the seeds' shares, and the share of each seed, which shows the spread."""
    shares = [right / asked for right, asked in (row[name] for row in rows)]
    return f"{median(shares):.3f} ({', '.join(f'{share:.2f}' for share in shares)})"
