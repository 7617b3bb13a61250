"""Decontamination of 200,000 texts against benchmarks of 20,000 items, beside a loop over sets of tuples.

The loop is what is usually written: split every text, make every run of 13 words a tuple (of 8 to 12 words for
shorter benchmark items), and look it up in a set. Both must find exactly the same texts. The near-duplicate
search, which the loop does not do, is timed separately. Each runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.measuring import peak_mb, run_child, timed
from bench.texts import Vocabulary, changed, text, vocabulary

NAME = "decontamination"
TEXTS = 200_000
ITEMS = 20_000
BENCHMARKS = ("medqa", "medquad-held-out", "pubmedqa", "red-team")
SHORTEST, LONGEST = 8, 13
"""Words of a run that counts as a quotation: LONGEST, or as many as a shorter item has, down to SHORTEST."""


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return seconds and peak memory of both; raises RuntimeError when they differ or miss planted texts."""
    size = 100 if options.quick else 1
    file = options.folder / "decontamination.json"
    quoting, twins = _write(file, TEXTS // size, ITEMS // size)
    ours, peer = (run_child("bench.decontamination", which, file) for which in ("ours", "peer"))
    if ours["overlaps"] != peer["overlaps"] or set(quoting) - set(ours["overlaps"]):
        raise RuntimeError("decontamination came out wrong: comparing all words finds other texts")
    if missed := set(twins) - set(ours["overlaps"]) - set(ours["twins"]):
        raise RuntimeError(f"decontamination came out wrong: {len(missed)} near-duplicates were missed")
    counts = {"found_by_overlap": len(ours.pop("overlaps")), "found_by_near_duplicates": len(ours.pop("twins"))}
    peer.pop("overlaps")
    return {
        "texts": TEXTS // size,
        "items": ITEMS // size,
        **counts,
        "ours": ours,
        "peer": peer,
        "times_faster": round(peer["seconds"] / ours["overlap_seconds"], 1),
    }


def rows(figures: dict[str, Any]) -> list[str]:
    """Return the figures as rows of the table."""
    ours, peer = figures["ours"], figures["peer"]
    return [
        f"| decontamination of {figures['texts']:,} texts against {figures['items']:,} benchmark items | "
        f"**{ours['seconds']} s**: overlaps {ours['overlap_seconds']} s ({figures['times_faster']} × as fast as a "
        f"loop over sets of tuples, {peer['seconds']} s, same texts found), near-duplicates "
        f"{ours['twin_seconds']} s |",
        f"| peak memory of that | {ours['peak_mb']} MB (the loop: {peer['peak_mb']} MB) |",
    ]


def _write(file: Path, count: int, items: int) -> tuple[list[int], list[int]]:
    """Write texts and benchmarks; return the numbers of the texts that quote an item, and of edited copies."""
    chance = np.random.default_rng(20260304)
    known = vocabulary(chance)
    questions = [text(chance, known, (6, 40)) for _ in range(items)]
    questions += [text(chance, known, (150, 300)) for _ in range(items // 10)]
    texts = [text(chance, known, (40, 160)) for _ in range(count)]
    quoting, twins = _plant(chance, known, texts, [words for words in questions if len(words) >= LONGEST])
    parts = np.array_split(np.arange(len(questions)), len(BENCHMARKS))
    content = {
        "texts": [" ".join(words) + "." for words in texts],
        "benchmarks": {
            name: [" ".join(questions[item]) + "?" for item in part]
            for name, part in zip(BENCHMARKS, parts, strict=True)
        },
    }
    file.write_text(json.dumps(content), encoding="utf-8")
    return quoting, twins


def _plant(
    chance: np.random.Generator, known: Vocabulary, texts: list[list[str]], items: list[list[str]]
) -> tuple[list[int], list[int]]:
    """Change texts in place: of every hundred, one quotes enough, one quotes a word too few, one is a copy."""
    quoting, twins = [], []
    for number in range(0, len(texts), 100):
        quoted = items[chance.integers(len(items))]
        start = chance.integers(len(quoted) - 12)
        texts[number] = texts[number][:20] + quoted[start : start + 13] + texts[number][20:]
        texts[number + 1] = texts[number + 1][:20] + quoted[start : start + 12] + texts[number + 1][20:]
        quoting.append(number)
        if len(quoted) > 40:
            texts[number + 2] = changed(chance, known, quoted, 0.9)
            twins.append(number + 2)
    return quoting, twins


def _ours(texts: list[str], benchmarks: dict[str, list[str]]) -> dict[str, Any]:
    from medpipe.backends.rensa_duplicates import RensaDuplicates
    from medpipe.core.teaching import decontamination

    overlap_seconds, overlaps = timed(lambda: decontamination.overlaps(texts, benchmarks))
    twin_seconds, twins = timed(lambda: decontamination.twins(texts, benchmarks, RensaDuplicates().clusters))
    return {
        "seconds": round(overlap_seconds + twin_seconds, 1),
        "overlap_seconds": round(overlap_seconds, 1),
        "twin_seconds": round(twin_seconds, 1),
        "overlaps": sorted({hit.text for hit in overlaps}),
        "twins": sorted({hit.text for hit in twins}),
    }


def _peer(texts: list[str], benchmarks: dict[str, list[str]]) -> dict[str, Any]:
    seconds, overlaps = timed(lambda: _loop(texts, [item for items in benchmarks.values() for item in items]))
    return {"seconds": round(seconds, 1), "overlaps": overlaps}


def _loop(texts: list[str], items: list[str]) -> list[int]:
    """Return the numbers of the texts that quote an item, by comparing every run of words."""
    runs_by_length: dict[int, set[tuple[str, ...]]] = {}
    whole_items = set()
    for item in items:
        words = _words(item)
        whole_items.add(tuple(words))
        length = min(LONGEST, len(words))
        if length >= SHORTEST:
            runs_by_length.setdefault(length, set()).update(_runs(words, length))
    overlaps = []
    for number, words in enumerate(map(_words, texts)):
        if tuple(words) in whole_items or any(
            not runs.isdisjoint(_runs(words, length)) for length, runs in runs_by_length.items()
        ):
            overlaps.append(number)
    return overlaps


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _runs(words: list[str], length: int) -> list[tuple[str, ...]]:
    return [tuple(words[place : place + length]) for place in range(len(words) - length + 1)]


def _child(which: str, file: str) -> None:
    content = json.loads(Path(file).read_text(encoding="utf-8"))
    result = {"ours": _ours, "peer": _peer}[which](content["texts"], content["benchmarks"])
    print(json.dumps({**result, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    _child(*sys.argv[1:])
