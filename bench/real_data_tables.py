"""The tables of real data, made of the figures that bench/real_data.py records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from medpipe.core.teaching.one_answer import OUTDONE

BEGIN, END = "<!-- counts: written by bench/real_data.py -->", "<!-- end of counts -->"


def corpus_tables(figures: Mapping[str, Any]) -> str:
    """Return deliveries with what was quarantined, the counts by standing, and what each verb cost."""
    deliveries = [
        (
            delivery["source"],
            f"{delivery['documents']:,}",
            str(delivery["bad"]),
            "; ".join(f"{number}: {reason}" for reason, number in delivery["quarantined"].items()) or "0",
        )
        for delivery in figures["deliveries"]
    ]
    absent = [f"Left out: `{name}`, because {reason}." for name, reason in figures["absent"].items()]
    standing = [(name, f"{number:,}") for name, number in figures["standing"].items()]
    held = [(reason, str(number)) for reason, number in figures["on_hold"].items()]
    verbs: dict[str, list[Mapping[str, Any]]] = {}
    for cost in figures["costs"]:
        verbs.setdefault(cost["verb"], []).append(cost)
    costs = [
        (verb, str(len(runs)), f"{sum(run['seconds'] for run in runs):.0f}", str(max(run["mb"] for run in runs)))
        for verb, runs in verbs.items()
    ]
    tables = [
        _table(("source", "documents", "unreadable", "quarantined"), deliveries),
        *absent,
        _table(("standing", "documents"), standing),
        _table(("why on hold", "documents"), held) if held else "Nothing is on hold.",
        _table(("verb", "runs", "seconds in all", "most memory up to then, MB"), costs),
    ]
    return "\n\n".join(tables)


def example_tables(figures: Mapping[str, Any]) -> str:
    """Return what became of the facts, what was left out and why, and what was replaced."""
    outcome = figures["examples"]
    card = outcome["card"]
    facts = [(name.replace("_", " "), f"{number:,}") for name, number in card["facts"].items()]
    left_out = sorted(card["left_out"].items(), key=lambda item: -item[1])
    answered = [
        ("questions that documents answer differently", f"{card['answered_differently']:,}"),
        ("answers to them that gave way", f"{card['left_out'].get(OUTDONE, 0):,}"),
    ]
    made = [
        ("examples", f"{card['examples']:,}, of which {card['replayed']:,} replayed"),
        ("by source", _named(card["by_source"])),
        ("by language", _named(card["by_language"])),
        ("identifiers replaced", _named(card["identifiers"]) or "none"),
    ]
    contamination = [(name, _named(counts)) for name, counts in card["contamination"].items()]
    return "\n\n".join(
        (
            _table(("facts", "number"), facts),
            _table(("left out (documents, sections, facts, examples)", "number"), ((r, f"{n:,}") for r, n in left_out)),
            _table(("one answer to each question", "number"), answered),
            _table(("result", "number"), made),
            _table(("contamination with", "facts"), contamination) if contamination else "No contamination was found.",
        )
    )


def _named(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items(), key=lambda item: -item[1]))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        f"| {' | '.join(cells)} |" if number != 1 else f"|{'|'.join(cells)}|" for number, cells in enumerate(lines)
    )
