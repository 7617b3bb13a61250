"""Decontamination of 200,000 texts against benchmarks of 20,000 items, beside a loop over sets of tuples.

The loop is what is usually written: split every text, make every run of 13 words a tuple (of 8 to 12 for the
benchmark's shorter texts), and look it up in a set. Both must find exactly the same texts. The near-duplicate
search, which the loop does not do, is timed apart. Each runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.texts import changed, peak_mb, text, vocabulary

NAME = "decontamination"
TEXTS = 200_000
ITEMS = 20_000
BENCHMARKS = ("medqa", "medquad-held-out", "pubmedqa", "red-team")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Seconds and peak memory of both; raises RuntimeError when they differ or planted texts are missed."""
    size = 100 if options.quick else 1
    file = options.folder / "decontamination.json"
    planted = _write(file, TEXTS // size, ITEMS // size)
    ours, peer = (_run(which, file) for which in ("ours", "peer"))
    if ours["overlaps"] != peer["overlaps"] or set(planted["runs"]) - set(ours["overlaps"]):
        raise RuntimeError("decontamination came out wrong: not the texts that comparing all words finds")
    if missed := set(planted["twins"]) - set(ours["overlaps"]) - set(ours["twins"]):
        raise RuntimeError(f"decontamination came out wrong: {len(missed)} near twins were missed")
    found = {"found_by_overlap": len(ours.pop("overlaps")), "found_by_near_duplicates": len(ours.pop("twins"))}
    peer.pop("overlaps")
    return {
        "texts": TEXTS // size,
        "items": ITEMS // size,
        **found,
        "ours": ours,
        "peer": peer,
        "times_faster": round(peer["seconds"] / ours["overlap_seconds"], 1),
    }


def rows(figures: dict[str, Any]) -> list[str]:
    ours, peer = figures["ours"], figures["peer"]
    return [
        f"| decontamination of {figures['texts']:,} texts against {figures['items']:,} benchmark items | "
        f"**{ours['seconds']} s**: overlaps {ours['overlap_seconds']} s ({figures['times_faster']} × as fast as a "
        f"loop over sets of tuples, {peer['seconds']} s, same texts found), near-duplicates "
        f"{ours['twin_seconds']} s |",
        f"| peak memory of that | {ours['peak_mb']} MB (the loop: {peer['peak_mb']} MB) |",
    ]


def _write(file: Path, count: int, items: int) -> dict[str, list[int]]:
    """Write texts and benchmarks; returns which texts quote a benchmark and which are its edited twins."""
    chance = np.random.default_rng(20260304)
    known = vocabulary(chance)
    asked = [text(chance, known, (6, 40)) for _ in range(items)]
    asked += [text(chance, known, (150, 300)) for _ in range(items // 10)]
    texts = [text(chance, known, (40, 160)) for _ in range(count)]
    long = [words for words in asked if len(words) >= 13]
    planted: dict[str, list[int]] = {"runs": [], "twins": []}
    for number in range(0, count, 100):
        quoted = long[chance.integers(len(long))]
        start = chance.integers(len(quoted) - 12)
        texts[number] = texts[number][:20] + quoted[start : start + 13] + texts[number][20:]
        texts[number + 1] = texts[number + 1][:20] + quoted[start : start + 12] + texts[number + 1][20:]
        planted["runs"].append(number)
        if len(quoted) > 40:
            texts[number + 2] = changed(chance, known, quoted, 0.9)
            planted["twins"].append(number + 2)
    parts = np.array_split(np.arange(len(asked)), len(BENCHMARKS))
    file.write_text(
        json.dumps(
            {
                "texts": [" ".join(words) + "." for words in texts],
                "benchmarks": {
                    name: [" ".join(asked[item]) + "?" for item in part]
                    for name, part in zip(BENCHMARKS, parts, strict=True)
                },
            }
        ),
        encoding="utf-8",
    )
    return planted


def _run(which: str, file: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.decontamination", which, file], capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _ours(texts: list[str], benchmarks: dict[str, list[str]]) -> dict[str, Any]:
    from medpipe.backends.rensa_duplicates import RensaDuplicates
    from medpipe.core.teaching import decontamination

    started = time.perf_counter()
    overlaps = decontamination.overlaps(texts, benchmarks)
    between = time.perf_counter()
    twins = decontamination.twins(texts, benchmarks, RensaDuplicates().clusters)
    done = time.perf_counter()
    return {
        "seconds": round(done - started, 1),
        "overlap_seconds": round(between - started, 1),
        "twin_seconds": round(done - between, 1),
        "overlaps": sorted({hit.text for hit in overlaps}),
        "twins": sorted({hit.text for hit in twins}),
    }


def _peer(texts: list[str], benchmarks: dict[str, list[str]]) -> dict[str, Any]:
    started = time.perf_counter()
    asked: dict[int, set[tuple[str, ...]]] = {}
    whole = set()
    for item in (item for items in benchmarks.values() for item in items):
        words = _words(item)
        whole.add(tuple(words))
        length = min(13, len(words))
        if length >= 8:
            asked.setdefault(length, set()).update(_runs(words, length))
    found = []
    for number, each in enumerate(texts):
        words = _words(each)
        if tuple(words) in whole or any(not runs.isdisjoint(_runs(words, length)) for length, runs in asked.items()):
            found.append(number)
    return {"seconds": round(time.perf_counter() - started, 1), "overlaps": found}


def _words(each: str) -> list[str]:
    return re.findall(r"[^\W_]+", each.casefold())


def _runs(words: list[str], length: int) -> list[tuple[str, ...]]:
    return [tuple(words[place : place + length]) for place in range(len(words) - length + 1)]


def _child(which: str, file: str) -> None:
    read = json.loads(Path(file).read_text(encoding="utf-8"))
    answer = {"ours": _ours, "peer": _peer}[which](read["texts"], read["benchmarks"])
    print(json.dumps({**answer, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    _child(*sys.argv[1:])
